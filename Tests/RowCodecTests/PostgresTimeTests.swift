import RowCodec
import Testing

@Suite struct PostgresTimeTests {
  @Test(
    arguments: [
      (0, "2000-01-01T00:00:00Z"), (791_642_096_789_012, "2025-01-31T12:34:56.789012Z"),
      (-1, "1999-12-31T23:59:59.999999Z"), (Int64.max, "infinity"), (Int64.min, "-infinity"),
      (252_455_616_000_000_000, "10000-01-01T00:00:00Z"), (-63_113_904_000_000_000, "0001-01-01T00:00:00Z BC"),
    ] as [(Int64, String)])
  func anInstantHasOneText(_ instant: Int64, _ text: String) {
    #expect(PostgresTime.text(instant) == text)
    #expect(PostgresTime.instant(text) == instant)
  }

  @Test(
    arguments: [
      ("2000-01-01", 0), ("2000-01-01 00:00:00", 0), ("2000-01-01T02:00:00+02", 0), ("2000-01-01T02:00+02:00", 0),
      ("2000-01-01 05:30:00+0530", 0), ("1999-12-31T19:00:00-05", 0), ("2000-01-01 00:00:00.5", 500_000),
      ("0001-01-01 BC", -63_113_904_000_000_000),
    ] as [(String, Int64)])
  func datesAndOffsetsAreRead(_ text: String, _ instant: Int64) {
    #expect(PostgresTime.instant(text) == instant)
  }

  @Test(arguments: [
    "", "x", "2000", "2000-01", "2000-13-01", "2000-02-30", "2000-01-01T", "2000-01-01T25:00:00",
    "2000-01-01T00:00:00+",
    "2000-01-01T00:00:00+0", "2000-01-01T00:00:00+02:", "2000-01-01T00:00:00X", "12:00:00", "99999999-01-01",
    "2000-01-01 B",
    "0000-01-01", "9999999-01-01", "2000-01-01T00:00:00.", "Infinity",
  ])
  func anythingElseIsNil(_ text: String) {
    #expect(PostgresTime.instant(text) == nil)
  }

  @Test func daysAreDatesOfFourDigitYears() {
    #expect(PostgresTime.day(-1) == "1999-12-31")
    #expect(PostgresTime.day(86_399_999_999) == "2000-01-01")
    #expect(PostgresTime.day(.max) == nil)
    #expect(PostgresTime.day(-63_113_904_000_000_000) == nil)
    #expect(PostgresTime.day(252_455_616_000_000_000) == nil)
    #expect(PostgresTime.day(252_455_615_999_999_999) == "9999-12-31")
  }

  @Test func everyDayOfManyYearsIsReadAsItIsWritten() {
    var instant: Int64 = -211_813_488_000_000_000
    while instant < 300_000_000_000_000_000 {
      #expect(PostgresTime.instant(PostgresTime.text(instant)) == instant)
      instant += 97 * PostgresTime.microsecondsPerDay + 1_234_567
    }
  }
}
