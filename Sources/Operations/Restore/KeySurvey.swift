import ArchiveModel
import Logging
import ObjectStore
import Postgres
import RowCodec

/// Looks at all the selected rows before one goes in: reads and checks every object, finds which keys are in several
/// batches and which are in the target already.
///
/// The target compares the keys, in a temporary table of its own types, so that equality is the primary key's.
struct KeySurvey {
  let plan: RestorePlan
  let store: any ObjectStore
  let context: JobContext
  /// Keep the list of the keys that go in.
  let listsKeys: Bool
  /// Keys that are in the target already do not go in.
  let skipsPresent: Bool

  /// What was found.
  struct Outcome {
    /// Batch by batch, the numbers of the rows that give way to a newer batch's.
    var outdated: [Set<Int>]
    /// Batch by batch, how many rows go in, those that give way left out.
    var selected: [Int]
    /// Batch by batch, how many of those have a key that is in the target already.
    var conflicts: [Int]
    /// The keys that go in; empty when they are not listed.
    var keys = KeyList()
  }

  private static let table = "pg_temp.archiver_keys"

  /// The columns of the batches' own primary keys, where their texts must tell whether two rows have the same archived
  /// key; empty where the target's key is the archived one, of the same columns and types, and tells it as well.
  private var textColumns: [String] {
    isKeyArchived ? [] : Set(plan.batches.flatMap(\.manifest.primaryKey)).sorted()
  }

  /// Whether the target's key is the archived one of every batch, of the same columns, types and collations.
  var isKeyArchived: Bool {
    plan.batches.allSatisfy { batch in
      Set(batch.manifest.primaryKey) == Set(plan.keyColumns.map(\.name))
        && plan.keyColumns.allSatisfy { key in
          batch.manifest.columns.contains {
            $0.name == key.name && $0.formType == key.formType && $0.collation == key.collation
          }
        }
    }
  }

  func run(in transaction: Transaction) async throws -> Outcome {
    if let outcome = try await IntegerKeySurvey(self)?.run(in: transaction) { return outcome }
    let key = plan.keyColumns.indices.map { "k\($0)" }
    let textColumns = textColumns
    let texts = textColumns.indices.map { "a\($0)" }
    let columns =
      zip(plan.keyColumns, key).map { "t.\(SQLText.identifier($0.name)) AS \($1)" }
      + texts.map { "''::pg_catalog.text COLLATE \"C\" AS \($0)" }
    try await transaction.execute(
      """
      CREATE TEMPORARY TABLE archiver_keys ON COMMIT DROP AS
      SELECT 0::pg_catalog.int4 AS batch, 0::pg_catalog.int4 AS number, \(columns.joined(separator: ", "))
      FROM \(plan.target.quotedName) t WITH NO DATA
      """)
    var (outcome, lists) = try await load(key, textColumns, in: transaction)
    try await transaction.execute("ANALYZE \(Self.table)")
    if try await hasRepeatedKeys(key, in: transaction) {
      try await refuseDuplicates(key, in: transaction)
      let outdated = try await transaction.execute(
        """
        DELETE FROM \(Self.table) k USING (
          SELECT batch, number, max(batch) OVER (PARTITION BY \((key + texts).joined(separator: ", "))) AS newest
          FROM \(Self.table)
        ) o WHERE k.batch = o.batch AND k.number = o.number AND o.batch < o.newest
        RETURNING k.batch, k.number
        """)
      outcome.outdated = rowNumbers(outdated)
      for (batch, numbers) in outcome.outdated.enumerated() { outcome.selected[batch] -= numbers.count }
      if !texts.isEmpty { try await refuseCollisions(key, in: transaction) }
    }
    let matches = zip(plan.keyColumns.map { KeyColumn($0) }, key).map {
      "\($0.compared("k.\($1)")) = \($0.value(of: "t"))"
    }
    let present = "\(Self.table) k JOIN \(plan.target.ownRows) t ON \(matches.joined(separator: " AND "))"
    let counts = try await transaction.execute("SELECT k.batch, count(*) FROM \(present) GROUP BY k.batch")
    for row in counts.rows {
      if let batch = row[0].flatMap({ Int($0) }), let count = row[1].flatMap({ Int($0) }) {
        outcome.conflicts[batch] = count
      }
    }
    guard listsKeys else { return outcome }
    var left = outcome.outdated
    if skipsPresent {
      let numbers = rowNumbers(try await transaction.execute("SELECT k.batch, k.number FROM \(present)"))
      for (batch, numbers) in numbers.enumerated() { left[batch].formUnion(numbers) }
    }
    for (list, numbers) in zip(lists, left) { outcome.keys.append(list.removing(numbers)) }
    lists = []
    return outcome
  }

  /// Copies the keys of every selected row into the temporary table.
  private func load(
    _ key: [String], _ textColumns: [String], in transaction: Transaction
  ) async throws -> (Outcome, [KeyList]) {
    var outcome = Outcome(outdated: [], selected: [], conflicts: [])
    var lists: [KeyList] = []
    let objects = ObjectsAhead(plan.batches.flatMap(\.manifest.objects), in: store)
    for (batchNumber, batch) in plan.batches.enumerated() {
      try checkStop()
      var rows = try BatchRows(batch.manifest, selection: plan.selection)
      let texts = textColumns.enumerated().compactMap { place, name in
        batch.manifest.columns.firstIndex { $0.name == name }.map { (name: "a\(place)", index: $0) }
      }
      let copy = """
        COPY \(Self.table) (\((["batch", "number"] + key + texts.map(\.name)).joined(separator: ", "))) FROM STDIN
        """
      var form = KeyRow(
        batchNumber: batchNumber, columns: plan.keyIndices(in: batch.manifest), texts: texts.map(\.index),
        list: listsKeys ? KeyList() : nil)
      for _ in batch.manifest.objects {
        let lines = CopyRows(rows, of: try await objects.next(), as: form)
        do throws(PostgresError) {
          let sent = try await transaction.copyIn(copy, from: lines).source
          (rows, form) = (sent.rows, sent.form)
        } catch {
          throw error.refusedRow ?? plan.failure(error, "cannot look for the keys of the batch", in: batch.manifest)
        }
      }
      outcome.outdated.append([])
      outcome.selected.append(form.count)
      outcome.conflicts.append(0)
      lists.append(form.list ?? KeyList())
      context.logger.debug(
        "examined a batch", metadata: ["batch": "\(batch.manifest.batchID)", "rows": "\(form.count)"])
    }
    return (outcome, lists)
  }

  func checkStop() throws(OperationError) {
    guard !context.stop.isRequested else {
      throw OperationError(
        .interrupted, "the restore was stopped", at: "\(plan.source)", cause: "a signal asked for it",
        hint: "nothing was changed")
    }
  }

  /// Whether any key comes twice, in one batch or in several: usually none does, and this is the quickest to ask.
  private func hasRepeatedKeys(_ key: [String], in transaction: Transaction) async throws -> Bool {
    let repeated = try await transaction.execute(
      "SELECT 1 FROM \(Self.table) GROUP BY \(key.joined(separator: ", ")) HAVING count(*) > 1 LIMIT 1")
    return !repeated.rows.isEmpty
  }

  private func refuseDuplicates(_ key: [String], in transaction: Transaction) async throws {
    let found = try await transaction.execute(
      """
      SELECT batch, count(*) FROM (
        SELECT batch FROM \(Self.table) GROUP BY batch, \(key.joined(separator: ", ")) HAVING count(*) > 1
      ) d GROUP BY batch ORDER BY batch LIMIT 1
      """)
    guard let row = found.rows.first, let batch = row[0].flatMap({ Int($0) }) else { return }
    throw OperationError(
      .data, "cannot restore the batch", at: "batch \(plan.batches[batch].manifest.batchID)",
      cause: "\(row[1] ?? "some") keys are in it more than once",
      hint: "compare its primary key with that of \(plan.target.quotedName), and run `archiver verify`")
  }

  /// Rows of different archived keys that the target takes to have the same: only one of them could go in.
  private func refuseCollisions(_ key: [String], in transaction: Transaction) async throws {
    let found = try await transaction.execute(
      """
      SELECT batch, count(*) FROM (
        SELECT batch, count(*) OVER (PARTITION BY \(key.joined(separator: ", "))) AS rows FROM \(Self.table)
      ) c WHERE rows > 1 GROUP BY batch ORDER BY batch DESC LIMIT 1
      """)
    guard let row = found.rows.first, let batch = row[0].flatMap({ Int($0) }) else { return }
    let manifest = plan.batches[batch].manifest
    throw OperationError(
      .data, "cannot restore the batch", at: "batch \(manifest.batchID)",
      cause: "\(row[1] ?? "some") of its rows have a key that \(plan.target.quotedName) holds to be equal to another "
        + "batch's, though they were archived under different ones",
      hint: "restore --into a table with the archived key (\(manifest.primaryKey.joined(separator: ", "))) and types, "
        + "or choose among the batches with --batch; nothing was changed")
  }

  /// Sorts pairs of batch and row number by batch.
  private func rowNumbers(_ result: QueryResult) -> [Set<Int>] {
    var numbers: [Set<Int>] = plan.batches.map { _ in [] }
    for row in result.rows {
      if let batch = row[0].flatMap({ Int($0) }), let number = row[1].flatMap({ Int($0) }) {
        numbers[batch].insert(number)
      }
    }
    return numbers
  }
}
