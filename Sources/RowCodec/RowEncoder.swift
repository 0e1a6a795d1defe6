/// Encodes the messages of a binary COPY into JSONL, field by field, into one buffer.
///
/// The SELECT that feeds it yields the columns in order and then one `timestamptz` more: the row's time as an instant, or
/// NULL for a row that must not be archived, which is an error. The row's `ctid` may come last.
/// After an error the encoder is of no more use; what it had buffered until then are whole rows.
package struct RowEncoder: Sendable {
  /// Rows encoded so far.
  package internal(set) var rowCount = 0
  /// Rows encoded since the buffer was last taken or cleared.
  package internal(set) var bufferedRowCount = 0
  /// Whether the stream's end marker was seen; a stream that stops without it was cut.
  package internal(set) var isComplete = false
  /// The key columns' values of all rows, in the order of `keyColumns`.
  package internal(set) var keys: [KeyArray]
  /// Where the server keeps the rows (`ctid`), one a row; nil unless they are asked for.
  package internal(set) var locations: KeyArray?
  /// The earliest instant in microseconds since 2000-01-01 UTC, `Int64.min` for −infinity; nil before the first row.
  package internal(set) var firstTime: Int64?
  /// The latest instant, likewise, `Int64.max` for infinity.
  package internal(set) var lastTime: Int64?

  let layout: RowLayout
  let keyColumns: [Int]
  let timeColumn: Int
  /// `,"_archived_at":"…","_batch_id":"…"`, without the comma when there are no columns.
  let trailer: [UInt8]
  var output: ByteBuffer
  /// The members of the row's `_raw` object, each with a comma behind it.
  var rawMembers = ByteBuffer()
  var hasHeader = false
  /// Where the keys of the first row with `firstTime` and of the last with `lastTime` begin in `keys`.
  var firstKeyOffsets: [Int]
  var lastKeyOffsets: [Int]
  /// The binary form of the last row's time column: its low bytes and how many (-1 for NULL).
  var lastTimeValue: UInt64 = 0
  var lastTimeByteCount = -1
  /// Reused for rare conversions.
  var scratch = ByteBuffer()

  /// Prepares to encode rows of these columns.
  ///
  /// - Parameters:
  ///   - keyColumns: indices of the key columns, in key order.
  ///   - timeColumn: index of the time column (`date`, `timestamp` or `timestamptz`).
  ///   - archivedAt: written to every row as `_archived_at`.
  ///   - batchID: written to every row as `_batch_id`.
  ///   - hasLocations: each row ends with its `ctid`.
  ///   - serverVersion: as libpq's `PQserverVersion` counts; before 170000 intervals know no infinity.
  ///   - room: what the buffer writes over before it grows.
  package init(
    columns: [RowColumn], keyColumns: [Int], timeColumn: Int, archivedAt: String, batchID: String,
    hasLocations: Bool = false, serverVersion: Int = 170_000, room: consuming [UInt8] = []
  ) {
    layout = RowLayout(columns: columns, keyColumns: keyColumns, serverVersion: serverVersion)
    self.keyColumns = keyColumns
    self.timeColumn = timeColumn
    keys = keyColumns.map { KeyArray(elementTypeOID: columns[$0].codec.keyTypeOID) }
    locations = hasLocations ? KeyArray(elementTypeOID: KeyArray.locationTypeOID) : nil
    firstKeyOffsets = keyColumns.map { _ in 0 }
    lastKeyOffsets = firstKeyOffsets
    var trailer = ByteBuffer(capacity: 128)
    if !columns.isEmpty { trailer.append(UInt8(ascii: ",")) }
    trailer.append(jsonString: "_archived_at")
    trailer.append(UInt8(ascii: ":"))
    trailer.append(jsonString: archivedAt)
    trailer.append(UInt8(ascii: ","))
    trailer.append(jsonString: "_batch_id")
    trailer.append(UInt8(ascii: ":"))
    trailer.append(jsonString: batchID)
    self.trailer = trailer.take()
    output = ByteBuffer(over: room)
  }

  /// Bytes of whole lines in the buffer.
  package var bufferedByteCount: Int { output.count }

  /// Hands over the lines buffered and starts an empty buffer.
  package mutating func takeBuffer() -> [UInt8] {
    bufferedRowCount = 0
    return output.take()
  }

  /// Hands over the lines buffered, `bufferedByteCount` bytes of it, with the room behind them, and starts an empty buffer.
  package mutating func takeRoom() -> [UInt8] {
    bufferedRowCount = 0
    return output.takeRoom()
  }

  /// Lends the lines buffered.
  package func withBuffer<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try output.withSpan(body)
  }

  /// Forgets the lines buffered and keeps their room for the next ones.
  package mutating func clearBuffer() {
    bufferedRowCount = 0
    output.truncate(to: 0)
  }
}

extension ColumnCodec {
  /// OID of a key's values in a `KeyArray`: there are no arrays of arrays, so those travel as text forms.
  var keyTypeOID: UInt32 { shape == .array ? WireType.text.oid : wireTypeOID }
}
