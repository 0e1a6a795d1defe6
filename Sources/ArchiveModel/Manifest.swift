/// What one committed batch holds (docs/archive-format.md, "Manifest"): the archive's promise about its rows.
///
/// The same shape, under another format name and without `counts.deleted` and `committed_at`, is the prepared document of a
/// batch about to be committed.
package struct Manifest: Codable, Sendable, Equatable {
  package static let format = "archiver-manifest/1"
  package static let preparedFormat = "archiver-prepared/1"

  package var format: String
  /// Name and version of the writer.
  package var tool: String
  package var batchID: UUIDv7
  package var runID: UUIDv7
  package var source: Source
  /// In the table's order, which is the rows' order too.
  package var columns: [Column]
  package var primaryKey: [String]
  package var timestampColumn: String
  /// How a `timestamp` or `date` column is read as an instant.
  package var timeZone: String
  /// Rows were eligible when their time lay before it.
  package var cutoff: Timestamp
  /// `dt=2025-01-31`, or empty.
  package var partition: String
  package var range: Range
  package var counts: Counts
  package var objects: [Object]
  package var archivedAt: Timestamp
  package var committedAt: Timestamp?
  /// Nil in documents of older versions.
  package var transaction: Transaction?

  /// Where the rows came from.
  package struct Source: Codable, Sendable, Equatable {
    package var database: String
    package var schema: String
    package var table: String
    /// As PostgreSQL's `server_version_num`.
    package var serverVersion: Int
    /// As in `pg_control_system()`, or empty when the role may not read it.
    package var systemIdentifier: String

    package init(database: String, schema: String, table: String, serverVersion: Int, systemIdentifier: String) {
      (self.database, self.schema, self.table) = (database, schema, table)
      (self.serverVersion, self.systemIdentifier) = (serverVersion, systemIdentifier)
    }

    package var name: TableName { TableName(database: database, schema: schema, table: table) }

    enum CodingKeys: String, CodingKey {
      case database, schema, table
      case serverVersion = "server_version"
      case systemIdentifier = "system_identifier"
    }
  }

  /// One column of the table.
  package struct Column: Codable, Sendable, Equatable {
    package var name: String
    /// As PostgreSQL's `format_type()` prints it under `search_path = pg_catalog`.
    package var type: String
    /// What a domain, or an array over one, comes down to; nil when that is `type`.
    package var baseType: String?
    package var nullable: Bool
    /// `always` or `by default`; nil for other columns.
    package var identity: String?
    /// `stored` or `virtual`; nil for other columns. Generated columns are written but not restored.
    package var generated: String?
    /// The `pg_type.typdelim` of the base type, or of its elements where it is an array; nil for what its name lets expect,
    /// which is a comma for nearly all.
    package var delimiter: String?
    /// Qualified and quoted, where it is one that is not deterministic: by it, values of other bytes may be equal. Nil for
    /// all others, and in manifests of older versions.
    package var collation: String?

    package init(
      name: String, type: String, baseType: String?, nullable: Bool, identity: String?, generated: String?,
      delimiter: String? = nil, collation: String? = nil
    ) {
      (self.name, self.type, self.baseType) = (name, type, baseType)
      (self.nullable, self.identity, self.generated) = (nullable, identity, generated)
      (self.delimiter, self.collation) = (delimiter, collation)
    }

    /// The type that decides the column's form in the rows.
    package var formType: String { baseType ?? type }

    enum CodingKeys: String, CodingKey {
      case name, type, nullable, identity, generated, delimiter, collation
      case baseType = "base_type"
    }
  }

  /// The earliest and the latest row of the batch, by their values.
  package struct Range: Codable, Sendable, Equatable {
    package var first: Edge
    package var last: Edge

    /// Nil where the key's order cannot be told without the server, and in manifests of older versions.
    package var keys: KeyBounds?

    package init(first: Edge, last: Edge, keys: KeyBounds? = nil) {
      (self.first, self.last, self.keys) = (first, last, keys)
    }
  }

  /// A row's time, as an instant, and its primary key in PostgreSQL's text form, in the order of `primary_key`.
  package struct Edge: Codable, Sendable, Equatable {
    package var time: Timestamp
    package var key: [String]

    package init(time: Timestamp, key: [String]) {
      (self.time, self.key) = (time, key)
    }
  }

  /// The same number four times, each found in its own way.
  package struct Counts: Codable, Sendable, Equatable {
    /// By the server's own count of the rows it sent.
    package var database: Int
    /// Rows decoded.
    package var fetched: Int
    /// Lines counted in what was read back from storage.
    package var stored: Int
    /// By the server's own count of the rows it deleted; nil in a prepared document.
    package var deleted: Int?

    package init(database: Int, fetched: Int, stored: Int, deleted: Int?) {
      (self.database, self.fetched, self.stored, self.deleted) = (database, fetched, stored, deleted)
    }
  }

  /// One `.jsonl.gz` object.
  package struct Object: Codable, Sendable, Equatable {
    /// Relative to the storage root, so that an archive can be moved whole.
    package var key: String
    package var rows: Int
    /// Size as stored.
    package var bytes: Int
    /// Of the stored bytes, hexadecimal.
    package var sha256: String
    package var contentBytes: Int
    /// Of the uncompressed bytes, hexadecimal.
    package var contentSHA256: String
    package var etag: String?
    /// The version that was read back and checked, in a bucket that keeps versions.
    package var versionID: String?

    package init(
      key: String, rows: Int, bytes: Int, sha256: String, contentBytes: Int, contentSHA256: String, etag: String?,
      versionID: String? = nil
    ) {
      (self.key, self.rows, self.bytes, self.sha256) = (key, rows, bytes, sha256)
      (self.contentBytes, self.contentSHA256) = (contentBytes, contentSHA256)
      (self.etag, self.versionID) = (etag, versionID)
    }

    enum CodingKeys: String, CodingKey {
      case key, rows, bytes, sha256, etag
      case contentBytes = "content_bytes"
      case contentSHA256 = "content_sha256"
      case versionID = "version_id"
    }
  }

  enum CodingKeys: String, CodingKey {
    case format, tool, source, columns, cutoff, partition, range, counts, objects, transaction
    case batchID = "batch_id"
    case runID = "run_id"
    case primaryKey = "primary_key"
    case timestampColumn = "timestamp_column"
    case timeZone = "time_zone"
    case archivedAt = "archived_at"
    case committedAt = "committed_at"
  }
}

extension Manifest {
  package init(
    format: String, tool: String, batchID: UUIDv7, runID: UUIDv7, source: Source, columns: [Column],
    primaryKey: [String], timestampColumn: String, timeZone: String, cutoff: Timestamp, partition: String, range: Range,
    counts: Counts, objects: [Object], archivedAt: Timestamp
  ) {
    (self.format, self.tool, self.batchID, self.runID) = (format, tool, batchID, runID)
    (self.source, self.columns, self.primaryKey) = (source, columns, primaryKey)
    (self.timestampColumn, self.timeZone, self.cutoff) = (timestampColumn, timeZone, cutoff)
    (self.partition, self.range, self.counts, self.objects) = (partition, range, counts, objects)
    (self.archivedAt, self.committedAt) = (archivedAt, nil)
  }

  /// The manifest that this prepared document becomes once its batch is committed.
  ///
  /// A function of the prepared document and `time` alone, so that settling a crash writes the same bytes whose SHA-256 the
  /// ledger holds.
  package func committed(at time: Timestamp) -> Manifest {
    var manifest = self
    manifest.format = Self.format
    manifest.counts.deleted = counts.fetched
    manifest.committedAt = time
    return manifest
  }

  package var rowCount: Int { counts.stored }
  package var byteCount: Int { objects.reduce(0) { $0 + $1.bytes } }
  package var contentByteCount: Int { objects.reduce(0) { $0 + $1.contentBytes } }
  /// The folder that holds the batch's files.
  package var folder: String { ArchiveLayout.folder(source.name, partition: partition) }
}
