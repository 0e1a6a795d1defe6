import RowCodec

extension RowReader {
  /// The value of the column in the row read last, as a number: nil for NULL, and a nil within for what is no whole number
  /// of 64 bits.
  func wholeNumber(_ column: Int) -> Int64?? {
    withText(column, Self.wholeNumber)
  }

  /// Nil for what is no whole number, or too large a one.
  private static func wholeNumber(_ text: Span<UInt8>) -> Int64? {
    let isNegative = text.count > 1 && text[0] == UInt8(ascii: "-")
    guard text.count > 0 else { return nil }
    var value: Int64 = 0
    for index in (isNegative ? 1 : 0)..<text.count {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (tenfold, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (next, isStillTooLarge) = tenfold.subtractingReportingOverflow(Int64(digit))
      guard !isTooLarge, !isStillTooLarge else { return nil }
      value = next
    }
    // Summed up below zero, where there is room for one more.
    guard !isNegative else { return value }
    return value == .min ? nil : -value
  }
}
