/// Which server, and which history of it, a document of the archive speaks of.
///
/// A copy of a database differs from the original in at least one of these, and so does a server that was started again.
package struct ServerIdentity: Codable, Sendable, Equatable {
  /// The cluster's, as in `pg_control_system()`; nil when the role may not read it.
  package var systemIdentifier: String?
  /// As in `pg_database`.
  package var databaseOID: UInt32
  /// The history that the server writes, from 1; nil when the role may not ask for it. A promoted standby begins a new one.
  package var timeline: UInt32?
  /// When the server was started. Copies of a running server's files have all but this in common with it.
  package var startedAt: Timestamp

  package init(systemIdentifier: String?, databaseOID: UInt32, timeline: UInt32?, startedAt: Timestamp) {
    (self.systemIdentifier, self.databaseOID) = (systemIdentifier, databaseOID)
    (self.timeline, self.startedAt) = (timeline, startedAt)
  }

  /// How near another server's identity is.
  package enum Match: Sendable, CaseIterable {
    /// The same server, without a restart between: what it says of its own transactions holds for both.
    case sameServer
    /// The same cluster, database and history, started again: the server itself, or a copy of its files.
    case restarted
    /// Another one, or nobody can tell.
    case other
  }

  package func match(_ other: ServerIdentity) -> Match {
    guard let systemIdentifier, let timeline, systemIdentifier == other.systemIdentifier, timeline == other.timeline,
      databaseOID == other.databaseOID
    else { return .other }
    return startedAt == other.startedAt ? .sameServer : .restarted
  }

  enum CodingKeys: String, CodingKey {
    case timeline
    case systemIdentifier = "system_identifier"
    case databaseOID = "database_oid"
    case startedAt = "started_at"
  }
}

extension Manifest {
  /// The transaction that deletes a batch's rows: whom to ask about it after a crash.
  package struct Transaction: Codable, Sendable, Equatable {
    /// As `pg_current_xact_id()` gives it, in decimal.
    package var id: String
    /// Schema of the ledger that it writes to; nil when it does without.
    package var ledger: String?
    package var server: ServerIdentity

    package init(id: String, ledger: String?, server: ServerIdentity) {
      (self.id, self.ledger, self.server) = (id, ledger, server)
    }
  }
}
