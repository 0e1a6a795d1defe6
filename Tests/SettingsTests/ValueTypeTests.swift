import Testing

@testable import Settings

@Suite struct ValueTypeTests {
  @Test(arguments: [
    ("30m", 1_800), ("2h", 7_200), ("90s", 90), ("1d", 86_400), ("1h30m", 5_400), ("1d2h3m4s", 93_784), ("0s", 0),
    ("100000000s", 100_000_000),
  ])
  func durationsAreRead(text: String, seconds: Int) {
    #expect(DurationText.seconds(text) == seconds)
  }

  @Test(arguments: ["", "30", "m", "1.5h", "-1s", "1 h", "30m1h", "1h1h", "1w", "10ms", "1H", "9999999999s", "１h"])
  func otherTextsAreNoDurations(text: String) {
    #expect(DurationText.seconds(text) == nil)
  }

  @Test(arguments: [(0, "0s"), (90, "1m30s"), (1_800, "30m"), (86_400, "1d"), (93_784, "1d2h3m4s")])
  func durationsAreWrittenInTheShortestForm(seconds: Int, text: String) {
    #expect(DurationText.write(seconds) == text)
  }

  @Test(arguments: [
    ("batchsize", "batch_size"), ("Batch-Size", "batch_size"), ("bacth_size", "batch_size"), ("worker", "workers"),
    ("pase", "pace"), ("tiemstamp_colum", "timestamp_column"), ("tablespace", nil), ("xyz", nil), ("_", nil), ("", nil),
    ("p", nil),
  ])
  func nearMissesAreFoundAndFarOnesAreNot(word: String, expected: String?) {
    let keys = TableSettings.fields.map(\.name)
    #expect(NearMiss.suggestion(for: word, among: keys) == expected)
  }
}
