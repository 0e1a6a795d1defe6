import ArchiveModel
import ObjectStore
import Postgres
import RowCodec

/// Puts one batch into the target, within one transaction and through a staging table, and counts what went in.
struct BatchLoader {
  let plan: RestorePlan
  let store: any ObjectStore
  let onConflict: RestoreRequest.ConflictPolicy

  /// What became of a batch's rows.
  struct Outcome {
    var inserted = 0
    var skipped = 0
    var overwritten = 0
    var bytes = 0
    var warnings: [String] = []
  }

  private static let staging = "pg_temp.archiver_staging"

  /// Loads the batch but for the rows of `outdated` numbers; `expected` rows must go in or be there.
  func load(_ manifest: Manifest, outdated: Set<Int>, expected: Int, in transaction: Transaction) async throws
    -> Outcome
  {
    let columns = plan.columns(of: manifest)
    try await stage(manifest, columns, outdated: outdated, expected: expected, in: transaction)
    var outcome = Outcome(bytes: manifest.byteCount)
    let present = onConflict == .fail ? 0 : try await presentCount(in: transaction)
    let written = try await transaction.execute(insertion(columns.inserted)).affectedRowCount
    switch onConflict {
    case .fail: outcome.inserted = written
    case .skip: (outcome.inserted, outcome.skipped) = (written, present)
    case .overwrite:
      // Where there is nothing to take over, the rows there count as overwritten without being touched.
      let touched = changed(columns.inserted).isEmpty ? 0 : present
      (outcome.inserted, outcome.overwritten) = (written - touched, present)
    }
    guard outcome.inserted >= 0, outcome.inserted + outcome.skipped + outcome.overwritten == expected else {
      throw OperationError(
        .failed, "cannot restore the batch", at: "batch \(manifest.batchID) into \(plan.target.quotedName)",
        cause:
          "of \(expected) rows, \(written) were written and \(onConflict == .skip ? present : 0) were there before",
        hint: "a trigger or rule of the table, or another session, interfered; nothing of the batch was kept")
    }
    try await WrittenRows(plan: plan, staging: Self.staging, onConflict: onConflict).check(
      columns.inserted, of: manifest, in: transaction)
    if onConflict == .overwrite { try await checkFixedColumns(columns.inserted, manifest, in: transaction) }
    outcome.warnings = try await SequenceMover(plan: plan).move(
      past: columns.inserted, staging: Self.staging, in: transaction)
    return outcome
  }

  /// Makes the staging table and copies the rows into it.
  private func stage(
    _ manifest: Manifest, _ columns: RestorePlan.Columns, outdated: Set<Int>, expected: Int, in transaction: Transaction
  ) async throws {
    let names = columns.staged.map { SQLText.identifier($0.column.name) }.joined(separator: ", ")
    try await transaction.execute(
      """
      CREATE TEMPORARY TABLE archiver_staging ON COMMIT DROP AS
      SELECT \(names) FROM \(plan.target.quotedName) WITH NO DATA
      """)
    var rows = try BatchRows(manifest, selection: plan.selection)
    let indices = columns.staged.map(\.index)
    var staged = 0
    for object in manifest.objects {
      let content = try await ObjectContent.read(object, from: store)
      var lines: [UInt8] = []
      lines.reserveCapacity(content.bytes.count)
      try rows.forEach(in: content) { reader, number in
        if !outdated.contains(number) { reader.appendCopyRow(indices, to: &lines) }
      }
      guard !lines.isEmpty else { continue }
      staged += try await transaction.copyIn("COPY \(Self.staging) (\(names)) FROM STDIN", from: CopyLines(lines))
    }
    guard staged == expected else {
      throw OperationError(
        .defect, "cannot restore the batch", at: "batch \(manifest.batchID)",
        cause: "\(staged) rows were staged where \(expected) were selected")
    }
    try await transaction.execute("ANALYZE \(Self.staging)")
  }

  /// How many staged rows have a key that is in the target.
  private func presentCount(in transaction: Transaction) async throws -> Int {
    let result = try await transaction.execute("SELECT count(*) FROM \(Self.staging) s JOIN \(joined)")
    return result.rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
  }

  private var joined: String {
    let matches = plan.keyColumns.map { "s.\(SQLText.identifier($0.name)) = t.\(SQLText.identifier($0.name))" }
    return "\(plan.target.ownRows) t ON \(matches.joined(separator: " AND "))"
  }

  private func insertion(_ columns: [Manifest.Column]) -> String {
    let names = columns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
    let key = plan.keyColumns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
    let conflict =
      switch onConflict {
      case .fail: ""
      case .skip: " ON CONFLICT (\(key)) DO NOTHING"
      case .overwrite:
        " ON CONFLICT (\(key)) DO "
          + (changed(columns).isEmpty ? "NOTHING" : "UPDATE SET \(changed(columns).joined(separator: ", "))")
      }
    return """
      INSERT INTO \(plan.target.quotedName) (\(names)) OVERRIDING SYSTEM VALUE
      SELECT \(names) FROM \(Self.staging)\(conflict)
      """
  }

  /// Assignments of what an overwritten row takes over: all but the key and what an UPDATE cannot set.
  private func changed(_ columns: [Manifest.Column]) -> [String] {
    columns.filter { !plan.keyColumns.contains($0) && $0.identity != "always" }
      .map { "\(SQLText.identifier($0.name)) = EXCLUDED.\(SQLText.identifier($0.name))" }
  }

  /// An UPDATE cannot set a GENERATED ALWAYS column, so overwritten rows must have its value already.
  private func checkFixedColumns(
    _ columns: [Manifest.Column], _ manifest: Manifest, in transaction: Transaction
  ) async throws {
    for column in columns where column.identity == "always" && !plan.keyColumns.contains(column) {
      let name = SQLText.identifier(column.name)
      let differing = try await transaction.execute(
        "SELECT 1 FROM \(Self.staging) s JOIN \(joined) WHERE s.\(name) IS DISTINCT FROM t.\(name) LIMIT 1")
      guard differing.rows.isEmpty else {
        throw OperationError(
          .data, "cannot overwrite the rows", at: "batch \(manifest.batchID) into \(plan.target.quotedName)",
          cause: "column \(column.name) is GENERATED ALWAYS and differs in a row that is there already",
          hint: "delete those rows and restore them, or restore --into another table")
      }
    }
  }
}
