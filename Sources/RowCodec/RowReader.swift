/// Reads JSONL lines back: each column's PostgreSQL text form. One reader serves many lines and keeps only the last.
package struct RowReader: Sendable {
  /// Where a column's text form lies.
  struct Place {
    var start = 0
    /// -1 for NULL.
    var byteCount = -1
    /// In `decoded`, not in the line as it stands.
    var isDecoded = false
  }

  let layout: RowLayout
  /// The last line read, or as much of it as was understood.
  var line = ByteBuffer()
  /// Text forms that the line does not hold as they are.
  var decoded = ByteBuffer()
  var places: [Place]
  var archivedAtPlace = Place()
  var batchIDPlace = Place()

  /// Prepares to read rows of the manifest's columns.
  package init(columns: [RowColumn]) {
    layout = RowLayout(columns: columns, serverVersion: 0)
    places = columns.map { _ in Place() }
  }

  /// Whether a column of the last line is SQL NULL.
  package func isNull(_ column: Int) -> Bool { places[column].byteCount < 0 }

  /// A column's text form, or nil for NULL.
  package func text(_ column: Int) -> String? {
    let place = places[column]
    guard place.byteCount >= 0 else { return nil }
    return string(place)
  }

  /// Lends a column's text form; nil for NULL.
  package func withText<Result>(_ column: Int, _ body: (Span<UInt8>) -> Result) -> Result? {
    let place = places[column]
    guard place.byteCount >= 0 else { return nil }
    let range = place.start..<place.start + place.byteCount
    return place.isDecoded ? decoded.withSpan(range, body) : line.withSpan(range, body)
  }

  /// The line's `_archived_at`.
  package var archivedAt: String { string(archivedAtPlace) }

  /// The line's `_batch_id`.
  package var batchID: String { string(batchIDPlace) }

  /// Whether the line's `_archived_at` is that text; asked of every row, so that no string is made.
  package func isArchivedAt(_ text: Span<UInt8>) -> Bool { holds(text, archivedAtPlace) }

  /// Whether the line's `_batch_id` is that text; likewise.
  package func hasBatchID(_ text: Span<UInt8>) -> Bool { holds(text, batchIDPlace) }

  private func holds(_ text: Span<UInt8>, _ place: Place) -> Bool {
    let range = place.start..<place.start + max(place.byteCount, 0)
    guard range.count == text.count else { return false }
    return (place.isDecoded ? decoded : line).withSpan(range) { found in found.matches(text, at: 0) }
  }

  /// A time column as microseconds since 2000-01-01 UTC, `Int64.min` and `.max` for the infinities; nil for NULL.
  ///
  /// A `timestamp` and a `date` are read as UTC. Nil as well for a column of another type.
  package func instant(_ column: Int) -> Int64? {
    switch layout.fields[column].codec.form {
    case .date, .timestamp, .timestampWithZone: break
    default: return nil
    }
    guard layout.fields[column].codec.shape == .scalar else { return nil }
    return withText(column) { text in TimeText(text)?.instant }?.flatMap { PostgresTime.isPossible($0) ? $0 : nil }
  }

  private func string(_ place: Place) -> String {
    let range = place.start..<place.start + max(place.byteCount, 0)
    return place.isDecoded ? decoded.string(range) : line.string(range)
  }
}
