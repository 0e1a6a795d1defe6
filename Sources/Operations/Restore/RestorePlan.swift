import ArchiveModel
import Postgres

/// How the batches of one archived table go into the target.
struct RestorePlan: Sendable {
  let source: TableName
  let target: TableDescription
  /// Oldest first.
  let batches: [ArchivedBatch]
  /// The selection, with its keys in the text forms that the archive has.
  let selection: Selection
  /// The columns that tell whether a row is there already: the target's primary key, or the archived table's where the
  /// target has none of its own that the archive could fill. All are columns of the target and of every batch.
  let keyColumns: [Manifest.Column]
  /// Whether `keyColumns` are the target's primary key.
  let hasPrimaryKey: Bool
  let ignoresMissingColumns: Bool
  /// Whether `skip` and `overwrite` can go by `keyColumns`.
  let judgesConflicts: Bool
  /// The sequences of the target's columns.
  let sequences: [ColumnSequence]
  /// The target's columns whose types' attributes are not known from the archive.
  let compositeColumns: Set<String>
  /// Whether the target takes rows by COPY as it takes them by INSERT: row security and a generated key forbid that.
  let takesCopies: Bool

  /// What goes from a batch's rows into the target's columns.
  struct Columns: Sendable {
    /// Indices into the manifest's columns of what is loaded, and the target's columns of the same names.
    var staged: [(index: Int, column: Manifest.Column)] = []
    /// Archived columns that the target does not have.
    var missing: [String] = []
    /// The target's columns whose type has changed since, in words.
    var changedTypes: [String] = []
    /// The target's columns of composite types, in words: their attributes may have changed.
    var composites: [String] = []
    /// The target's columns that are computed by now, and were not when they were archived.
    var newlyGenerated: [String] = []
    /// Those whose values may come out otherwise than they were archived, because their type has changed, or may have since it
    /// is composite, or because they are computed by now: their archived text is staged too.
    var compared: [(index: Int, column: Manifest.Column)] = []

    /// Those of the staged columns that take values; the server computes generated ones itself.
    var inserted: [Manifest.Column] { staged.map(\.column).filter { $0.generated == nil } }
  }

  /// Throws a data error when the target does not fit.
  init(
    source: TableName, target: TableDescription, batches: [ArchivedBatch], request: RestoreRequest,
    selection: Selection, facts: TargetFacts
  ) throws(OperationError) {
    (self.source, self.target, self.batches, self.selection) = (source, target, batches, selection)
    sequences = facts.sequences
    compositeColumns = facts.compositeColumns
    ignoresMissingColumns = request.ignoresMissingColumns
    func isFilled(_ name: String) -> Bool {
      batches.allSatisfy { $0.manifest.columns.contains { $0.name == name } }
    }
    hasPrimaryKey =
      target.isKeyDeclared && !target.primaryKey.isEmpty && target.primaryKeyNames.allSatisfy(isFilled)
    let archivedKey = batches.last?.manifest.primaryKey ?? []
    let names = hasPrimaryKey ? target.primaryKeyNames : archivedKey
    keyColumns = names.compactMap { name in target.columns.first { $0.name == name } }
    judgesConflicts = hasPrimaryKey && facts.keyObstacle == nil
    takesCopies = !facts.hasRowSecurity && keyColumns.allSatisfy { $0.generated == nil }
    for batch in batches {
      let absent = archivedKey.filter { name in !batch.manifest.columns.contains { $0.name == name } }
      guard hasPrimaryKey || absent.isEmpty else {
        throw OperationError(
          .data, "the table does not fit the archive", at: target.quotedName,
          cause: "batch \(batch.manifest.batchID) is older than column \(absent.joined(separator: ", ")) of the key "
            + "(\(archivedKey.joined(separator: ", "))) that later batches have",
          hint: "restore the older batches by themselves, chosen with --batch, --run or --to, then the later ones")
      }
    }
    guard !names.isEmpty, keyColumns.count == names.count, names.allSatisfy(isFilled) else {
      throw OperationError(
        .data, "the table does not fit the archive", at: target.quotedName,
        cause: "it has no primary key, nor the archived one (\(archivedKey.joined(separator: ", ")))",
        hint: "restore --into a table that has these columns, or with --create-table into a new one")
    }
    guard hasPrimaryKey || request.onConflict == .fail else {
      throw OperationError(
        .data, "the table does not fit the archive", at: target.quotedName,
        cause: "--on-conflict \(request.onConflict.rawValue) goes by the primary key, and it has none to go by",
        hint: "add the primary key (\(archivedKey.joined(separator: ", "))), or use --on-conflict fail")
    }
    if let obstacle = facts.keyObstacle, request.onConflict != .fail {
      throw OperationError(
        .data, "the table does not fit the archive", at: target.quotedName,
        cause: "--on-conflict \(request.onConflict.rawValue) cannot go by its primary key, which is \(obstacle)",
        hint: "use --on-conflict fail, or make the key anew without \(obstacle)")
    }
    for batch in batches {
      let missing = columns(of: batch.manifest).missing
      guard missing.isEmpty || ignoresMissingColumns else {
        throw OperationError(
          .data, "the table does not fit the archive", at: target.quotedName,
          cause: "batch \(batch.manifest.batchID) holds columns it does not have: \(missing.joined(separator: ", "))",
          hint: "restore --into a table that has them, or leave them out with --ignore-missing-columns")
      }
    }
  }

  /// Matches a batch's columns with the target's by name, in the manifest's order.
  func columns(of manifest: Manifest) -> Columns {
    var columns = Columns()
    for (index, archived) in manifest.columns.enumerated() {
      guard let column = target.columns.first(where: { $0.name == archived.name }) else {
        if archived.generated == nil { columns.missing.append(archived.name) }
        continue
      }
      let hasChanged = column.type != archived.type || column.formType != archived.formType
      let isNewlyGenerated = column.generated != nil && archived.generated == nil
      if isNewlyGenerated { columns.newlyGenerated.append(column.name) }
      if isNewlyGenerated
        ? !ignoresMissingColumns : column.generated == nil && (hasChanged || compositeColumns.contains(column.name))
      {
        columns.compared.append((index, column))
      }
      if !hasChanged, compositeColumns.contains(column.name) {
        columns.composites.append("\(column.name) is of the composite type \(column.type)")
      }
      if hasChanged {
        columns.changedTypes.append("\(column.name) was \(archived.type) and is \(column.type)")
      }
      if column.generated == nil || keyColumns.contains(column) { columns.staged.append((index, column)) }
    }
    return columns
  }

  /// Whether values that the target's key holds to be equal always have the same text.
  ///
  /// Not so for numeric, float, char, interval and the like, nor under collations that are not deterministic.
  var hasExactKey: Bool {
    let types = ["smallint", "integer", "bigint", "oid", "uuid", "date", "boolean"]
    return keyColumns.allSatisfy {
      types.contains($0.formType) || $0.formType.hasPrefix("timestamp") && !$0.formType.hasSuffix("[]")
    }
  }

  /// What an operator should know before of changed columns, one sentence each.
  var changeWarnings: [String] {
    var warnings: [String] = []
    for batch in batches {
      let columns = columns(of: batch.manifest)
      let sentences =
        columns.changedTypes.map { "column \($0): a batch with a value that this changes is refused" }
        + columns.newlyGenerated.map { name in
          "column \(name) is GENERATED by now: "
            + (ignoresMissingColumns
              ? "its archived values are left out" : "a batch with a value other than the computed one is refused")
        }
      for sentence in sentences where !warnings.contains(sentence) { warnings.append(sentence) }
    }
    return warnings
  }

  /// Where the values of the columns that have a sequence are to be watched.
  func edges(of columns: Columns) -> [SequenceEdge] {
    sequences.compactMap { sequence in
      columns.staged.first { $0.column.name == sequence.column && $0.column.generated == nil }
        .map { SequenceEdge(sequence, column: $0.index) }
    }
  }

  /// Indices of the key columns into the manifest's columns.
  func keyIndices(in manifest: Manifest) -> [Int] {
    keyColumns.compactMap { key in manifest.columns.firstIndex { $0.name == key.name } }
  }

  /// What transactions on the target pin: also where the key's operators are found.
  var options: TransactionOptions {
    TransactionOptions(timeout: Self.timeout, pinned: PinnedSettings(additional: target.pinnedSettings))
  }

  /// A batch may take as long as the network and the target's indexes need; a dead peer is noticed sooner than this.
  static let timeout = Duration.seconds(24 * 3600)
}
