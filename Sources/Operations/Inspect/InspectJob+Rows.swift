package import ArchiveModel
import RowCodec

/// Takes archived rows, one after the other.
package protocol ArchivedRowVisitor {
  /// The next rows are of this batch.
  mutating func begin(_ manifest: Manifest)
  /// A row: its line as stored, without the newline, and its values. Returns whether to go on.
  mutating func visit(_ line: Span<UInt8>, _ row: ArchivedRow) -> Bool
}

/// The values of one archived row.
package struct ArchivedRow {
  fileprivate let reader: RowReader

  /// The text form of the column at that place in the manifest; nil for NULL.
  package func text(_ column: Int) -> String? { reader.text(column) }
}

extension InspectJob {
  /// Hands the selection's rows of `batches` to `visitor`, batch by batch, in the order in which they are stored.
  ///
  /// Every object is checked against its manifest's sums before its first row is handed over; memory holds one object.
  /// Throws a data error for a damaged object, and for a key that cannot be one of the table's.
  package func rows(
    _ selection: Selection, of batches: [ArchivedBatch], into visitor: inout some ArchivedRowVisitor
  ) async throws(OperationError) {
    for batch in batches {
      let manifest = batch.manifest
      let filter = try RowFilter(selection, manifest)
      var reader = RowReader(
        columns: manifest.rowColumns)
      visitor.begin(manifest)
      for object in manifest.objects {
        try context.checkStop()
        let content = try await ObjectContent.read(object, from: store)
        var goesOn = true
        do {
          try content.forEachLine { (line, _) throws(RowCodecError) in
            guard goesOn else { return }
            try reader.read(line)
            if filter.includes(reader) { goesOn = visitor.visit(line, ArchivedRow(reader: reader)) }
          }
        } catch {
          throw .wrapping(error, "cannot decode the object", at: object.key)
        }
        guard goesOn else { return }
      }
    }
  }
}

/// Which rows of a batch are wanted.
struct RowFilter {
  private let selection: Selection
  /// As rows have them.
  private let keys: Set<[String]>
  private let keyColumns: [Int]
  private let timeColumn: Int
  /// Microseconds that a time without an offset may be from its instant.
  private let slack: Int64

  init(_ selection: Selection, _ manifest: Manifest) throws(OperationError) {
    self.selection = selection
    keyColumns = manifest.primaryKey.compactMap { name in manifest.columns.firstIndex { $0.name == name } }
    timeColumn = manifest.columns.firstIndex { $0.name == manifest.timestampColumn } ?? 0
    slack = TimeBounds(manifest).slack
    var keys: Set<[String]> = []
    for key in selection.keys {
      guard let canonical = manifest.canonicalKey(key) else { throw Self.failure(key, manifest) }
      keys.insert(canonical)
    }
    self.keys = keys
  }

  private static func failure(_ key: [String], _ manifest: Manifest) -> OperationError {
    let names = manifest.primaryKey
    guard key.count == names.count else {
      return OperationError(
        .data, "cannot look the key up", at: "\(manifest.source.name)",
        cause: "--where-key has \(key.count.of("part")), and the primary key is (\(names.joined(separator: ", ")))",
        hint: "separate the parts by commas, and quote a part that holds one: '\"a,b\",7'")
    }
    let types = names.map { name in manifest.columns.first { $0.name == name }?.formType ?? "" }
    return OperationError(
      .data, "cannot look the key up", at: "\(manifest.source.name)",
      cause:
        "a key given does not fit: a part of it is not in the text form of its type (\(types.joined(separator: ", ")))",
      hint: "the primary key is (\(names.joined(separator: ", "))); choose another table with --table")
  }

  func includes(_ reader: RowReader) -> Bool {
    if selection.from != nil || selection.to != nil {
      guard let instant = reader.instant(timeColumn) else { return false }
      let time = Timestamp(microseconds: instant)
      let (early, late) = (time.advanced(by: .microseconds(-slack)), time.advanced(by: .microseconds(slack)))
      // Where only the database could tell the instant, a row is shown if it may lie within the bounds.
      guard selection.from.map({ late >= $0 }) ?? true, selection.to.map({ early < $0 }) ?? true else { return false }
    }
    return keys.isEmpty || keys.contains(keyColumns.map { reader.text($0) ?? "" })
  }
}
