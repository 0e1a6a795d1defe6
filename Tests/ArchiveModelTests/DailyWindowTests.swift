import ArchiveModel
import Testing

@Suite struct DailyWindowTests {
  @Test(arguments: [
    ("01:00-05:00", "00:59:59", false), ("01:00-05:00", "01:00:00", true), ("01:00-05:00", "04:59:59", true),
    ("01:00-05:00", "05:00:00", false), ("22:00-04:30", "21:59:59", false), ("22:00-04:30", "22:00:00", true),
    ("22:00-04:30", "00:00:00", true), ("22:00-04:30", "04:29:59", true), ("22:00-04:30", "04:30:00", false),
    ("00:00-24:00", "23:59:59", true), ("23:00-00:00", "23:30:00", true), ("23:00-00:00", "00:00:00", false),
  ])
  func `holds from its start up to its end`(window: String, time: String, isInside: Bool) throws {
    let parts = time.split(separator: ":").compactMap { Int($0) }
    let second = parts[0] * 3600 + parts[1] * 60 + parts[2]
    #expect(try #require(DailyWindow(window)).contains(secondOfDay: second) == isInside)
  }

  @Test(arguments: [
    "", "01:00", "01:00-01:00", "1:00-5:00", "01:00-25:00", "24:00-05:00", "01:60-05:00", "01:00-05:00-06:00",
    "01:00 - 05:00", "01-05", "٠١:00-05:00", "24:01-05:00", "00:00-00:0",
  ])
  func `anything else is no window`(text: String) {
    #expect(DailyWindow(text) == nil)
  }

  @Test(arguments: ["01:00-05:00", "22:00-04:30", "00:00-24:00"])
  func `prints as it was written`(text: String) {
    #expect(DailyWindow(text)?.description == text)
  }
}
