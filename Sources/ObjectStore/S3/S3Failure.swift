import Foundation

/// One failed attempt: what to tell the caller, and whether trying again can help.
struct S3Failure: Error {
  var code: ObjectStoreError.Code
  var message: String
  var httpStatus: Int?
  var serviceCode: String?
  var requestID: String?
  /// Nil when the next attempt would fail alike.
  var retry: RetryPolicy.Failure?
  var retryAfter: Duration?
  /// The store's clock, where it was told.
  var serverDate: Date?
  var cause: (any Error)?

  /// The store answered with an error, or with a redirection, which is never followed.
  init(_ response: HTTPResponse, body: [UInt8]) {
    let document = S3ErrorDocument(body)
    httpStatus = response.status
    serviceCode = document?.code
    requestID = response.headers["x-amz-request-id"] ?? document?.requestID
    retryAfter = Self.retryAfter(response.headers)
    serverDate = response.headers["date"].flatMap(HTTPDate.parse)
    retry = Self.retry(status: response.status, serviceCode: document?.code)
    code = Self.code(status: response.status, serviceCode: document?.code)
    // Malformed for either of two reasons; only the one comes with the right region.
    if document?.code == "AuthorizationHeaderMalformed", document?.region == nil { code = .signatureMismatch }
    message = Self.message(for: code, status: response.status)
    if document?.code == "InvalidObjectState" {
      message = "the object lies in a storage class that has to bring it back before it can be read"
    }
    if code == .wrongRegion, let region = response.headers["x-amz-bucket-region"] ?? document?.region {
      message += ": the bucket is in \(region)"
    }
  }

  /// There was no answer, or not all of one.
  init(_ failure: HTTPFailure, refusal: BodyReceiver.Refusal?) {
    cause = failure
    switch failure.kind {
    case .unreachable:
      (code, message, retry) = (.unreachable, "the storage cannot be reached: \(failure.message)", .transient)
    case .timedOut:
      (code, message, retry) = (.timedOut, "the storage did not answer in time: \(failure.message)", .timeout)
    case .corruptResponse:
      (code, message, retry) = (.corruptResponse, "the storage's answer is broken: \(failure.message)", .transient)
    case .certificateRefused:
      (code, message) = (.unreachable, "the storage's certificate is not trusted: \(failure.message)")
    case .cancelled:
      (code, message, cause) = (.cancelled, "the request was cancelled", nil)
    case .refused:
      switch refusal {
      case .tooLarge, nil: (code, message, cause) = (.tooLarge, "the object is larger than expected", nil)
      case .sinkFailed(let error): (code, message, cause) = (.sinkFailed, "the object could not be processed", error)
      case .changed: (code, message) = (.corruptResponse, "the object changed while it was read")
      }
    case .other:
      (code, message) = (.other, "the request could not be sent: \(failure.message)")
    }
  }

  /// The store kept other bytes than were sent.
  init(checksumMismatchOf response: HTTPResponse) {
    code = .checksumMismatch
    message = Self.message(for: .checksumMismatch, status: response.status)
    httpStatus = response.status
    requestID = response.headers["x-amz-request-id"]
    retry = .transient
  }

  /// Whether the store refused the request because the session token has run out. An answer to HEAD has no body that
  /// could say so.
  func meansExpired(_ credentials: Credentials, _ method: HTTPRequest.Method) -> Bool {
    switch serviceCode {
    case "ExpiredToken", "TokenRefreshRequired", "RequestExpired": true
    case nil: method == .head && httpStatus == 400 && credentials.sessionToken != nil
    default: false
    }
  }

  func error(key: String?, attempts: Int) -> ObjectStoreError {
    ObjectStoreError(
      code, message, key: key, httpStatus: httpStatus, serviceCode: serviceCode, requestID: requestID,
      attempts: attempts, cause: cause)
  }
}

extension S3Failure {
  /// Names and statuses as in botocore's standard mode, and two of S3 that AWS documents as worth another attempt.
  private static func retry(status: Int, serviceCode: String?) -> RetryPolicy.Failure? {
    switch serviceCode {
    case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
      "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
      "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
      "PriorRequestNotComplete", "EC2ThrottledException":
      return .throttled
    case "RequestTimeout", "RequestTimeoutException", "InternalError", "ServiceUnavailable", "OperationAborted",
      "ConditionalRequestConflict":
      return .transient
    default: break
    }
    switch status {
    case 429: return .throttled
    case 500, 502, 503, 504: return .transient
    default: return nil
    }
  }

  private static func code(status: Int, serviceCode: String?) -> ObjectStoreError.Code {
    if let known = serviceCode.flatMap(code(of:)) { return known }
    // Answers to HEAD have no body, and gateways have bodies of their own.
    switch status {
    case 301, 302, 307, 308: return .wrongRegion
    case 401, 403: return .accessDenied
    case 404: return .notFound
    case 408: return .timedOut
    case 412: return .preconditionFailed
    case 413: return .tooLarge
    case 429: return .throttled
    case 507: return .storageFull
    case 500, 502...: return .unreachable
    default: return .other
    }
  }

  private static func code(of serviceCode: String) -> ObjectStoreError.Code? {
    switch serviceCode {
    case "NoSuchBucket": .bucketMissing
    case "NoSuchKey": .notFound
    case "AccessDenied", "AllAccessDisabled", "AccountProblem": .accessDenied
    case "InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "TokenRefreshRequired": .invalidCredentials
    case "SignatureDoesNotMatch", "RequestTimeTooSkewed": .signatureMismatch
    case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "InvalidRegion",
      "IllegalLocationConstraintException":
      .wrongRegion
    case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch": .checksumMismatch
    case "RequestTimeout", "RequestTimeoutException": .timedOut
    case "EntityTooLarge": .tooLarge
    // Of one object, although the status is that of a denied access.
    case "InvalidObjectState": .other
    case "PreconditionFailed", "ConditionalRequestConflict": .preconditionFailed
    case "SlowDown", "RequestLimitExceeded", "BandwidthLimitExceeded", "TooManyRequestsException", "Throttling",
      "ThrottlingException", "RequestThrottled":
      .throttled
    case "InternalError", "ServiceUnavailable": .unreachable
    case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage": .storageFull
    default: nil
    }
  }

  private static func message(for code: ObjectStoreError.Code, status: Int) -> String {
    switch code {
    case .notFound: "there is no such object"
    case .accessDenied: "the storage denies access"
    case .bucketMissing: "the bucket does not exist"
    case .wrongRegion: "the bucket is in another region"
    case .invalidCredentials: "the storage does not accept the access key"
    case .signatureMismatch: "the storage does not accept the signature"
    case .tooLarge: "the object is too large for the storage"
    case .preconditionFailed: "the object exists already"
    case .throttled: "the storage asks for fewer requests"
    case .checksumMismatch: "the storage got other bytes than were sent"
    case .storageFull: "the storage is full"
    case .timedOut: "the storage did not get the request in time"
    case .unreachable: "the storage has a fault"
    case .lockRefused: "the bucket does not take Object Lock as configured"
    case .corruptResponse, .cancelled, .deadlinePassed, .sinkFailed, .other:
      "the storage answered with status \(status)"
    }
  }

  private static func retryAfter(_ headers: [String: String]) -> Duration? {
    if let value = headers["x-amz-retry-after"].flatMap({ Int($0) }), value >= 0 { return .milliseconds(value) }
    if let value = headers["retry-after"].flatMap({ Int($0) }), value >= 0 { return .seconds(value) }
    return nil
  }
}
