import Testing

@testable import CommandLine

@Suite struct ReadableTests {
  @Test func `numbers read well`() {
    #expect(Readable.count(0) == "0")
    #expect(Readable.count(1_234_567) == "1,234,567")
    #expect(Readable.count(-1000) == "-1,000")
    #expect(Readable.bytes(1023) == "1023 B")
    #expect(Readable.bytes(1536) == "1.5 KiB")
    #expect(Readable.bytes(5 * 1024 * 1024) == "5.0 MiB")
    #expect(Readable.duration(.milliseconds(1500)) == "1.5 s")
    #expect(Readable.duration(.seconds(184)) == "3m04s")
    #expect(Readable.duration(.seconds(3720)) == "1h02m")
  }

  @Test func `a table aligns its columns`() {
    var table = TextTable([.init(title: "name"), .init(title: "rows", isNumber: true)])
    table.add(["events", "12"])
    table.add(["é", "1,234"])
    #expect(table.text == "name     rows\n──────  ─────\nevents     12\né       1,234\n")
  }
}
