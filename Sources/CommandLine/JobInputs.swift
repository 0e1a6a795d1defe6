import ArchiveModel
import Foundation
import ObjectStore
import Operations
import Postgres
import Settings

/// Turns checked settings into what jobs are given.
enum JobInputs {
  /// The store that the settings name. Throws `StorageLocationError` or `S3ConfigurationError`.
  static func store(_ settings: StorageSettings, runID: UUIDv7) throws -> any ObjectStore {
    switch try StorageLocation(settings.url) {
    case .directory(let path):
      return DirectoryStore(root: path)
    case .s3(let bucket, let prefix):
      let environment = ProcessInfo.processInfo.environment
      let credentials: any CredentialProvider =
        if let key = settings.accessKeyID, let secret = settings.secretAccessKey ?? settings.secretAccessKeyInFile {
          StaticCredentialProvider(Credentials(accessKeyID: key, secretAccessKey: secret.reveal()))
        } else {
          DefaultCredentialProvider(
            profile: settings.profile, region: settings.region, environment: environment,
            allowsPlainHTTP: settings.allowsPlainHTTP)
        }
      let profileRegion = DefaultCredentialProvider.region(ofProfile: settings.profile, environment: environment)
      let region =
        [settings.region, environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"], profileRegion].lazy.compactMap {
          $0
        }
        .first { !$0.isEmpty } ?? "us-east-1"
      var configuration = S3Configuration(
        bucket: bucket, prefix: prefix, region: region, endpoint: settings.endpoint, credentials: credentials)
      configuration.addressing =
        switch settings.addressing {
        case .auto: .auto
        case .path: .path
        case .virtual: .virtual
        }
      configuration.storageClass = settings.storageClass == "STANDARD" ? nil : settings.storageClass
      configuration.serverSideEncryption =
        switch settings.serverSideEncryption {
        case .none: .none
        case .aes256: .aes256
        case .kms(let key): .kms(keyID: key)
        }
      configuration.objectLock = settings.objectLock.map(objectLock)
      configuration.maximumAttempts = settings.maximumAttempts
      configuration.userAgent = "archiver/\(Tool.version) run/\(runID)"
      configuration.allowsPlainHTTP = settings.allowsPlainHTTP
      return try S3Store(configuration: configuration)
    }
  }

  private static func objectLock(_ settings: ObjectLockSettings) -> S3Configuration.ObjectLock {
    var lock = S3Configuration.ObjectLock(retention: nil, isOnLegalHold: settings.legalHold)
    if let mode = settings.mode, let days = settings.days {
      lock.retention = .init(mode: mode == .compliance ? .compliance : .governance, days: days)
    }
    return lock
  }

  /// The database and those of its tables that pass `selection`.
  static func database(_ settings: DatabaseSettings, selection: Selection, runID: UUIDv7) -> DatabaseSource {
    var keywords: [String: String] = [:]
    keywords["host"] = settings.host
    keywords["port"] = settings.port.map(String.init)
    keywords["user"] = settings.user
    keywords["dbname"] = settings.dbname
    keywords["sslmode"] = settings.sslmode?.rawValue
    var parameters = ConnectionParameters(url: settings.url, keywords: keywords)
    if let password = settings.password ?? settings.passwordInFile { parameters.password = password.reveal() }
    parameters.applicationName = "archiver \(runID)"
    let ledger: String? =
      switch settings.ledger {
      case .schema(let name): name
      case .none: nil
      }
    return DatabaseSource(
      name: settings.name, parameters: parameters, poolSize: settings.poolSize, ledgerSchema: ledger,
      tables: settings.tables.map { table($0, of: settings.name) }.filter { selection.includes($0.name) })
  }

  private static func table(_ settings: TableSettings, of database: String) -> TableSource {
    var limits = ImpactLimits()
    limits.pace = settings.pace
    limits.maximumRowsPerSecond = settings.maximumRowsPerSecond
    limits.maximumReplicaLag = settings.maximumReplicaLag
    limits.window = settings.window
    limits.pauseFile = settings.pauseFile
    return TableSource(
      name: TableName(database: database, schema: settings.schema, table: settings.name),
      timestampColumn: settings.timestampColumn, timeZone: settings.timeZone, primaryKey: settings.primaryKey,
      predicate: settings.predicate, retentionDays: settings.retentionDays, batchSize: settings.batchSize,
      compressionLevel: settings.compressionLevel, partition: settings.partition,
      transactionTimeout: settings.transactionTimeout, workers: settings.workers, limits: limits,
      acceptedHazards: Set(settings.hazards))
  }
}
