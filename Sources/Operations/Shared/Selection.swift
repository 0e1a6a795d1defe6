package import ArchiveModel

/// Which batches, and which of their rows, a job is about.
package struct Selection: Sendable {
  /// A table filter: the schema may be left open.
  package struct Table: Sendable, Hashable {
    package var schema: String?
    package var table: String
    /// Whether the dot between schema and table is known to be none of a name's own.
    package var isExact: Bool

    package init(schema: String?, table: String, isExact: Bool = true) {
      (self.schema, self.table, self.isExact) = (schema, table, isExact)
    }

    /// All that the filter can mean: without quotes, any dot may stand between schema and table, or none, for a table of
    /// the schema public.
    var readings: [Table] {
      guard !isExact, let schema else { return [self] }
      let whole = "\(schema).\(table)"
      let parts = whole.split(separator: ".", omittingEmptySubsequences: false)
      return (1..<parts.count).map {
        Table(schema: parts[..<$0].joined(separator: "."), table: parts[$0...].joined(separator: "."))
      } + [Table(schema: "public", table: whole)]
    }

    /// Whether a table of that schema and name passes.
    func includes(schema: String, table: String) -> Bool {
      readings.contains { $0.table == table && ($0.schema == nil || $0.schema == schema) }
    }
  }

  /// Names as in the archive's paths; empty for all.
  package var databases: Set<String> = []
  /// Empty for all.
  package var tables: Set<Table> = []
  /// First row time wanted; nil for no bound.
  package var from: Timestamp?
  /// First row time not wanted any more; nil for no bound.
  package var to: Timestamp?
  /// Empty for all.
  package var batches: Set<UUIDv7> = []
  package var run: UUIDv7?
  /// Primary keys wanted, each in PostgreSQL's text form, in the key's order; empty for all.
  package var keys: Set<[String]> = []

  package init() {}

  /// Whether the filters by name let the table through.
  package func includes(_ name: TableName) -> Bool {
    guard databases.isEmpty || databases.contains(name.database) else { return false }
    return tables.isEmpty
      || tables.contains { $0.includes(schema: name.schema, table: name.table) }
  }

  /// The filters by name that let none of `names` through, as options are written, in the order of their names.
  package func filtersMatchingNone(of names: [TableName]) -> [String] {
    let unknown = databases.filter { database in !names.contains { $0.database == database } }
    let unmatched = tables.filter { table in
      var one = self
      one.tables = [table]
      return !names.contains(where: one.includes)
    }
    return unknown.map { "--database \($0)" }.sorted()
      + unmatched.map { "--table \($0.schema.map { $0 + "." } ?? "")\($0.table)" }.sorted()
  }

  /// The filters as options are written; empty when everything is selected.
  package var options: [String] {
    var options = databases.sorted().map { "--database \($0)" }
    options += tables.map { "--table \($0.schema.map { $0 + "." } ?? "")\($0.table)" }.sorted()
    options += [from.map { "--from \($0)" }, to.map { "--to \($0)" }, run.map { "--run \($0)" }].compactMap { $0 }
    return options + batches.sorted().map { "--batch \($0)" }
  }

  /// Whether the batch can hold rows of the selection.
  package func includes(_ manifest: Manifest) -> Bool {
    includes(manifest.source.name)
      && (batches.isEmpty || batches.contains(manifest.batchID))
      && (run == nil || run == manifest.runID)
      && (from.map { manifest.range.last.time >= $0 } ?? true)
      && (to.map { manifest.range.first.time < $0 } ?? true)
      && (keys.isEmpty || keys.contains(where: manifest.mayHold))
  }

  /// Whether a row of that time is wanted.
  package func includes(_ time: Timestamp) -> Bool {
    (from.map { time >= $0 } ?? true) && (to.map { time < $0 } ?? true)
  }

  /// Whether every row of a batch that passes is wanted.
  package var takesWholeBatches: Bool { from == nil && to == nil && keys.isEmpty }

  /// The longest key prefixes that hold everything the filters by name let through.
  package var prefixes: [String] {
    if databases.isEmpty { return ["db="] }
    return databases.sorted().flatMap { database -> [String] in
      let whole = "db=\(ArchiveLayout.encoded(database))/"
      if tables.isEmpty || tables.contains(where: { $0.schema == nil }) { return [whole] }
      return tables.flatMap(\.readings).map {
        ArchiveLayout.tablePrefix(TableName(database: database, schema: $0.schema ?? "", table: $0.table))
      }.sorted()
    }
  }
}
