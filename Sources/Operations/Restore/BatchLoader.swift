import ArchiveModel
import ObjectStore
import Postgres
import RowCodec

/// Puts one batch into the target, within one transaction, and counts what went in.
///
/// The rows go through a staging table, or straight into the target where nothing there could make them other than they are.
struct BatchLoader {
  let plan: RestorePlan
  let onConflict: RestoreRequest.ConflictPolicy

  /// What became of a batch's rows.
  struct Outcome {
    var inserted = 0
    var skipped = 0
    var overwritten = 0
    var bytes = 0
    var warnings: [String] = []
    /// What the target's sequences are to be moved past.
    var edges: [SequenceEdge] = []
  }

  private static let staging = "pg_temp.archiver_staging"

  /// Loads the batch but for its outdated rows; all the others must go in or be there.
  func load(_ batch: LoadQueue.Batch, in transaction: Transaction) async throws -> Outcome {
    let (manifest, expected) = (batch.manifest, batch.rowCount)
    let columns = plan.columns(of: manifest)
    let form = WholeRow(
      columns: (columns.staged + columns.compared).map(\.index), outdated: batch.outdated,
      edges: plan.edges(of: columns))
    let written = WrittenRows(plan: plan, staging: Self.staging, onConflict: onConflict)
    if onConflict == .fail, plan.takesCopies, columns.compared.isEmpty,
      try await written.interferers(in: transaction).isEmpty
    {
      let names = columns.staged.map { SQLText.identifier($0.column.name) }
      let edges = try await copy(
        batch, names, as: form, into: plan.target.quotedName, in: transaction)
      try await written.checkCopied(manifest, in: transaction)
      return Outcome(inserted: expected, bytes: manifest.byteCount, edges: edges)
    }
    let edges = try await stage(batch, columns, as: form, in: transaction)
    try await written.checkStaged(columns, of: manifest, in: transaction)
    var outcome = try await insert(manifest, columns, expected: expected, written, in: transaction)
    // Deferred triggers must do their work before it is looked at.
    try await transaction.execute("SET CONSTRAINTS ALL IMMEDIATE")
    try await written.check(columns, of: manifest, in: transaction)
    if onConflict == .overwrite { try await checkFixedColumns(columns.inserted, manifest, in: transaction) }
    outcome.edges = edges
    return outcome
  }

  /// Writes the staged rows to the target as the conflict policy says.
  ///
  /// What stays in the staging table afterwards is what the target should hold.
  private func insert(
    _ manifest: Manifest, _ columns: RestorePlan.Columns, expected: Int, _ written: WrittenRows,
    in transaction: Transaction
  ) async throws -> Outcome {
    var outcome = Outcome(bytes: manifest.byteCount)
    var present = 0
    switch onConflict {
    case .fail: break
    case .skip: present = try await removePresent(in: transaction)
    case .overwrite:
      present = try await presentCount(in: transaction)
      if !plan.hasExactKey, present > 0 { outcome.warnings = try await keepKeys(in: transaction) }
    }
    let count = try await transaction.execute(insertion(columns.inserted)).affectedRowCount
    switch onConflict {
    case .fail: outcome.inserted = count
    case .skip: (outcome.inserted, outcome.skipped) = (count, present)
    case .overwrite:
      // Where there is nothing to take over, the rows there count as overwritten without being touched.
      let touched = changed(columns.inserted).isEmpty ? 0 : present
      (outcome.inserted, outcome.overwritten) = (count - touched, present)
    }
    guard outcome.inserted >= 0, outcome.inserted + outcome.skipped + outcome.overwritten == expected else {
      let names = try await written.interferers(in: transaction)
      let cause =
        "of \(expected) rows, \(count) were written and \(onConflict == .skip ? present : 0) were there before"
      guard names.isEmpty else {
        throw written.failure(
          manifest, "\(cause); \(names.joined(separator: ", ")) interfered",
          hint: "disable them for the time of the restore")
      }
      throw OperationError(
        .tryAgain, "cannot restore the batch", at: "batch \(manifest.batchID) into \(plan.target.quotedName)",
        cause: "\(cause); another session interfered", hint: "run it again; nothing of the batch was kept")
    }
    return outcome
  }

  /// Makes the staging table and copies the rows into it, with the archived texts of compared columns beside them.
  private func stage(
    _ batch: LoadQueue.Batch, _ columns: RestorePlan.Columns, as form: WholeRow, in transaction: Transaction
  ) async throws -> [SequenceEdge] {
    let names = columns.staged.map { SQLText.identifier($0.column.name) }
    let texts = columns.compared.indices.map(WrittenRows.textColumn)
    let definitions = names + texts.map { "''::pg_catalog.text AS \($0)" }
    try await transaction.execute(
      """
      CREATE TEMPORARY TABLE archiver_staging ON COMMIT DROP AS
      SELECT \(definitions.joined(separator: ", ")) FROM \(plan.target.quotedName) WITH NO DATA
      """)
    let edges = try await copy(batch, names + texts, as: form, into: Self.staging, in: transaction)
    try await transaction.execute("ANALYZE \(Self.staging)")
    return edges
  }

  /// Copies the batch's rows into a table. Throws unless the server took in as many as are expected.
  private func copy(
    _ batch: LoadQueue.Batch, _ columns: [String], as form: WholeRow, into table: String, in transaction: Transaction
  ) async throws -> [SequenceEdge] {
    let names = columns.joined(separator: ", ")
    let manifest = batch.manifest
    var rows = try BatchRows(manifest, selection: plan.selection)
    var form = form
    var count = 0
    for _ in manifest.objects {
      let lines = CopyRows(rows, of: try await batch.objects.next(), as: form)
      do throws(PostgresError) {
        let sent = try await transaction.copyIn("COPY \(table) (\(names)) FROM STDIN", from: lines)
        count += sent.rowCount
        (rows, form) = (sent.source.rows, sent.source.form)
      } catch {
        throw error.refusedRow ?? error
      }
    }
    guard count == batch.rowCount else {
      throw OperationError(
        .defect, "cannot restore the batch", at: "batch \(manifest.batchID)",
        cause: "\(count) rows went in where \(batch.rowCount) were selected")
    }
    return form.edges
  }

  /// How many staged rows have a key that is in the target.
  private func presentCount(in transaction: Transaction) async throws -> Int {
    let result = try await transaction.execute("SELECT count(*) FROM \(Self.staging) s JOIN \(joined)")
    return result.rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
  }

  /// Takes the staged rows whose key is in the target out of the staging table, and counts them.
  private func removePresent(in transaction: Transaction) async throws -> Int {
    try await transaction.execute(
      "DELETE FROM \(Self.staging) s USING \(plan.target.ownRows) t WHERE \(matches)"
    ).affectedRowCount
  }

  /// An overwritten row keeps its key as it is, which may be written otherwise than the archived one it is equal to.
  private func keepKeys(in transaction: Transaction) async throws -> [String] {
    let names = plan.keyColumns.map { SQLText.identifier($0.name) }
    let kept = names.map { "\($0) = t.\($0)" }.joined(separator: ", ")
    let (staged, present) = (WrittenRows.text(names.map { "s." + $0 }), WrittenRows.text(names.map { "t." + $0 }))
    let count = try await transaction.execute(
      """
      UPDATE \(Self.staging) s SET \(kept) FROM \(plan.target.ownRows) t
      WHERE \(matches) AND \(staged) <> \(present)
      """
    ).affectedRowCount
    return count == 0
      ? [] : ["overwritten rows keep their key as it is, where the archived one is equal but written otherwise"]
  }

  private var joined: String { "\(plan.target.ownRows) t ON \(matches)" }

  private var matches: String {
    plan.keyColumns.map { KeyColumn($0) }.map { "\($0.value(of: "s")) = \($0.value(of: "t"))" }
      .joined(separator: " AND ")
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
