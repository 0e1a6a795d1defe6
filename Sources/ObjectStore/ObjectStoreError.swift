/// Why a store did not do what it was asked to.
package struct ObjectStoreError: Error, Sendable {
  /// What callers decide by.
  package enum Code: String, Sendable, CaseIterable {
    case notFound
    case accessDenied
    /// The bucket or the root directory does not exist.
    case bucketMissing
    case wrongRegion
    /// The store does not know the access key, or a session token is wrong or has expired; or there is no key at all.
    case invalidCredentials
    /// The secret key is wrong, the clock is, or something between changed the request.
    case signatureMismatch
    case tooLarge
    case preconditionFailed
    /// The bucket does not lock objects as it is asked to.
    case lockRefused
    case throttled
    /// No connection, or the store answered with a server error (5xx) to the last.
    case unreachable
    case timedOut
    /// The caller's `TransferDeadline` has passed.
    case deadlinePassed
    /// The store got other bytes than were sent.
    case checksumMismatch
    /// The answer was cut short or makes no sense.
    case corruptResponse
    case cancelled
    case sinkFailed
    case storageFull
    case other
  }

  package let code: Code
  /// Relative to the storage root; nil when the request is about no single object.
  package let key: String?
  package let httpStatus: Int?
  /// S3's own name for the error, such as `NoSuchBucket`.
  package let serviceCode: String?
  /// What the store's operator asks for.
  package let requestID: String?
  /// One plain sentence without secrets.
  package let message: String
  /// How often the request was sent.
  package let attempts: Int
  package let cause: (any Error)?

  package init(
    _ code: Code, _ message: String, key: String? = nil, httpStatus: Int? = nil, serviceCode: String? = nil,
    requestID: String? = nil, attempts: Int = 1, cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.key = key
    self.httpStatus = httpStatus
    self.serviceCode = serviceCode
    self.requestID = requestID
    self.attempts = attempts
    self.cause = cause
  }

  /// The same error, told otherwise.
  func with(code: Code? = nil, message: String) -> ObjectStoreError {
    ObjectStoreError(
      code ?? self.code, message, key: key, httpStatus: httpStatus, serviceCode: serviceCode, requestID: requestID,
      attempts: attempts, cause: cause)
  }
}

extension ObjectStoreError: CustomStringConvertible {
  /// The message with what the store said in brackets.
  package var description: String {
    var details: [String] = []
    if let httpStatus { details.append("HTTP \(httpStatus)") }
    if let serviceCode { details.append(serviceCode) }
    if let requestID { details.append("request \(requestID)") }
    if attempts > 1 { details.append("\(attempts) attempts") }
    return details.isEmpty ? message : "\(message) [\(details.joined(separator: ", "))]"
  }
}

extension ObjectStoreError {
  /// What to do about it, where that can be said.
  package var hint: String? {
    switch (code, serviceCode) {
    case (.signatureMismatch, "RequestTimeTooSkewed"):
      "set this machine's clock (the store's differs by over 15 minutes)"
    case (.invalidCredentials, "ExpiredToken"): "get fresh credentials; the session token has expired"
    case (.bucketMissing, _): "create the bucket or directory, or correct storage.url"
    case (.lockRefused, _): "use a bucket made with Object Lock, or remove storage.object_lock"
    case (.accessDenied, _):
      "grant s3:PutObject, s3:GetObject, s3:ListBucket and s3:DeleteObject, or the directory's rights"
    case (.wrongRegion, _): "set storage.region to the bucket's region"
    case (.invalidCredentials, nil) where attempts == 0:
      "give storage.access_key_id and storage.secret_access_key, or set up one of the places that the AWS tools look in"
    case (.invalidCredentials, _): "check the access key id and, if there is one, the session token"
    case (.signatureMismatch, _): "check the secret access key"
    case (.unreachable, _), (.timedOut, _): "check storage.endpoint, the network, and any proxy or firewall between"
    case (.deadlinePassed, _): "raise transaction_timeout, or lower batch_size"
    case (.throttled, _): "use fewer workers, or try again later"
    case (.storageFull, _): "free space at the storage"
    default: nil
    }
  }
}
