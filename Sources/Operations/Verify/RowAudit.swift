import ArchiveModel
import RowCodec

/// Checks the lines of one object against the manifest and gathers their keys.
struct RowAudit: Sendable {
  private var reader: RowReader
  private let batchID: String
  private let batchIDBytes: [UInt8]
  private let archivedAt: [UInt8]
  private let keyColumns: [Int]
  private let timeColumn: Int
  private let range: TimeBounds
  private let targets: KeyTargets
  /// Hashes that `targets.duplicates` has not got yet.
  private var pendingHashes: [UInt64] = []

  /// What is done with the keys of the rows that could be decoded, but for what the manifest says of them.
  struct KeyTargets: Sendable {
    var duplicates: DuplicateKeys.Collector?
    var texts: KeySpool?
    var keepsDigests = false
  }

  private static let pendingHashCount = 4096

  /// Rows that the object should have.
  let expectedCount: Int

  private(set) var lineCount = 0
  /// One a decoded line, if they are to be kept.
  private(set) var keyDigests: [KeyDigest] = []
  private(set) var times: ClosedRange<Int64>?
  /// Nil where the manifest's bounds of the keys are not to be compared.
  private(set) var keyExtent: KeyExtent?
  private(set) var rangeEnds: RangeEnds

  /// Of each kind of fault only the first is told, with how many there are: a forged object may have one a line.
  private struct Fault {
    var line: Int
    var expected: String
    var found: String
    var count = 1
    var lastLine: Int
  }
  private var faults: [FindingCode: Fault] = [:]

  /// Lines that are no rows before the others are only counted: a small file can unpack to millions of them.
  private static let maximumFaultCount = 100_000

  /// The manifest has passed `ManifestCheck`, so that its columns are found.
  ///
  /// `expecting` is how many rows the object should have.
  init(_ manifest: Manifest, expecting count: Int, into targets: KeyTargets) {
    expectedCount = count
    reader = RowReader(
      columns: manifest.rowColumns)
    batchID = manifest.batchID.description
    batchIDBytes = Array(batchID.utf8)
    archivedAt = Array(manifest.archivedAt.description.utf8)
    keyColumns = manifest.primaryKey.compactMap { name in manifest.columns.firstIndex { $0.name == name } }
    timeColumn = manifest.columns.firstIndex { $0.name == manifest.timestampColumn } ?? 0
    range = TimeBounds(manifest)
    keyExtent = KeyExtent(manifest)
    rangeEnds = RangeEnds(manifest)
    self.targets = targets
  }

  var isClean: Bool { faults.isEmpty }

  mutating func read(_ line: Span<UInt8>, number: Int) {
    lineCount += 1
    // That there are more lines is a finding of its own; keys of rows that nobody promised would only fill the memory.
    guard lineCount <= expectedCount, (faults[.row]?.count ?? 0) < Self.maximumFaultCount else { return }
    do throws(RowCodecError) {
      try reader.read(line)
    } catch {
      return note(.row, number, "a row of the manifest's columns", error.description)
    }
    let (expectedID, expectedTime) = (batchIDBytes, archivedAt)
    if !reader.hasBatchID(expectedID.span) { note(.batchID, number, batchID, "another batch id") }
    if !reader.isArchivedAt(expectedTime.span) {
      note(.batchID, number, "the manifest's archived_at", "another _archived_at")
    }
    if let instant = reader.instant(timeColumn) {
      times = times.map { min($0.lowerBound, instant)...max($0.upperBound, instant) } ?? instant...instant
      if !range.contains(instant) { note(.range, number, range.description, "a time outside") }
    } else {
      note(.range, number, range.description, "no time")
    }
    if let hash = gatherKey(number) { rangeEnds.add(hash, at: reader.instant(timeColumn)) }
  }

  private mutating func gatherKey(_ number: Int) -> UInt64? {
    var hash = FNV1a()
    for column in keyColumns {
      let isFirst = column == keyColumns[0]
      let isPresent: Void? = reader.withText(column) { text in
        hash.add(text)
        if isFirst { keyExtent?.add(text) }
      }
      guard isPresent != nil else {
        note(.row, number, "a primary key", "a null in it")
        return nil
      }
      // No text form holds this byte, so that parts cannot run into one another.
      hash.add(0xFF)
    }
    if targets.duplicates != nil {
      pendingHashes.append(hash.value)
      if pendingHashes.count == Self.pendingHashCount { finish() }
    }
    if targets.keepsDigests, let digest = KeyDigest(keyColumns, of: reader) { keyDigests.append(digest) }
    targets.texts?.add(keyColumns.map { reader.text($0) ?? "" })
    return hash.value
  }

  /// Hands on what is held back, once every line was read.
  mutating func finish() {
    targets.duplicates?.add(pendingHashes)
    pendingHashes.removeAll(keepingCapacity: true)
  }

  private mutating func note(_ code: FindingCode, _ line: Int, _ expected: String, _ found: String) {
    guard let fault = faults[code] else {
      faults[code] = Fault(line: line, expected: expected, found: found, lastLine: line)
      return
    }
    guard fault.lastLine != line else { return }
    faults[code]?.count += 1
    faults[code]?.lastLine = line
  }

  func findings(at place: ObjectPlace) -> [VerifyFinding] {
    faults.sorted { $0.value.line < $1.value.line }.map { code, fault in
      place.finding(
        code, fault.expected, fault.found,
        fault.count == 1
          ? "line \(fault.line)"
          : "line \(fault.line), and \(fault.count < Self.maximumFaultCount ? "" : "at least ")\(fault.count - 1) more")
    }
  }
}

/// The instants that a manifest allows its rows.
struct TimeBounds: Sendable, CustomStringConvertible {
  let first: Timestamp
  let last: Timestamp
  /// Microseconds; zero where a value alone tells its instant.
  let slack: Int64

  /// What a time zone may be ahead of or behind UTC: PostgreSQL allows less than 16 hours (`MAX_TZDISP_HOUR`).
  private static let maximumOffset: Int64 = 16 * 3600 * 1_000_000

  init(_ manifest: Manifest) {
    (first, last) = (manifest.range.first.time, manifest.range.last.time)
    let type = manifest.columns.first { $0.name == manifest.timestampColumn }?.formType ?? ""
    let tellsInstant = type.hasPrefix("timestamp") && type.hasSuffix("with time zone")
    let isUTC = ["UTC", "ETC/UTC", "GMT", "ETC/GMT", "Z"].contains(manifest.timeZone.uppercased())
    slack = tellsInstant || isUTC ? 0 : Self.maximumOffset
  }

  /// Whether a row may have that time; an infinity only where the manifest has it, too.
  func contains(_ instant: Int64) -> Bool {
    let time = Timestamp(microseconds: instant)
    guard slack > 0, time.isFinite else { return first <= time && time <= last }
    return first.advanced(by: .microseconds(-slack)) <= time && time <= last.advanced(by: .microseconds(slack))
  }

  /// Whether the rows' earliest and latest times are those of the manifest, as far as they can be compared.
  func matches(_ times: ClosedRange<Int64>) -> Bool {
    slack > 0 || (times.lowerBound == first.microseconds && times.upperBound == last.microseconds)
  }

  var description: String { "\(first) to \(last)" }
}
