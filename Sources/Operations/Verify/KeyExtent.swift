import ArchiveModel

/// The least and the greatest first part of the rows' primary keys, to hold against what the manifest says of them.
///
/// A manifest that says less than the rows hold would hide rows from a search by key.
struct KeyExtent: Sendable {
  private enum Kind: Sendable { case integer, uuid }

  private let kind: Kind
  /// By numbers that are in PostgreSQL's order of the values.
  private var span: ClosedRange<UInt128>?

  /// Nil where searches do not go by the manifest's bounds: it has none, or the order of the type takes a server.
  init?(_ manifest: Manifest) {
    guard manifest.range.keys != nil else { return nil }
    switch manifest.columns.first(where: { $0.name == manifest.primaryKey.first })?.formType {
    case "smallint", "integer", "bigint", "oid": kind = .integer
    case "uuid": kind = .uuid
    default: return nil
    }
  }

  /// Takes a row's value, in the form that the row's reader has checked.
  mutating func add(_ text: Span<UInt8>) {
    guard let number = number(text) else { return }
    guard let span else {
      self.span = number...number
      return
    }
    if number < span.lowerBound {
      self.span = number...span.upperBound
    } else if number > span.upperBound {
      self.span = span.lowerBound...number
    }
  }

  /// Takes the values of another object of the batch.
  mutating func add(_ other: KeyExtent) {
    guard let more = other.span else { return }
    span = span.map { min($0.lowerBound, more.lowerBound)...max($0.upperBound, more.upperBound) } ?? more
  }

  /// What is wrong with the bounds; nil when they are those of the rows.
  func fault(of bounds: Manifest.KeyBounds) -> String? {
    guard let span else { return nil }
    let (least, greatest) = (Array(bounds.least.utf8), Array(bounds.greatest.utf8))
    guard let least = number(least.span), let greatest = number(greatest.span) else { return "bounds that are no keys" }
    if span.lowerBound < least { return "a row whose key is less" }
    if span.upperBound > greatest { return "a row whose key is greater" }
    return span.lowerBound == least && span.upperBound == greatest
      ? nil : "no row that has the least or greatest of them"
  }

  private func number(_ text: Span<UInt8>) -> UInt128? {
    switch kind {
    case .integer: Self.integer(text)
    case .uuid: Self.uuid(text)
    }
  }

  private static func integer(_ text: Span<UInt8>) -> UInt128? {
    let isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    // No more digits than the greatest bigint has.
    guard (1...19).contains(text.count - start) else { return nil }
    var value: UInt64 = 0
    for index in start..<text.count {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + UInt64(digit)
    }
    let zero = UInt128(1) << 64
    return isNegative ? zero - UInt128(value) : zero + UInt128(value)
  }

  private static func uuid(_ text: Span<UInt8>) -> UInt128? {
    guard text.count == 36 else { return nil }
    var value: UInt128 = 0
    for index in text.indices {
      if [8, 13, 18, 23].contains(index) {
        guard text[index] == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt8
      switch text[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = text[index] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[index] - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[index] - UInt8(ascii: "A") + 10
      default: return nil
      }
      value = value << 4 | UInt128(digit)
    }
    return value
  }
}
