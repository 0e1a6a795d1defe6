import ArchiveModel
import RowCodec

/// Goes through the rows of one batch that the selection takes, in their order.
struct BatchRows {
  private var reader: RowReader
  private let selection: Selection
  private let timeColumn: Int
  /// Nil when the column's values are instants already.
  private let zone: RowTimeZone?
  private let keyColumns: [Int]
  private var rowCount = 0

  /// Throws a data error when the manifest contradicts itself, or names a time zone that is needed and not known here.
  init(_ manifest: Manifest, selection: Selection) throws(OperationError) {
    func index(_ name: String) throws(OperationError) -> Int {
      guard let index = manifest.columns.firstIndex(where: { $0.name == name }) else {
        throw OperationError(
          .data, "cannot use the manifest", at: "batch \(manifest.batchID)", cause: "it lists no column \(name)")
      }
      return index
    }
    self.selection = selection
    timeColumn = try index(manifest.timestampColumn)
    keyColumns = try manifest.primaryKey.map(index)
    reader = RowReader(
      columns: manifest.rowColumns)
    let hasZone = manifest.columns[timeColumn].formType.hasSuffix("with time zone")
    let needsZone = !hasZone && (selection.from != nil || selection.to != nil)
    zone = needsZone ? RowTimeZone(manifest.timeZone) : nil
    guard !needsZone || zone != nil else {
      throw OperationError(
        .data, "cannot select by time", at: "batch \(manifest.batchID)",
        cause: "this machine does not know the time zone \(manifest.timeZone)",
        hint: "install tzdata, or select by --batch, --run or --where-key")
    }
  }

  /// Reads the line at `line` and, if it is wanted, calls `body` with the reader and the row's number among those wanted,
  /// from 0. False when there is no line left.
  ///
  /// The batch's objects come in their order. Throws a data error for a line that cannot be read.
  mutating func next(
    in content: ObjectContent, _ line: inout ObjectContent.Line, _ body: (RowReader, Int) -> Void
  ) throws(OperationError) -> Bool {
    do throws(RowCodecError) {
      let wasRead: Void? = try content.withLine(&line) { (bytes) throws(RowCodecError) in try reader.read(bytes) }
      guard wasRead != nil else { return false }
    } catch {
      throw OperationError(
        .data, "a row cannot be read", at: "\(content.object.key), line \(line.number)", cause: error.description,
        hint: "run `archiver verify` for the whole picture")
    }
    if isWanted {
      body(reader, rowCount)
      rowCount += 1
    }
    return true
  }

  private var isWanted: Bool {
    if selection.takesWholeBatches { return true }
    if selection.from != nil || selection.to != nil {
      guard let local = reader.instant(timeColumn),
        selection.includes(Timestamp(microseconds: zone?.instant(local: local) ?? local))
      else { return false }
    }
    return selection.keys.isEmpty || selection.keys.contains(keyColumns.map { reader.text($0) ?? "" })
  }
}
