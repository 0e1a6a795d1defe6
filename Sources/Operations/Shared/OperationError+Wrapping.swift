import ArchiveModel
import Gzip
import ObjectStore
import Postgres
import RowCodec

extension OperationError {
  /// Gives any module's error its place. An `OperationError` is already wrapped and stays as it is.
  package static func wrapping(_ error: any Error, _ what: String, at place: String? = nil) -> OperationError {
    switch error {
    case let error as OperationError: error
    case let error as PostgresError: wrapping(error, what, at: place)
    case let error as ObjectStoreError: wrapping(error, what, at: place ?? error.key)
    case let error as RowCodecError: OperationError(.data, what, at: place, cause: error.description)
    case let error as GzipError: OperationError(.data, what, at: place, cause: error.cause)
    case let error as ArchiveDocumentError: OperationError(.data, what, at: place, cause: error.cause)
    case is CancellationError: OperationError(.interrupted, what, at: place, cause: "it was cancelled")
    default: OperationError(.defect, what, at: place, cause: "unexpected error of type \(type(of: error))")
    }
  }

  private static func wrapping(_ error: PostgresError, _ what: String, at place: String?) -> OperationError {
    if let inner = error.cause {
      // A sink's own error says more than that the copy was stopped for it.
      return wrapping(inner, what, at: place)
    }
    let (category, hint): (Category, String?) =
      switch error.kind {
      case .authenticationFailed:
        (.permission, "check the user, the password (password:, PGPASSWORD or ~/.pgpass) and the server's pg_hba.conf")
      case .invalidParameters: (.configuration, "check the database's url and connection keys")
      case .unsupportedServer: (.configuration, "upgrade the server, or name another one in url or host")
      case .connectionFailed where error.sqlState == "3D000":
        (.configuration, "check the database's name in url or dbname")
      case .connectionFailed, .connectionLost:
        (.unavailable, "check that the server runs and can be reached from here")
      case .transactionTimedOut:
        (.tryAgain, "raise transaction_timeout, or lower batch_size")
      case .cancelled: (.interrupted, nil)
      case .server: category(ofSQLState: error.sqlState ?? "")
      case .commitUncertain:
        (
          .failed,
          "run `archiver recover` (the next `archive` does so too): it finds out whether the batch was committed"
        )
      case .commitRolledBack, .sink, .source: (.failed, nil)
      case .protocolViolation, .misuse, .savepointTooDeep, .poolClosed: (.defect, nil)
      }
    var wrapped = OperationError(category, what, at: place, cause: error.description, hint: hint)
    // Class 40 is "transaction rollback": deadlocks, serialization failures, rows moved to another partition.
    wrapped.isTransient =
      error.kind == .connectionLost || (error.kind == .server && error.sqlState?.hasPrefix("40") == true)
    wrapped.leavesUnsettled = error.kind == .commitUncertain
    return wrapped
  }

  /// By SQLSTATE class (PostgreSQL documentation, appendix A).
  private static func category(ofSQLState state: String) -> (Category, String?) {
    switch state {
    case "42501": (.permission, "grant the privilege named above to the archiver's role")
    case "42P01", "42703", "3F000": (.configuration, "check the names in the configuration against the database")
    case "42601", "42883", "42804":
      (.configuration, "check `where:`; functions outside pg_catalog need their schema's name")
    case "55P03", "57014", "40001", "40P01", "25P03", "25P04": (.tryAgain, "run it again later")
    case let state where state.hasPrefix("57P") || state.hasPrefix("08") || state.hasPrefix("53"):
      (.unavailable, "see the server's log")
    default: (.failed, nil)
    }
  }

  private static func wrapping(_ error: ObjectStoreError, _ what: String, at place: String?) -> OperationError {
    let category: Category =
      switch error.code {
      case .accessDenied, .invalidCredentials, .signatureMismatch: .permission
      case .bucketMissing, .wrongRegion, .lockRefused: .configuration
      case .throttled, .unreachable, .timedOut, .storageFull: .unavailable
      case .deadlinePassed: .tryAgain
      case .notFound, .tooLarge, .checksumMismatch, .corruptResponse: .data
      case .cancelled: .interrupted
      case .preconditionFailed, .other: .failed
      case .sinkFailed: .failed
      }
    if error.code == .sinkFailed, let cause = error.cause { return wrapping(cause, what, at: place) }
    return OperationError(category, what, at: place, cause: error.description, hint: error.hint)
  }
}

extension PostgresError {
  /// Whether the server found no table, column, function, type or schema of a name (SQLSTATE, PostgreSQL documentation,
  /// appendix A).
  var isUnknownName: Bool {
    kind == .server && ["42P01", "42703", "42883", "42704", "3F000"].contains(sqlState)
  }

  /// What to do when rows are written or deleted and a name is unknown: the tool's own statements name only what the
  /// catalog has shown them.
  static var unknownNameHint: String {
    "a function that a trigger, rule or constraint of the table calls needs the schemas of what it names: "
      + "ALTER FUNCTION … SET search_path = …"
  }
}

extension GzipError {
  /// One plain phrase.
  package var cause: String {
    switch self {
    case .notGzip: "it is no gzip file"
    case .truncated: "it ends too early"
    case .corrupt: "its compressed data is damaged"
    case .trailing(isMember: true): "it holds more than one gzip member"
    case .trailing(isMember: false): "bytes follow its end"
    case .tooLarge: "its content is longer than the manifest says"
    case .outOfMemory: "memory ran out"
    case .sink(let error): "its content could not be taken (\(type(of: error)))"
    }
  }
}

extension ArchiveDocumentError {
  /// One plain phrase.
  package var cause: String {
    switch self {
    case .unreadable(let path) where path.isEmpty: "it is no readable JSON document"
    case .unreadable(let path): "its key \(path) is missing or of the wrong type"
    case .outOfBounds: "it is nested deeper, or holds more values, than any document of an archive"
    case .otherKind(let found, let expected): "it is a document of the format \(found), not \(expected)"
    case .unsupportedFormat(let found, let expected): "its format is \(found), and this tool reads \(expected)"
    }
  }
}
