import ArchiveModel
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    ("2000-01-01", 0), ("1970-01-01T00:00:00Z", -Timestamp.unixEpochOffset),
    ("2025-01-31T12:34:56.789012Z", 791_642_096_789_012), ("2025-01-31 12:34:56.5+02", 791_634_896_500_000),
    ("2025-01-31T12:34:56.5-0130", 791_647_496_500_000), ("1999-12-31T23:59:59.999999", -1),
    ("4713-01-01T00:00:00Z BC", -211_810_204_800_000_000), ("infinity", Int64.max), ("-infinity", Int64.min),
  ])
  func `reads ISO dates and timestamps`(text: String, microseconds: Int64) throws {
    #expect(try #require(Timestamp(text)).microseconds == microseconds)
  }

  @Test(arguments: [
    "", "2025", "2025-13-01", "2025-02-29", "2025-01-31T", "2025-01-31T25:00", "2025-01-31T12:34:56.", "yesterday",
    "2025-01-31T12:34:56.1234567", "2025-01-31x", "2025-01-31T12:34+", "0000-01-01",
  ])
  func `refuses what is no timestamp`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test(arguments: [
    "2025-01-31T12:34:56.789012Z", "2025-01-31T12:34:56Z", "0001-01-01T00:00:00Z", "0001-12-31T23:59:59.9Z BC",
    "12345-06-07T08:09:10Z", "infinity", "-infinity",
  ])
  func `prints what it reads`(text: String) throws {
    #expect(try #require(Timestamp(text)).description == text)
  }

  @Test func `every day of eight centuries goes to a civil date and back`() {
    var previous = CivilDate(daysSince2000: -150_000)
    for days in -149_999...150_000 {
      let date = CivilDate(daysSince2000: days)
      #expect(date.daysSince2000 == days)
      #expect((previous.year, previous.month, previous.day) < (date.year, date.month, date.day))
      previous = date
    }
  }
}

@Suite struct PartitionTests {
  @Test(arguments: [
    (PartitionUnit.day, "2024-02-29T23:59:59.999999Z", "2024-02-29", "2024-02-29", "2024-03-01"),
    (.month, "2024-12-31T00:00:00Z", "2024-12", "2024-12-01", "2025-01-01"),
    (.year, "2024-06-01T00:00:00Z", "2024", "2024-01-01", "2025-01-01"),
  ])
  func `holds the time's UTC period`(unit: PartitionUnit, time: String, value: String, start: String, end: String)
    throws
  {
    let partition = Partition(holding: try #require(Timestamp(time)), unit: unit)
    #expect(partition.value == value)
    #expect(partition.start == Timestamp(start))
    #expect(partition.end == Timestamp(end))
    #expect(partition.contains(try #require(Timestamp(time))))
    #expect(!partition.contains(try #require(Timestamp(end))))
  }

  @Test(arguments: ["-infinity", "0044-03-15T00:00:00Z BC", "infinity", "10000-01-01T00:00:00Z"])
  func `times outside years 1 to 9999 share the default partition`(text: String) throws {
    let time = try #require(Timestamp(text))
    let partition = Partition(holding: time, unit: .day)
    #expect(partition.path == "dt=__HIVE_DEFAULT_PARTITION__")
    #expect(partition.contains(time))
  }
}
