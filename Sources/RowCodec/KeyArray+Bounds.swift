extension KeyArray {
  /// The least and the greatest value as text forms; nil when there is none.
  ///
  /// Of types alone whose order needs no server: integers, `oid` and `uuid` (OIDs from `pg_type.dat`). Others, collated text
  /// among them, give nil.
  package var bounds: (least: String, greatest: String)? {
    switch elementTypeOID {
    case 20, 21, 23, Self.oidType: integerBounds
    case 2950: uuidBounds
    default: nil
    }
  }

  private static let oidType: UInt32 = 26

  private var integerBounds: (least: String, greatest: String)? {
    var bounds: ClosedRange<Int64>?
    forEachValue { value in
      let number: Int64
      switch value.count {
      case 2: number = Int64(value.int16(at: 0))
      case 4:
        let word = value.int32(at: 0)
        number = elementTypeOID == Self.oidType ? Int64(UInt32(bitPattern: word)) : Int64(word)
      default: number = value.int64(at: 0)
      }
      bounds = bounds.map { min($0.lowerBound, number)...max($0.upperBound, number) } ?? number...number
    }
    return bounds.map { ("\($0.lowerBound)", "\($0.upperBound)") }
  }

  private var uuidBounds: (least: String, greatest: String)? {
    var bounds: ClosedRange<UInt128>?
    forEachValue { value in
      let high = UInt64(bitPattern: value.int64(at: 0))
      let number = UInt128(high) << 64 | UInt128(UInt64(bitPattern: value.int64(at: 8)))
      bounds = bounds.map { min($0.lowerBound, number)...max($0.upperBound, number) } ?? number...number
    }
    return bounds.map { (Self.uuid($0.lowerBound), Self.uuid($0.upperBound)) }
  }

  private static func uuid(_ number: UInt128) -> String {
    let digits = String(number, radix: 16)
    var text = String(repeating: "0", count: 32 - digits.count) + digits
    for place in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: place)) }
    return text
  }
}
