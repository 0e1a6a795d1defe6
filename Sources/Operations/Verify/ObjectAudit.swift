import ArchiveModel
import Gzip
import Hashing
import ObjectStore

/// Checks one object as its bytes arrive; memory does not grow with the object, but for digests of its keys.
///
/// A file whose content should be no more than `maximumKeptByteCount` is kept and unpacked in one go, which takes a third of
/// the time; only where that fails is it read in pieces, which tells exactly how it is damaged.
struct ObjectAudit: ~Copyable, ByteSink {
  private let object: Manifest.Object
  private let content: ContentAudit
  private let gzip: GzipReader
  private var sum: SHA256? = SHA256()
  private var byteCount = 0
  private var gzipError: GzipError?
  /// The file so far; nil where it is read in pieces.
  private var file: [UInt8]?

  /// Larger than most, and small enough that several at once fit the memory that docs/archive-format.md promises.
  private static let maximumKeptByteCount = 1 << 24

  /// What an object of another size than it should have may unpack to beyond its manifest's word: enough to count the lines
  /// of a forged one, without letting it fill the machine.
  private static let surplusByteCount = 1 << 20

  /// Throws `outOfMemory`.
  init(_ object: Manifest.Object, rows: RowAudit) throws(GzipError) {
    self.object = object
    content = ContentAudit(rows: rows)
    gzip = try GzipReader(maximumByteCount: object.contentBytes + Self.surplusByteCount)
    if object.contentBytes <= Self.maximumKeptByteCount, object.bytes <= Self.maximumKeptByteCount { file = [] }
  }

  mutating func write(_ bytes: Span<UInt8>) {
    byteCount += bytes.count
    sum?.update(bytes)
    if let kept = file?.count {
      if kept + bytes.count <= object.bytes {
        unsafe bytes.withUnsafeBufferPointer { bytes in unsafe file?.append(contentsOf: bytes) }
        return
      }
      // Longer than it should be: what is damaged is read in pieces.
      feedKept()
    }
    feed(bytes)
  }

  /// Reads the file that was kept in pieces after all.
  private mutating func feedKept() {
    guard let kept = file.take() else { return }
    feed(kept.span)
  }

  /// Unpacks the file that was kept; false when it is damaged.
  private mutating func unpackKept() -> Bool {
    guard let kept = file, kept.count == object.bytes,
      let whole = try? GzipDecompressor().decompress(kept.span, byteCount: object.contentBytes)
    else { return false }
    file = nil
    content.receive(whole.span)
    return true
  }

  private mutating func feed(_ bytes: Span<UInt8>) {
    // Damage ends the unpacking, not the reading: the sum of the whole file is still wanted.
    guard gzipError == nil else { return }
    do throws(GzipError) {
      var sink = content
      try gzip.feed(bytes, into: &sink)
    } catch {
      gzipError = error
    }
  }

  /// What was found, once every byte has come; called once.
  mutating func finish(at place: ObjectPlace) -> ObjectResult {
    var result = ObjectResult()
    let sha256 = sum.take()?.finalize().hex ?? ""
    if byteCount != object.bytes {
      result.findings.append(place.finding(.size, "\(object.bytes) bytes", "\(byteCount) bytes"))
    }
    if sha256 != object.sha256 { result.findings.append(place.finding(.sha256, object.sha256, sha256)) }
    if file == nil || !unpackKept() {
      feedKept()
      if gzipError == nil {
        do throws(GzipError) { try gzip.finish() } catch { gzipError = error }
      }
    }
    content.finish(isComplete: gzipError == nil)
    content.rows.finish()
    let lines = content.lineCount
    if let gzipError {
      result.findings.append(
        place.finding(.gzip, "one whole gzip member", gzipError.cause, "\(lines) of \(object.rows) lines could be read")
      )
    } else {
      if content.byteCount != object.contentBytes || content.sha256 != object.contentSHA256 {
        result.findings.append(
          place.finding(
            .contentSHA256, "\(object.contentSHA256) (\(object.contentBytes) bytes)",
            "\(content.sha256) (\(content.byteCount) bytes)"))
      }
      if lines != object.rows || content.hasUnendedLine {
        result.findings.append(
          place.finding(
            .lineCount, "\(object.rows) lines", "\(content.hasSurplus ? "more than " : "")\(lines) lines",
            content.hasUnendedLine ? "the last line has no newline" : ""))
      }
    }
    result.findings += content.rows.findings(at: place)
    if content.longLineCount > 0 {
      result.notes.append(
        "\(place.key): \(content.longLineCount.of("line")) of more than 32 MiB counted and summed up, but not looked into"
      )
    }
    result.isWhole = gzipError == nil && content.rows.isClean && content.longLineCount == 0
    result.rows = content.rows.lineCount
    result.keyDigests = content.rows.keyDigests
    result.times = content.rows.times
    result.keyExtent = content.rows.keyExtent
    result.rangeEnds = content.rows.rangeEnds
    return result
  }
}

/// Which object a finding is about.
struct ObjectPlace: Sendable {
  var table: TableName
  var key: String
  var batchID: UUIDv7

  func finding(_ code: FindingCode, _ expected: String, _ found: String, _ detail: String = "") -> VerifyFinding {
    VerifyFinding(code, table: table, key: key, batchID: batchID, expected: expected, found: found, detail: detail)
  }
}

/// What the audit of an object found.
struct ObjectResult: Sendable {
  var findings: [VerifyFinding] = []
  var notes: [String] = []
  /// Every line was read and is a row.
  var isWhole = false
  var rows = 0
  /// One a row that could be decoded, where they were asked for.
  var keyDigests: [KeyDigest] = []
  /// The earliest and latest instant of the rows, in PostgreSQL's microseconds.
  var times: ClosedRange<Int64>?
  /// Nil where the manifest's bounds of the keys are not to be compared.
  var keyExtent: KeyExtent?
  /// Nil where no rows were looked at.
  var rangeEnds: RangeEnds?
}

/// Sums up what an object unpacks to and cuts it into lines.
final class ContentAudit: GzipSink {
  var rows: RowAudit
  private(set) var byteCount = 0
  private(set) var lineCount = 0
  private(set) var hasUnendedLine = false
  private(set) var sha256 = ""
  private var sum: SHA256? = SHA256()
  /// The beginning of a line whose end has not come yet.
  private var partial: [UInt8] = []
  private var isTooLong = false
  private(set) var longLineCount = 0

  /// Longer lines are not looked into, so that no object fills the memory.
  private static let maximumLineByteCount = 1 << 25

  /// Lines looked for beyond those that there should be: a forged object can hold a thousand for each of its bytes.
  private static let surplusLineCount = 1 << 16

  /// There are more lines than were looked for.
  var hasSurplus: Bool { lineCount > rows.expectedCount + Self.surplusLineCount }

  init(rows: RowAudit) {
    self.rows = rows
  }

  func receive(_ content: Span<UInt8>) {
    byteCount += content.count
    sum?.update(content)
    var start = 0
    while !hasSurplus, let end = content.newline(from: start) {
      lineCount += 1
      if partial.isEmpty, !isTooLong {
        rows.read(content.extracting(start..<end), number: lineCount)
      } else {
        keep(content.extracting(start..<end))
        endPartialLine()
      }
      start = end + 1
    }
    if hasSurplus { partial = [] } else { keep(content.extracting(start..<content.count)) }
  }

  private func keep(_ bytes: Span<UInt8>) {
    guard !isTooLong, partial.count + bytes.count <= Self.maximumLineByteCount else {
      (isTooLong, partial) = (true, [])
      return
    }
    unsafe bytes.withUnsafeBufferPointer { bytes in unsafe partial.append(contentsOf: bytes) }
  }

  private func endPartialLine() {
    let line = partial
    partial = []
    if isTooLong {
      (isTooLong, longLineCount) = (false, longLineCount + 1)
    } else {
      rows.read(line.span, number: lineCount)
    }
  }

  /// A last line without its newline counts as a line only when nothing was cut off.
  func finish(isComplete: Bool) {
    if let sum = sum.take() { sha256 = sum.finalize().hex }
    guard isComplete, !hasSurplus, !partial.isEmpty || isTooLong else { return }
    hasUnendedLine = true
    lineCount += 1
    endPartialLine()
    lineCount -= 1
  }
}
