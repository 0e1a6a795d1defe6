import ArchiveModel

extension ValueType<DailyWindow> {
  /// Two times of day, `01:00-05:00`; over midnight when the second is the earlier one.
  static let dailyWindow = ValueType.scalar(
    schema: [
      ("type", .texts(["string", "null"])),
      ("pattern", .text("^$|^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$|\\$\\{")),
    ],
    show: { .text($0.description) },
    parse: { (text) throws(ValueMismatch) in
      guard let window = DailyWindow(text) else {
        throw ValueMismatch(
          message: "must be two different times of day such as \"01:00-05:00\"",
          hint: "from 00:00 to 24:00, always with two digits; 22:00-04:00 goes over midnight")
      }
      return window
    })
}
