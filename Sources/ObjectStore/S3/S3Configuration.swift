import Foundation

/// Everything an `S3Store` needs to know.
package struct S3Configuration: Sendable {
  /// Where the bucket's name goes in a URL.
  package enum Addressing: String, Sendable, CaseIterable {
    /// `virtual` on AWS when the bucket's name allows it, else `path`.
    case auto
    /// `https://host/bucket/key`
    case path
    /// `https://bucket.host/key`
    case virtual
  }

  /// How the store is to encrypt objects at rest.
  package enum ServerSideEncryption: Sendable, Equatable {
    /// Whatever the bucket does by itself.
    case none
    case aes256
    /// Nil takes the account's own key.
    case kms(keyID: String?)
  }

  /// How the bucket is to keep objects from being altered or removed.
  package struct ObjectLock: Sendable, Equatable {
    package enum Mode: String, Sendable {
      case governance = "GOVERNANCE"
      case compliance = "COMPLIANCE"
    }

    /// Days are counted from the writing, at least 1.
    package struct Retention: Sendable, Equatable {
      package var mode: Mode
      package var days: Int

      package init(mode: Mode, days: Int) {
        (self.mode, self.days) = (mode, days)
      }
    }

    /// Nil to set none.
    package var retention: Retention?
    package var isOnLegalHold: Bool

    package init(retention: Retention?, isOnLegalHold: Bool) {
      (self.retention, self.isOnLegalHold) = (retention, isOnLegalHold)
    }

    /// The request headers that lock an object written at `now`.
    func headers(at now: Date) -> [(name: String, value: String)] {
      var headers: [(name: String, value: String)] = []
      if let retention {
        let end = now.addingTimeInterval(Double(retention.days) * 86_400)
        headers.append((name: "x-amz-object-lock-mode", value: retention.mode.rawValue))
        headers.append(("x-amz-object-lock-retain-until-date", end.formatted(.iso8601)))
      }
      if isOnLegalHold { headers.append((name: "x-amz-object-lock-legal-hold", value: "ON")) }
      return headers
    }
  }

  package var bucket: String
  /// Put before every key, with a slash between; empty for the bucket's root.
  package var prefix: String
  package var region: String
  /// An `http` or `https` URL; nil for AWS.
  package var endpoint: String?
  package var addressing = Addressing.auto
  package var credentials: any CredentialProvider
  /// Such as `STANDARD_IA`; nil for the bucket's default.
  package var storageClass: String?
  package var serverSideEncryption = ServerSideEncryption.none
  /// Of objects that are to be kept; nil to lock none.
  package var objectLock: ObjectLock?
  /// The first attempt counts.
  package var maximumAttempts = 3
  /// Names the tool and the run to the store's operator.
  package var userAgent = "archiver"
  /// Plain `http` is for loopback addresses only, unless this is set.
  package var allowsPlainHTTP = false
  package var connectTimeout = Duration.seconds(10)
  /// A transfer in which no byte moves for so long is given up; whole seconds.
  package var stallTimeout = Duration.seconds(30)
  /// Objects a page of a listing, 1 … 1000 (S3's bound).
  package var listPageSize = 1000
  /// Connections, and threads, at once.
  package var maximumConnections = 32
  /// Trusted certificates in PEM form; the default is what `AWS_CA_BUNDLE` or `SSL_CERT_FILE` name, else the system's.
  package var certificateFile = S3Configuration.certificateFile(in: ProcessInfo.processInfo.environment)

  package init(
    bucket: String, prefix: String = "", region: String, endpoint: String? = nil,
    credentials: any CredentialProvider
  ) {
    self.bucket = bucket
    self.prefix = prefix
    self.region = region
    self.endpoint = endpoint
    self.credentials = credentials
  }

  static func certificateFile(in environment: [String: String]) -> String? {
    [environment["AWS_CA_BUNDLE"], environment["SSL_CERT_FILE"]].lazy.compactMap { $0 }.first { !$0.isEmpty }
  }
}

/// Why a store cannot be set up as configured.
package struct S3ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String
}
