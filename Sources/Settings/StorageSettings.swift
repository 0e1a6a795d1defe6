/// Where the archive is kept and how to reach it. Only `url` matters for a `file://` storage.
package struct StorageSettings: Sendable, Equatable {
  /// `s3://bucket[/prefix]` or `file:///absolute/directory`; never with credentials in it.
  package internal(set) var url = ""
  /// Nil: from the environment or the profile.
  package internal(set) var region: String?
  /// `http://` or `https://` URL of an S3-compatible store; nil: AWS.
  package internal(set) var endpoint: String?
  /// How the bucket stands in a request.
  package internal(set) var addressing = Addressing.auto
  /// Given exactly when its secret is; nil: the AWS chain of credentials.
  package internal(set) var accessKeyID: String?
  /// This or a file is given exactly when `accessKeyID` is.
  package internal(set) var secretAccessKey: Secret?
  /// A file with the secret, instead of `secretAccessKey`.
  package internal(set) var secretAccessKeyFile: String?
  /// What `secretAccessKeyFile` holds.
  package internal(set) var secretAccessKeyInFile: Secret?
  /// Whether plain HTTP may leave this machine.
  package internal(set) var allowsPlainHTTP = false
  /// A profile of the AWS configuration files; nil: as the AWS chain decides.
  package internal(set) var profile: String?
  /// As `x-amz-storage-class` takes it; always one that can be read at once.
  package internal(set) var storageClass = "STANDARD"
  /// Nil: objects are not locked.
  package internal(set) var objectLock: ObjectLockSettings?
  var encryption = Encryption.none
  var kmsKeyID: String?
  /// Attempts per request, the first included: 1…20.
  package internal(set) var maximumAttempts = 3

  /// The encryption asked of the store for every object.
  package var serverSideEncryption: ServerSideEncryption {
    switch encryption {
    case .none: .none
    case .aes256: .aes256
    case .kms: .kms(keyID: kmsKeyID)
    }
  }

  init() {}

  /// How the bucket stands in a request; `auto` leaves it to the store.
  package enum Addressing: String, Sendable, CaseIterable { case auto, path, virtual }

  /// Encryption by the store; `none` sends no header, which leaves it to the bucket.
  package enum ServerSideEncryption: Sendable, Equatable {
    case none
    case aes256
    /// With the key named, or with the bucket's own when nil.
    case kms(keyID: String?)
  }

  enum Encryption: String, CaseIterable {
    case none
    case aes256 = "AES256"
    case kms = "aws:kms"
  }
}

extension StorageSettings {
  /// The storage that `--storage URL` names, with no configuration file; credentials come from the AWS chain.
  ///
  /// - Throws: `SettingsError` with `command line` for the file and the options for the keys.
  package static func commandLine(
    url: String, region: String? = nil, endpoint: String? = nil, addressing: Addressing = .auto,
    allowsPlainHTTP: Bool = false
  ) throws(SettingsError) -> StorageSettings {
    let values = [("url", url), ("region", region ?? ""), ("endpoint", endpoint ?? "")]
    let entries = values.map { name, text in
      SettingsEntry(
        name: name, line: nil, value: SettingsNode(line: nil, content: .scalar(SettingsScalar(text: text))))
    }
    var reading = Reading(file: "command line")
    var storage = read(SettingsNode(line: nil, content: .mapping(entries)), at: "", &reading)
    storage.addressing = addressing
    storage.allowsPlainHTTP = allowsPlainHTTP
    do {
      try reading.finish()
    } catch {
      throw SettingsError(
        problems: error.problems.map { problem in
          SettingsProblem(
            file: problem.file, line: nil, key: problem.key == "url" ? "--storage" : "--\(problem.key)",
            message: problem.message, hint: problem.hint)
        })
    }
    return storage
  }
}
