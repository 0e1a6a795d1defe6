import Foundation
import TestSupport

/// Makes literals of any type of a catalog, composed from the makers of its base types.
struct CatalogValues {
  private let types: [Int: CatalogType]

  init(_ types: [CatalogType]) {
    self.types = Dictionary(types.map { ($0.oid, $0) }) { first, _ in first }
  }

  /// The names of the base types without a maker, which no type known to refuse all input excuses.
  var unknownBaseTypes: [String] {
    types.values
      .filter { $0.kind == "b" && $0.element == nil && RandomValue.base($0.typname) == nil }
      .map(\.typname).filter { !RandomValue.withoutInput.contains($0) }.sorted()
  }

  /// A literal, or nil for NULL: now and then, and always for a type that takes no input.
  func literal(_ oid: Int, _ random: inout SeededRandom) -> String? {
    random.chance(8) ? nil : value(oid, &random)
  }

  private func value(_ oid: Int, _ random: inout SeededRandom) -> String? {
    guard let type = types[oid] else { return nil }
    if let element = type.element {
      return array(of: element, type.delimiter, &random)
    }
    switch type.kind {
    case "d": return Self.domains[type.typname]?(&random) ?? value(type.base, &random)
    case "e": return type.labels.isEmpty ? nil : random.pick(type.labels)
    case "r": return range(over: type.subtype ?? 0, &random)
    case "m":
      let count = random.int(0...3)
      return "{" + (0..<count).compactMap { _ in type.range.flatMap { value($0, &random) } }.joined(separator: ",")
        + "}"
    case "c":
      let members = type.attributes.map { literal($0, &random).map(Self.quoted) ?? "" }
      return "(" + members.joined(separator: ",") + ")"
    default: return RandomValue.base(type.typname)?(&random)
    }
  }

  /// Domains whose condition most values of the base type do not meet.
  private static let domains: [String: RandomValue.Make] = [
    "cardinal_number": { String($0.int(0...2_147_483_647)) },
    "yes_or_no": { $0.pick(["YES", "NO"]) },
    // PostgreSQL rounds the last moment to two digits, and so to one that it cannot read back.
    "time_stamp": { RandomValue.date(&$0).replacingOccurrences(of: "5874897", with: "9999") },
    "positive": { String($0.int(1...99)) },
    "earth": { _ in "(6378168, 0, 0)" },
  ]

  private func array(of element: Int, _ delimiter: String, _ random: inout SeededRandom) -> String {
    // What takes no input can still be NULL within an array.
    guard value(element, &random) != nil else { return random.pick(["{}", "{NULL}", "{NULL,NULL}", "[0:0]={NULL}"]) }
    return RandomValue.array(of: { value(element, &$0) ?? "" }, delimiter: delimiter)(&random)
  }

  private func range(over subtype: Int, _ random: inout SeededRandom) -> String? {
    if random.chance(10) { return random.pick(["empty", "(,)"]) }
    guard let (low, high) = bounds(subtype, &random) else { return nil }
    let (lower, upper) = (Self.quoted(low), Self.quoted(high))
    // Equal bounds that are not both included make the range empty.
    return random.pick([
      "[\(lower),\(upper)]", "[\(lower),\(upper))", "(\(lower),\(upper))", "(,\(upper)]", "[\(lower),)",
    ])
  }

  /// Two values in ascending order; the same twice where the order is not known.
  private func bounds(_ subtype: Int, _ random: inout SeededRandom) -> (String, String)? {
    let (low, high) = (random.int(1...4000), random.int(5000...9999))
    switch types[subtype]?.typname {
    case "int4", "int8": return ("-\(low)", "\(high)")
    case "numeric", "float8": return ("-\(low).50", "\(high).25")
    case "date": return (random.pick(["-infinity", "0044-03-15 BC", "\(low + 1000)-01-31"]), "\(high)-12-31")
    case "timestamp", "timestamptz":
      return (
        random.pick(["-infinity", "\(low + 1000)-01-31 12:34:56.789"]), random.pick(["infinity", "\(high)-12-31"])
      )
    case "text", "citext": return (random.pick(["", "a\"\\,é", "a ("]), random.pick(["b)]", "b\n'"]))
    default: return value(subtype, &random).map { ($0, $0) }
    }
  }

  /// As composite and range literals take any text: quotes and backslashes doubled.
  private static func quoted(_ text: String) -> String {
    "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? [$0, $0] : [$0] } + "\""
  }
}
