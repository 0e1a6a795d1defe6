/// Numbers on their way into a line.
extension ByteBuffer {
  /// Appends a `numeric` (its binary form) as a JSON string with every digit kept.
  ///
  /// The form: digit count, weight, sign and scale (16 bits each), then digits of base 10,000. `numeric_send` and
  /// `get_str_from_var` in PostgreSQL's numeric.c are the reference.
  mutating func appendNumeric(_ value: Span<UInt8>) throws(FieldFailure) {
    guard value.count >= 8 else { throw .length }
    // Unsigned: the largest values have more than 32,767 digits of base 10,000.
    let digitCount = Int(UInt16(bitPattern: value.int16(at: 0)))
    let weight = Int(value.int16(at: 2))
    let sign = UInt16(bitPattern: value.int16(at: 4))
    let scale = Int(value.int16(at: 6))
    guard value.count == 8 &+ 2 &* digitCount else { throw .length }
    switch sign {
    case 0x0000, 0x4000: break
    case 0xc000: return append(ascii: "\"NaN\"")
    case 0xd000: return append(ascii: "\"Infinity\"")
    case 0xf000: return append(ascii: "\"-Infinity\"")
    default: throw .digits
    }
    guard scale >= 0, scale <= 0x3fff else { throw .precision }
    // Quotes, sign, point and the last group's surplus are the 16.
    try write(atMost: max(weight &+ 1, 1) &* 4 &+ scale &+ 16) { (cursor) throws(FieldFailure) in
      func group(_ index: Int) throws(FieldFailure) -> Int {
        guard index >= 0, index < digitCount else { return 0 }
        let group = Int(value.int16(at: 8 &+ 2 &* index))
        guard group >= 0, group < 10_000 else { throw .digits }
        return group
      }
      cursor.put(UInt8(ascii: "\""))
      if sign == 0x4000 { cursor.put(UInt8(ascii: "-")) }
      if weight < 0 {
        cursor.put(UInt8(ascii: "0"))
      } else {
        cursor.put(decimal: UInt64(try group(0)))
        var index = 1
        while index <= weight {
          cursor.putFour(try group(index))
          index &+= 1
        }
      }
      if scale > 0 {
        cursor.put(UInt8(ascii: "."))
        var index = weight &+ 1
        var missing = scale
        while missing >= 4 {
          cursor.putFour(try group(index))
          index &+= 1
          missing &-= 4
        }
        var rest = missing > 0 ? try group(index) : 0
        while missing > 0 {
          cursor.put(UInt8(ascii: "0") &+ UInt8(rest / 1000))
          rest = rest % 1000 &* 10
          missing &-= 1
        }
      }
      cursor.put(UInt8(ascii: "\""))
    }
  }

  /// Appends a `double precision`: the shortest number that reads back to the same bits, laid out as PostgreSQL does.
  mutating func append(_ value: Double) {
    // Quotients of integers below 2^53 and powers of ten up to 10^22 are exact to the last bit.
    appendFloat(value, exactLimit: 1e15, precision: 15)
  }

  /// Appends a `real`, likewise.
  mutating func append(_ value: Float) {
    appendFloat(value, exactLimit: 1e6, precision: 6)
  }

  /// `precision` is the type's FLT_DIG or DBL_DIG: decimals of so many digits all differ, and larger exponents are written as such.
  @inline(__always)
  private mutating func appendFloat<Value: BinaryFloatingPoint & CustomStringConvertible>(
    _ value: Value, exactLimit: Value, precision: Int
  ) {
    guard value.isFinite else {
      if value.isNaN { return append(ascii: "\"NaN\"") }
      return value < 0 ? append(ascii: "\"-Infinity\"") : append(ascii: "\"Infinity\"")
    }
    let isNegative = value.sign == .minus
    // Minus zero keeps a fraction, because JSON readers take `-0` for the integer 0.
    guard value != 0 else { return isNegative ? append(ascii: "-0.0") : append(ascii: "0") }
    let magnitude = value.magnitude
    var scale: Value = 1
    for exponent in 0...4 {
      let scaled = magnitude * scale
      guard scaled < exactLimit else { break }
      // The nearest integer; should it be the wrong one of two, the division tells.
      let digits = UInt64(scaled + 0.5)
      if digits > 0, Value(digits) / scale == magnitude {
        return appendDecimal(isNegative, digits, exponent: -exponent, precision: precision)
      }
      scale *= 10
    }
    let (digits, exponent) = Self.parts(magnitude.description)
    appendDecimal(isNegative, digits, exponent: exponent, precision: precision)
  }

  /// Takes `12.5`, `1e-07` and the like apart: 125 and -1, 1 and -7. At most 18 digits, which 64 bits hold.
  private static func parts(_ description: String) -> (digits: UInt64, exponent: Int) {
    var digits: UInt64 = 0
    var exponent = 0
    var written = 0
    var isFraction = false
    var isExponent = false
    var isExponentNegative = false
    for byte in description.utf8 {
      switch byte {
      case UInt8(ascii: "."): isFraction = true
      case UInt8(ascii: "e"): isExponent = true
      case UInt8(ascii: "-"): isExponentNegative = true
      case UInt8(ascii: "+"): break
      default:
        let digit = Int(byte &- UInt8(ascii: "0"))
        if isExponent {
          written = written &* 10 &+ digit
        } else {
          digits = digits &* 10 &+ UInt64(digit)
          if isFraction { exponent &-= 1 }
        }
      }
    }
    return (digits, exponent &+ (isExponentNegative ? -written : written))
  }

  /// Writes `digits` × 10^`exponent` in the layout of `double_to_shortest_decimal_buf`: plain from 1e-4 up to 10^precision.
  private mutating func appendDecimal(_ isNegative: Bool, _ digits: UInt64, exponent: Int, precision: Int) {
    var digits = digits
    var exponent = exponent
    while digits % 10 == 0, digits > 0 {
      digits /= 10
      exponent &+= 1
    }
    var text: InlineArray<20, UInt8> = .init(repeating: 0)
    var count = 0
    var rest = digits
    repeat {
      text[count] = UInt8(ascii: "0") &+ UInt8(rest % 10)
      rest /= 10
      count &+= 1
    } while rest > 0
    let leading = exponent &+ count &- 1
    write(atMost: 48) { cursor in
      if isNegative { cursor.put(UInt8(ascii: "-")) }
      if leading < -4 || leading >= precision {
        cursor.put(text[count &- 1])
        if count > 1 { cursor.put(UInt8(ascii: ".")) }
        for index in 1..<max(count, 1) { cursor.put(text[count &- 1 &- index]) }
        cursor.put(UInt8(ascii: "e"))
        cursor.put(leading < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        if leading.magnitude < 10 { cursor.put(UInt8(ascii: "0")) }
        cursor.put(decimal: UInt64(leading.magnitude))
      } else if leading < 0 {
        cursor.put(ascii: "0.")
        for _ in 1..<(-leading) { cursor.put(UInt8(ascii: "0")) }
        for index in 0..<count { cursor.put(text[count &- 1 &- index]) }
      } else {
        for index in 0..<max(count, leading &+ 1) {
          if index == leading &+ 1 { cursor.put(UInt8(ascii: ".")) }
          cursor.put(index < count ? text[count &- 1 &- index] : UInt8(ascii: "0"))
        }
      }
    }
  }
}
