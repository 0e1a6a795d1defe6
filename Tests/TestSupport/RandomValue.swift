/// Literals of PostgreSQL for random values of each type, with the extremes among them.
package enum RandomValue {
  /// Makes one literal.
  package typealias Make = @Sendable (inout SeededRandom) -> String

  @Sendable package static func text(_ random: inout SeededRandom) -> String {
    let characters: [Character] = [
      "a", "B", "7", " ", " ", "\"", "\\", "'", "\n", "\r", "\t", "\u{1}", "\u{1f}", "\u{7f}", "{", "}", ",", ";", "/",
      "é", "ß", "€", "中", "\u{2028}", "😀", "\u{fffd}", "\u{10ffff}",
    ]
    if random.chance(5) { return random.pick(["", "NULL", "null", "\\N", "\\.", "{}", "[]", " ", "\"\""]) }
    let isPlain = random.chance(40)
    return String(
      (0..<random.int(0...random.pick([3, 9, 40]))).map { _ in random.pick(isPlain ? ["x", "y", "z"] : characters) })
  }

  @Sendable package static func json(_ random: inout SeededRandom) -> String {
    json(&random, depth: 0, isBinary: false)
  }
  @Sendable package static func jsonb(_ random: inout SeededRandom) -> String {
    json(&random, depth: 0, isBinary: true)
  }

  private static func json(_ random: inout SeededRandom, depth: Int, isBinary: Bool) -> String {
    let space = random.pick(isBinary ? [""] : ["", "", "", "", " ", "  ", "\n", "\t", "\r\n"])
    let string = { (random: inout SeededRandom) in
      "\""
        + random.pick(
          ["", "k", "a b", "é😀", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "\\/"]
            + (isBinary ? [] : ["\\u0000", "\\ud800"])) + "\""
    }
    switch random.int(0...(depth > 4 ? 5 : 8)) {
    case 0: return space + random.pick(["null", "true", "false"]) + space
    case 1...2: return space + string(&random)
    case 3...5: return random.pick(["0", "-0", "1.50", "1e10", "-12.5E-3", "123456789012345678901234567890", "1E400"])
    case 6...7:
      let members = (0..<random.int(0...4)).map { _ in
        string(&random) + space + ":" + json(&random, depth: depth + 1, isBinary: isBinary)
      }
      return space + "{" + members.joined(separator: space + ",") + space + "}"
    default:
      let items = (0..<random.int(0...4)).map { _ in json(&random, depth: depth + 1, isBinary: isBinary) }
      return "[" + space + items.joined(separator: "," + space) + "]" + space
    }
  }

  @Sendable package static func numeric(_ random: inout SeededRandom) -> String {
    if random.chance(10) {
      return random.pick(
        [
          "NaN", "0", "0.000", "-0.00001", "1e131071", "1e-16383", "10000", "99990000.0001",
        ] + (TestServer.version < 140_000 ? [] : ["Infinity", "-Infinity"]))
    }
    let digits = { (random: inout SeededRandom, count: Int) in
      String((0..<count).map { _ in random.chance(30) ? "0" : random.pick(["1", "9", "5", "7"]) })
    }
    let sign = random.pick(["", "-"])
    let whole = digits(&random, random.int(1...random.pick([3, 12, 40])))
    return sign + whole + (random.chance(60) ? "." + digits(&random, random.int(1...random.pick([2, 9, 50]))) : "")
  }

  @Sendable package static func float8(_ random: inout SeededRandom) -> String {
    if random.chance(20) {
      return random.pick([
        "NaN", "Infinity", "-Infinity", "0", "-0", "5e-324", "1.7976931348623157e308", "1e15", "1e14", "0.0001",
        "0.00001", "2.5", "100", "1e22",
      ])
    }
    if random.chance(40) {
      return "\(Double(random.int(-1_000_000...1_000_000)) / random.pick([1, 10, 100, 1000, 1e6]))"
    }
    let value = Double(bitPattern: random.next())
    return value.isFinite ? "\(value)" : "1.5"
  }

  @Sendable package static func float4(_ random: inout SeededRandom) -> String {
    if random.chance(20) {
      return random.pick([
        "NaN", "Infinity", "-Infinity", "0", "-0", "1e-45", "3.4028235e38", "1e6", "1e5", "0.0001", "0.00001", "2.5",
        "16777216",
      ])
    }
    if random.chance(40) { return "\(Float(random.int(-100_000...100_000)) / random.pick([1, 10, 100, 1000]))" }
    let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
    return value.isFinite ? "\(value)" : "1.5"
  }

  @Sendable package static func bytea(_ random: inout SeededRandom) -> String {
    "\\x" + (0..<random.int(0...random.pick([2, 5, 60]))).map { _ in hexadecimal(random.int(0...255)) }.joined()
  }

  @Sendable package static func uuid(_ random: inout SeededRandom) -> String {
    (0..<16).map { _ in hexadecimal(random.int(0...255)) }.joined()
  }

  private static func hexadecimal(_ byte: Int) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  @Sendable package static func date(_ random: inout SeededRandom) -> String {
    if random.chance(15) {
      return random.pick([
        "infinity", "-infinity", "4714-11-24 BC", "5874897-12-31", "0001-01-01", "0001-12-31 BC", "2000-02-29",
        "1999-12-31", "10000-01-01",
      ])
    }
    let year = random.pick([
      random.int(1...3), random.int(1900...2100), random.int(1900...2100), random.int(9000...99999),
    ])
    let suffix = random.chance(10) ? " BC" : ""
    return pad(suffix.isEmpty ? year : year % 4700 + 1, 4) + "-" + pad(random.int(1...12), 2) + "-"
      + pad(random.int(1...28), 2) + suffix
  }

  @Sendable package static func time(_ random: inout SeededRandom) -> String {
    if random.chance(10) { return random.pick(["24:00:00", "00:00:00", "23:59:59.999999", "00:00:00.000001"]) }
    let fraction = random.pick(["", "", ".5", ".25", ".789012", ".000100", ".9", ".123"])
    return pad(random.int(0...23), 2) + ":" + pad(random.int(0...59), 2) + ":" + pad(random.int(0...59), 2) + fraction
  }

  @Sendable package static func timestamp(_ random: inout SeededRandom) -> String {
    if random.chance(10) {
      return random.pick([
        "infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999", "1999-12-31 23:59:59.999999",
      ])
    }
    let day = random.chance(90) ? date(&random) : "2000-01-01"
    guard !day.hasSuffix("infinity"), !day.hasPrefix("5874897") else {
      return day.hasSuffix("infinity") ? day : "2024-02-29"
    }
    let isBC = day.hasSuffix(" BC")
    return (isBC ? String(day.dropLast(3)) : day) + " " + time(&random) + (isBC ? " BC" : "")
  }

  @Sendable package static func zone(_ random: inout SeededRandom) -> String {
    random.pick(["+00", "+02", "-05:30", "+14", "-12", "+01:02:03", "-00:00:07", "+15:59:59", "-15:59:59"])
  }

  @Sendable package static func interval(_ random: inout SeededRandom) -> String {
    if random.chance(10) {
      return random.pick([
        // Before 15 the server cannot write more hours than an int32 holds.
        "178956970 years 7 mons 2147483646 days \(TestServer.version < 150_000 ? 2_147_483_647 : 2_562_047_787):59:59.999999",
        "-178956970 years -8 mons -2147483648 days",
        "0", "-1 microsecond", "P-1Y-2M3DT-4H-5M-6.789S", "P1Y-2M3DT-4H5M-6.789S", "PT-0.000001S",
      ])
    }
    let part = { (random: inout SeededRandom, unit: String) in
      random.chance(50) ? "\(random.int(-100...100)) \(unit) " : ""
    }
    let date = part(&random, "years") + part(&random, "mons") + part(&random, "days")
    return date + part(&random, "hours") + part(&random, "mins") + part(&random, "secs") + part(&random, "microseconds")
      + "0 millennia"
  }

  /// An array literal of random dimensions, bounds and NULLs around a maker of elements.
  package static func array(of element: @escaping Make, delimiter: String = ",") -> Make {
    { random in
      if random.chance(10) { return "{}" }
      let dimensions = random.pick([1, 1, 1, 1, 1, 1, 2, 2, 3, 6])
      let sizes = (0..<dimensions).map { _ in random.int(1...(dimensions > 3 ? 2 : 4)) }
      let bounds =
        random.chance(15)
        ? sizes.map { size in
          let lower = random.int(-3...3)
          return "[\(lower):\(lower + size - 1)]"
        }.joined() + "=" : ""
      func level(_ depth: Int, _ random: inout SeededRandom) -> String {
        guard depth < sizes.count else {
          if random.chance(15) { return "NULL" }
          let text = element(&random)
          return "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
        }
        return "{" + (0..<sizes[depth]).map { _ in level(depth + 1, &random) }.joined(separator: delimiter) + "}"
      }
      return bounds + level(0, &random)
    }
  }

  /// The number with zeros in front, at least that wide.
  package static func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
