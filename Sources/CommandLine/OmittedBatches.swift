import ArchiveModel
import Operations

/// Tells of superseded batches, which readers leave out.
enum OmittedBatches {
  private static let namedCount = 32

  /// One line that names them, the first ones at least; nothing when there are none.
  static func note(_ batches: [UUIDv7]) -> String {
    guard !batches.isEmpty else { return "" }
    let names = batches.prefix(namedCount).map(\.description).joined(separator: ", ")
    let more = batches.count > namedCount ? " and \(batches.count - namedCount) more" : ""
    return
      "note: \(batches.count.of("superseded batch is", "superseded batches are")) left out, as the rows came back with a database "
      + "of an earlier time: \(names)\(more)\n"
  }
}
