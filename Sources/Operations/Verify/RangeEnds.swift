import ArchiveModel

/// Whether the first and the last row that a manifest names are among the batch's rows: `recover` looks for them in the
/// database to tell whether rows came back.
struct RangeEnds: Sendable {
  private struct End: Sendable {
    var hash: UInt64
    /// Nil where a value alone does not tell its instant.
    var instant: Int64?
    var isFound = false
  }
  /// None where the key's text forms could be spelled in several ways.
  private var ends: [End] = []

  private static let plainTypes: Set = ["smallint", "integer", "bigint", "oid", "uuid", "text"]

  init(_ manifest: Manifest) {
    let types = manifest.primaryKey.compactMap { name in manifest.columns.first { $0.name == name }?.formType }
    guard types.count == manifest.primaryKey.count, types.allSatisfy(Self.plainTypes.contains) else { return }
    let isExact = TimeBounds(manifest).slack == 0
    ends = [manifest.range.first, manifest.range.last].map { end in
      var hash = FNV1a()
      for part in end.key {
        for byte in part.utf8 { hash.add(byte) }
        hash.add(0xFF)
      }
      return End(hash: hash.value, instant: isExact ? end.time.microseconds : nil)
    }
  }

  /// A row, by the hash that `RowAudit` gives to its key.
  mutating func add(_ hash: UInt64, at instant: Int64?) {
    for index in ends.indices where ends[index].hash == hash {
      if ends[index].instant == nil || ends[index].instant == instant { ends[index].isFound = true }
    }
  }

  /// Takes in what another object of the batch has.
  mutating func add(_ other: RangeEnds) {
    for index in ends.indices where other.ends[index].isFound { ends[index].isFound = true }
  }

  /// Nil when both are there.
  var fault: String? {
    switch (ends.first?.isFound, ends.last?.isFound) {
    case (false, false): "neither the first nor the last row"
    case (false, _): "no such first row"
    case (_, false): "no such last row"
    default: nil
    }
  }
}
