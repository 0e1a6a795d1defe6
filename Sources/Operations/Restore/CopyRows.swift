import ArchiveModel
import Postgres
import RowCodec

/// Writes what a COPY takes of each row.
protocol RowForm: Sendable {
  /// Appends the row that `reader` has read, its batch's `number`th from 0 among those selected; or nothing, to leave it out.
  mutating func append(_ reader: RowReader, number: Int, to lines: inout [UInt8])
}

/// The selected rows of one object as lines of a COPY, read while the server takes those before.
struct CopyRows<Form: RowForm>: CopySource {
  private(set) var rows: BatchRows
  private(set) var form: Form
  private let content: ObjectContent
  private var line = ObjectContent.Line()

  /// Rows are sent in pieces of about this size: large enough to keep system calls rare, small beside a batch.
  private static var chunkByteCount: Int { 256 * 1024 }

  init(_ rows: BatchRows, of content: ObjectContent, as form: Form) {
    (self.rows, self.content, self.form) = (rows, content, form)
  }

  /// Throws an `OperationError` for a line that cannot be read.
  mutating func nextChunk() throws -> [UInt8]? {
    var lines: [UInt8] = []
    lines.reserveCapacity(Self.chunkByteCount * 5 / 4)
    while lines.count < Self.chunkByteCount {
      guard try rows.next(in: content, &line, { form.append($0, number: $1, to: &lines) }) else { break }
    }
    return lines.isEmpty ? nil : lines
  }
}

/// All columns that go into the target.
struct WholeRow: RowForm {
  /// Indices into the manifest's columns.
  let columns: [Int]
  /// Numbers of rows that give way to a newer batch's.
  let outdated: Set<Int>
  /// The values of columns that have a sequence.
  var edges: [SequenceEdge]

  mutating func append(_ reader: RowReader, number: Int, to lines: inout [UInt8]) {
    guard !outdated.contains(number) else { return }
    reader.appendCopyRow(columns, to: &lines)
    for index in edges.indices { edges[index].add(reader) }
  }
}

/// The key, with the numbers of the batch and of the row before it.
struct KeyRow: RowForm {
  let batchNumber: Int
  /// Indices into the manifest's columns.
  let columns: [Int]
  /// Those and the further columns to copy.
  private let copied: [Int]
  /// Nil where no list is wanted.
  var list: KeyList?
  private(set) var count = 0

  init(batchNumber: Int, columns: [Int], texts: [Int], list: KeyList?) {
    (self.batchNumber, self.columns, self.copied, self.list) = (batchNumber, columns, columns + texts, list)
  }

  mutating func append(_ reader: RowReader, number: Int, to lines: inout [UInt8]) {
    lines.append(contentsOf: "\(batchNumber)\t\(number)\t".utf8)
    reader.appendCopyRow(copied, to: &lines)
    list?.append(columns, of: reader)
    count += 1
  }
}

extension PostgresError {
  /// What a `CopyRows` refused, if that is why the copy failed.
  var refusedRow: OperationError? {
    kind == .source ? cause as? OperationError : nil
  }
}
