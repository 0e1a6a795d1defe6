import Operations
import Testing

@Suite("--where-key") struct KeyArgumentTests {
  @Test(
    "splits by CSV rules",
    arguments: [
      ("17", ["17"]), ("17,a", ["17", "a"]), ("\"a,b\",7", ["a,b", "7"]), ("\"say \"\"hi\"\"\"", ["say \"hi\""]),
      ("", [""]), (",", ["", ""]), ("\"\"", [""]), (" a , b", [" a ", " b"]), ("\"ü,\",é", ["ü,", "é"]),
    ])
  func splits(text: String, parts: [String]) {
    #expect(KeyArgument.parse(text) == parts)
  }

  @Test("refuses stray quotes", arguments: ["\"a", "a\"b", "\"a\"b", "1,\"2", "\"a\" ,b"])
  func refuses(text: String) {
    #expect(KeyArgument.parse(text) == nil)
  }
}
