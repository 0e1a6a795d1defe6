import ArchiveModel
import Testing

@Suite struct ArchiveLayoutTests {
  let batch = UUIDv7("01936f2e-7c4a-7b3e-8d2f-0123456789ab")

  @Test func `keys follow the documented layout`() throws {
    let batch = try #require(batch)
    let name = TableName(database: "app", schema: "public", table: "events")
    let folder = ArchiveLayout.folder(name, partition: "dt=2025-01-31")
    #expect(folder == "db=app/schema=public/table=events/dt=2025-01-31/")
    #expect(ArchiveLayout.object(in: folder, batch: batch, number: 1) == folder + "\(batch).jsonl.gz")
    #expect(ArchiveLayout.object(in: folder, batch: batch, number: 2) == folder + "\(batch)-2.jsonl.gz")
    #expect(ArchiveLayout.document(.manifest, in: folder, batch: batch) == folder + "_\(batch).manifest.json")
    #expect(ArchiveLayout.folder(name, partition: "") == "db=app/schema=public/table=events/")
  }

  @Test func `a key tells what it is`() throws {
    let batch = try #require(batch)
    let folder = "db=app/schema=public/table=events/dt=2025-01-31/"
    for number in [1, 2, 17] {
      let key = ArchiveLayout.object(in: folder, batch: batch, number: number)
      #expect(ArchiveLayout.entry(key) == .object(folder: folder, batch: batch, number: number))
    }
    for document in ArchiveLayout.Document.allCases {
      let key = ArchiveLayout.document(document, in: folder, batch: batch)
      #expect(ArchiveLayout.entry(key) == .document(document, folder: folder, batch: batch))
    }
    for key in [
      "_runs/2025-01/\(batch).json", folder + "x.jsonl.gz", folder + "\(batch)-1.jsonl.gz", folder + "_x.json",
      folder + "\(batch)-02.jsonl.gz", folder + "\(batch)-+2.jsonl.gz",
      folder + "\(batch)".uppercased() + ".jsonl.gz", folder + "_\(batch)".uppercased() + ".manifest.json",
      folder + "x/\(batch).jsonl.gz", "db=app/\(batch).jsonl.gz",
      folder.replacing("events", with: "ev%zz") + "\(batch).jsonl.gz",
      folder.replacing("events", with: "%65vents") + "\(batch).jsonl.gz",
    ] {
      #expect(ArchiveLayout.entry(key) == .other)
    }
  }

  @Test(arguments: [
    "events", "a/b", "50%", "a=b", "naïve 😀", "..", "select", "Quote\"d", "back\\slash", "new\nline", "a:b", "",
  ])
  func `names survive the path`(table: String) throws {
    let name = TableName(database: "app", schema: "s", table: table)
    let folder = ArchiveLayout.tablePrefix(name)
    #expect(folder.split(separator: "/").count == 3)
    #expect(!folder.contains("/../") && !folder.contains("=../"))
    #expect(ArchiveLayout.tableName(inFolder: folder) == name)
  }

  @Test func `identifiers sort by time and read back`() throws {
    let earlier = UUIDv7(unixMilliseconds: 1_700_000_000_000)
    let later = UUIDv7(unixMilliseconds: 1_700_000_000_001)
    #expect(earlier < later)
    #expect(earlier.description < later.description)
    #expect(UUIDv7(later.description) == later)
    #expect(Array(later.description)[14] == "7")
    #expect("89ab".contains(Array(later.description)[19]))
    #expect(UUIDv7("01936f2e7c4a-7b3e-8d2f-0123456789ab-") == nil)
  }
}
