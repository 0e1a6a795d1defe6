import ArchiveModel
import Operations

/// Standard output in large pieces; notices when its reader has gone.
struct OutputBuffer {
  private var bytes: [UInt8] = []
  private(set) var isClosed = false
  /// Makes a line safe to be seen; nil where the bytes go on as they are.
  private let escape: (@Sendable (String) -> String)?

  private static let pieceByteCount = 256 * 1024

  /// `escape` is applied on a terminal only.
  init(onTerminal escape: @escaping @Sendable (String) -> String) {
    self.escape = StandardOutput.isTerminal ? escape : nil
  }

  mutating func append(_ line: Span<UInt8>) {
    guard escape == nil else { return append(String(decoding: line.indices.map { line[$0] }, as: UTF8.self)) }
    appendBytes(line)
  }

  private mutating func appendBytes(_ line: Span<UInt8>) {
    bytes.reserveCapacity(bytes.count + line.count + 1)
    for index in line.indices { bytes.append(line[index]) }
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count >= Self.pieceByteCount { flush() }
  }

  mutating func append(_ line: String) {
    let text = Array((escape?(line) ?? line).utf8)
    appendBytes(text.span)
  }

  mutating func flush() {
    if !bytes.isEmpty, !StandardOutput.write(bytes) { isClosed = true }
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Prints rows as they are stored.
struct LinePrinter: ArchivedRowVisitor {
  private var output = OutputBuffer(onTerminal: PrintableText.json)
  private var remaining: Int

  init(limit: Int) {
    remaining = limit
  }

  mutating func begin(_ manifest: Manifest) {}

  mutating func visit(_ line: Span<UInt8>, _ row: ArchivedRow) -> Bool {
    output.append(line)
    remaining -= 1
    return remaining > 0 && !output.isClosed
  }

  mutating func finish() {
    output.flush()
  }
}

/// Where the columns to print are in a batch; nil for one that the batch does not have.
struct ColumnPlaces {
  let names: [String]
  private var indices: [Int?] = []

  init(names: [String]) {
    self.names = names
  }

  mutating func begin(_ manifest: Manifest) {
    indices = names.map { name in manifest.columns.firstIndex { $0.name == name } }
  }

  func values(_ row: ArchivedRow) -> [String?] {
    indices.map { $0.flatMap { row.text($0) } }
  }
}

/// Prints rows as CSV: NULL is nothing, an empty text is `""`, as PostgreSQL's own COPY writes them.
struct CSVPrinter: ArchivedRowVisitor {
  private var places: ColumnPlaces
  private var output = OutputBuffer(onTerminal: PrintableText.lines)
  private var remaining: Int

  init(columns: [String], limit: Int) {
    places = ColumnPlaces(names: columns)
    remaining = limit
    if !columns.isEmpty { output.append(columns.map(Self.field).joined(separator: ",")) }
  }

  mutating func begin(_ manifest: Manifest) {
    places.begin(manifest)
  }

  mutating func visit(_ line: Span<UInt8>, _ row: ArchivedRow) -> Bool {
    output.append(places.values(row).map(Self.field).joined(separator: ","))
    remaining -= 1
    return remaining > 0 && !output.isClosed
  }

  mutating func finish() {
    output.flush()
  }

  static func field(_ value: String?) -> String {
    guard let value else { return "" }
    let isPlain =
      !value.isEmpty && value != "\\."
      && !value.unicodeScalars.contains { ["\"", ",", "\n", "\r"].contains($0) }
    return isPlain ? value : "\"" + value.replacing("\"", with: "\"\"") + "\""
  }
}

/// Gathers rows for a table on a terminal.
struct TablePrinter: ArchivedRowVisitor {
  private var places: ColumnPlaces
  private var table: TextTable
  private var remaining: Int
  private var isCut = false

  /// Longer values are cut.
  private static let maximumWidth = 60

  init(columns: [String], limit: Int) {
    places = ColumnPlaces(names: columns)
    table = TextTable(columns.map { .init(title: PrintableText.escaped($0)) })
    remaining = limit
  }

  mutating func begin(_ manifest: Manifest) {
    places.begin(manifest)
  }

  mutating func visit(_ line: Span<UInt8>, _ row: ArchivedRow) -> Bool {
    guard remaining > 0 else {
      isCut = true
      return false
    }
    table.add(places.values(row).map(Self.cell))
    remaining -= 1
    return true
  }

  private static func cell(_ value: String?) -> String {
    guard let value else { return "" }
    let text = PrintableText.escaped(String(value.prefix(maximumWidth + 1)))
    return text.count > maximumWidth ? text.prefix(maximumWidth - 1) + "…" : text
  }

  var text: String {
    if table.isEmpty { return "no rows\n" }
    return table.text + (isCut ? "… there are more rows; --limit shows more\n" : "")
  }
}
