/// One database to archive from. What is not given here is libpq's to find: `PG…` variables, `~/.pgpass`, services.
package struct DatabaseSettings: Sendable, Equatable {
  /// Name in the archive's paths; unique within a configuration.
  package internal(set) var name = ""
  /// A `postgresql://` URL without a password: one in the file is moved to `password`. Excludes the five below.
  package internal(set) var url: String?
  package internal(set) var host: String?
  /// 1…65535.
  package internal(set) var port: Int?
  package internal(set) var user: String?
  package internal(set) var dbname: String?
  /// As libpq takes it; nil: libpq's default.
  package internal(set) var sslmode: SSLMode?
  /// Nil: libpq looks elsewhere.
  package internal(set) var password: Secret?
  /// A file with the password, instead of `password`.
  package internal(set) var passwordFile: String?
  /// What `passwordFile` holds.
  package internal(set) var passwordInFile: Secret?
  /// Connections at most, 1…1000; no table has more workers than that.
  package internal(set) var poolSize = 5
  /// Where the ledger of committed batches is kept.
  package internal(set) var ledger = LedgerSetting.schema("archiver")
  /// At least one; no two with the same schema and name.
  package internal(set) var tables: [TableSettings] = []

  init() {}

  /// libpq's `sslmode`.
  package enum SSLMode: String, Sendable, CaseIterable {
    case disable, allow, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
  }
}

/// Where the ledger table stands, if anywhere.
package enum LedgerSetting: Sendable, Equatable {
  case schema(String)
  /// Do without: the primary keys decide what a crash left in doubt.
  case none
}
