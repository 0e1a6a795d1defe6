extension ValueType<Duration> {
  /// A length of time in days, hours, minutes and seconds: `30m`, `2h`, `90s`, `1d`, `1h30m`.
  ///
  /// - Parameter range: the accepted lengths, in whole seconds.
  static func duration(_ range: ClosedRange<Int>) -> ValueType {
    let bounds = "from \(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))"
    return .scalar(
      schema: [
        ("type", .texts(["string", "null"])),
        ("pattern", .text("^$|^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$|\\$\\{")),
      ],
      show: { .text(DurationText.write(Int($0.components.seconds))) },
      parse: { (text) throws(ValueMismatch) in
        guard let seconds = DurationText.seconds(text) else {
          let isNumber = text.allSatisfy { ("0"..."9").contains($0) }
          throw ValueMismatch(
            message: "must be a duration such as 30m, 2h, 90s, 1d or 1h30m",
            hint: isNumber ? "give the unit: \(text)s is \(text) seconds" : nil)
        }
        guard range.contains(seconds) else { throw ValueMismatch(message: "must be \(bounds)") }
        return .seconds(seconds)
      })
  }
}

/// Durations as people write them.
enum DurationText {
  private static let units: [(letter: Character, seconds: Int)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

  /// The seconds of a text such as `1h30m`: each unit at most once, the larger first. Nil for anything else.
  static func seconds(_ text: String) -> Int? {
    var total = 0
    var rest = text[...]
    var remaining = units[...]
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      rest = rest.dropFirst(digits.count)
      // Nine digits of days still fit an Int of seconds.
      guard digits.count <= 9, let count = Int(digits), let letter = rest.popFirst(),
        let index = remaining.firstIndex(where: { $0.letter == letter })
      else { return nil }
      total += count * remaining[index].seconds
      remaining = remaining[(index + 1)...]
    }
    return text.isEmpty ? nil : total
  }

  /// The shortest text of a number of seconds.
  static func write(_ seconds: Int) -> String {
    var rest = seconds
    var text = ""
    for unit in units where rest >= unit.seconds {
      text += "\(rest / unit.seconds)\(unit.letter)"
      rest %= unit.seconds
    }
    return text.isEmpty ? "0s" : text
  }
}
