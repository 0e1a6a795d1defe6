extension StorageSettings: SettingsSection {
  static let title = "storage"

  static let fields: [Field<StorageSettings>] = [
    Field(
      "url", \.url, .address(pattern: "^s3://|^file:///", isRequired: true, parse: StorageAddress.checkStorage),
      need: .here, "where the archive is kept: s3://bucket/prefix or file:///absolute/directory"),
    Field("region", \.region, .text, "region of the bucket; empty: from the environment or the profile"),
    Field(
      "endpoint", \.endpoint, .address(pattern: "^https?://", parse: StorageAddress.checkEndpoint),
      "URL of an S3-compatible store; empty: AWS"),
    Field("allow_http", \.allowsPlainHTTP, .flag, "let plain http leave this machine"),
    Field("addressing", \.addressing, .choice, "how the bucket stands in a request"),
    Field(
      "access_key_id", \.accessKeyID, .text, "access key; empty: the AWS chain of credentials"),
    Field("secret_access_key", \.secretAccessKey, .secret, "secret of the access key"),
    Field("secret_access_key_file", \.secretAccessKeyFile, .text, "file that holds the secret of the access key"),
    Field("profile", \.profile, .text, "profile of the AWS configuration files"),
    Field("storage_class", \.storageClass, .text, "storage class of the objects; one that can be read at once"),
    Field("server_side_encryption", \.encryption, .choice, "encryption by the store; none: as the bucket is set"),
    Field("kms_key_id", \.kmsKeyID, .text, "key for aws:kms; empty: the bucket's own"),
    Field("object_lock", \.objectLock, .section, "S3 Object Lock of what is archived; left out: nothing is locked"),
    Field("max_attempts", \.maximumAttempts, .wholeNumber(1...20), "attempts per request, the first included"),
  ]

  mutating func settle(_ place: SectionPlace, _ reading: inout Reading) {
    if let file = secretAccessKeyFile,
      let secret = SecretFile.read(file, insteadOf: "secret_access_key", at: "secret_access_key_file", place, &reading)
    {
      secretAccessKeyInFile = secret
    }
    let given = Set(place.given.keys).union(secretAccessKeyFile == nil ? [] : ["secret_access_key"])
    for (key, other) in [("access_key_id", "secret_access_key"), ("secret_access_key", "access_key_id")]
    where given.contains(key) && !given.contains(other) {
      reading.report(
        "is given without \(other)", at: place.key(key), line: place.line(of: key),
        hint: "give both, or neither to use the AWS chain of credentials")
    }
    if kmsKeyID != nil, encryption != .kms {
      reading.report(
        "is only for server_side_encryption: \(Encryption.kms.rawValue)", at: place.key("kms_key_id"),
        line: place.line(of: "kms_key_id"))
    }
    if objectLock != nil, !url.lowercased().hasPrefix("s3://") {
      reading.report(
        "is only for an s3:// storage", at: place.key("object_lock"), line: place.line(of: "object_lock"))
    }
    checkStorageClass(place, &reading)
  }

  private func checkStorageClass(_ place: SectionPlace, _ reading: inout Reading) {
    let key = "storage_class"
    if StorageSettings.coldClasses.contains(storageClass) {
      reading.report(
        "must be a class that can be read at once (found \(storageClass))", at: place.key(key),
        line: place.line(of: key),
        hint: "every object is read back before rows are deleted; let a lifecycle rule of the bucket move it later")
    } else if endpoint == nil, !StorageSettings.awsClasses.contains(storageClass) {
      reading.report(
        "must be one of \(StorageSettings.awsClasses.joined(separator: ", "))", at: place.key(key),
        line: place.line(of: key),
        hint: NearMiss.suggestion(for: storageClass, among: StorageSettings.awsClasses).map { "did you mean \($0)?" })
    }
  }

  /// The S3 API's storage classes that a bucket in a region can be asked for; another store may have its own.
  static let awsClasses = [
    "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY",
    "EXPRESS_ONEZONE",
  ]
  /// Classes whose objects must be restored before they can be read.
  static let coldClasses = ["GLACIER", "DEEP_ARCHIVE"]
}
