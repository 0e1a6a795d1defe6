import ArchiveModel
import Logging
import ObjectStore
import Postgres
import RowCodec

/// The survey of rows whose primary key is one whole number: equal keys are equal numbers, which can be told here.
///
/// The server is asked only about keys, and only where its table has any between a batch's least and its greatest.
/// Memory: 8 bytes a key, two batches' contents, and the keys as text where they are listed.
struct IntegerKeySurvey {
  let survey: KeySurvey
  private var plan: RestorePlan { survey.plan }

  /// Batches that are read at a time: reading is bound by the processor, and waits for the storage now and then.
  private static let concurrency = 2
  /// Beyond this the server compares the keys, on its disk.
  private static let maximumKeyCount = 50_000_000

  /// One batch's keys, in the order of its rows.
  private struct Keys: Sendable {
    var values: [Int64] = []
    var list: KeyList?
    /// A key was no number of 64 bits.
    var hasUnreadable = false

    /// Takes the row read last into account.
    mutating func add(_ columns: [Int], of reader: RowReader) {
      for column in columns {
        if let value = reader.wholeNumber(column).flatMap({ $0 }) { values.append(value) } else { hasUnreadable = true }
      }
      list?.append(columns, of: reader)
    }
  }

  /// Nil for keys that are no whole numbers, or too many.
  init?(_ survey: KeySurvey) {
    let plan = survey.plan
    guard plan.hasPrimaryKey, plan.keyColumns.count == 1,
      ["smallint", "integer", "bigint"].contains(plan.keyColumns[0].formType), survey.isKeyArchived,
      plan.batches.reduce(0, { $0 + $1.manifest.rowCount }) <= Self.maximumKeyCount
    else { return nil }
    self.survey = survey
  }

  /// Nil when a key comes twice, in one batch or in several: the server then tells which rows are outdated.
  func run(in transaction: Transaction) async throws -> KeySurvey.Outcome? {
    let count = plan.batches.count
    var outcome = KeySurvey.Outcome(
      outdated: Array(repeating: [], count: count), selected: Array(repeating: 0, count: count),
      conflicts: Array(repeating: 0, count: count))
    var lists = Array(repeating: KeyList(), count: count)
    var all: [Int64] = []
    all.reserveCapacity(plan.batches.reduce(0) { $0 + $1.manifest.rowCount })
    let isComplete = try await withThrowingTaskGroup(of: (Int, Keys).self) { group in
      var next = 0
      func begin() {
        guard next < count else { return }
        group.addTask { [self, next] in (next, try await read(plan.batches[next].manifest)) }
        next += 1
      }
      for _ in 0..<Self.concurrency { begin() }
      while let (number, keys) = try await group.next() {
        begin()
        guard !keys.hasUnreadable else { return false }
        let present = try await present(keys.values, in: transaction)
        outcome.selected[number] = keys.values.count
        outcome.conflicts[number] = present.count
        if let list = keys.list { lists[number] = list.removing(survey.skipsPresent ? present : []) }
        all += keys.values
        survey.context.logger.debug(
          "examined a batch",
          metadata: ["batch": "\(plan.batches[number].manifest.batchID)", "rows": "\(keys.values.count)"])
      }
      return true
    }
    guard isComplete else { return nil }
    all.sort()
    guard zip(all, all.dropFirst()).allSatisfy({ $0 != $1 }) else { return nil }
    for list in lists { outcome.keys.append(list) }
    return outcome
  }

  /// Reads the keys of a batch's selected rows, checking its objects.
  private func read(_ manifest: Manifest) async throws(OperationError) -> Keys {
    try survey.checkStop()
    var keys = Keys()
    keys.values.reserveCapacity(manifest.rowCount)
    keys.list = survey.listsKeys ? KeyList() : nil
    let columns = plan.keyIndices(in: manifest)
    var rows = try BatchRows(manifest, selection: plan.selection)
    for object in manifest.objects {
      let content = try await ObjectContent.read(object, from: survey.store)
      var line = ObjectContent.Line()
      while try rows.next(in: content, &line, { (reader, _) in keys.add(columns, of: reader) }) {}
    }
    return keys
  }

  /// The numbers of the rows whose key is in the target, counted from 0.
  private func present(_ keys: [Int64], in transaction: Transaction) async throws -> Set<Int> {
    guard let least = keys.min(), let greatest = keys.max() else { return [] }
    let key = plan.keyColumns.map { KeyColumn($0).value(of: "t") }.joined()
    // As int8 whatever their size: the least one of all would be read as a numeric, and the index not be used.
    let between = try await transaction.execute(
      """
      SELECT 1 FROM \(plan.target.ownRows) t
      WHERE \(key) BETWEEN '\(least)'::pg_catalog.int8 AND '\(greatest)'::pg_catalog.int8 LIMIT 1
      """)
    guard !between.rows.isEmpty else { return [] }
    let array = "{" + keys.lazy.map(String.init).joined(separator: ",") + "}"
    let found = try await transaction.execute(
      """
      SELECT k.number FROM pg_catalog.unnest($1::pg_catalog.int8[]) WITH ORDINALITY k (key, number)
      JOIN \(plan.target.ownRows) t ON \(key) = k.key
      """, [.text(array)])
    return Set(found.rows.compactMap { $0[0].flatMap { Int($0) }.map { $0 - 1 } })
  }
}
