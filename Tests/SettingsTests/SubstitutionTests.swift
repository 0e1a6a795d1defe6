import Testing

@testable import Settings

@Suite struct SubstitutionTests {
  static let environment = ["A": "alpha", "EMPTY": "", "NESTED": "${A} $$ $", "_x9": "low"]

  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("${A}", "alpha"), ("x${A}y${A}z", "xalphayalphaz"), ("${EMPTY}", ""),
    ("${EMPTY:-d}", "d"), ("${MISSING:-d}", "d"), ("${MISSING:-}", ""), ("${A:-d}", "alpha"), ("${_x9}", "low"),
    ("$$", "$"), ("$${A}", "${A}"), ("$$$$", "$$"), ("$", "$"), ("a$b", "a$b"), ("cost: $5", "cost: $5"),
    ("${MISSING:-a:-b}", "a:-b"), ("${MISSING:-$$}", "$"), ("${MISSING:- d }", " d "), ("^a$", "^a$"),
    ("${NESTED}", "${A} $$ $"), ("}{", "}{"),
  ])
  func textIsFilledIn(text: String, expected: String) throws {
    #expect(try Substitution(environment: Self.environment).apply(to: text).text == expected)
  }

  @Test(arguments: [
    "${A", "${", "${}", "${9}", "${A-d}", "${A:d}", "${A B}", "${ÄB}", "${MISSING}", "${MISSING:-${A}}", "x ${:-d}",
  ])
  func whatCannotBeFilledInIsRefused(text: String) {
    #expect(throws: Substitution.Mismatch.self) { try Substitution(environment: Self.environment).apply(to: text) }
  }

  @Test func aMissingVariableIsNamedWithFileLineAndKey() {
    let found = problems(Sample.yaml(database: "password: x${APP_DB_PASSWORD}y"))
    #expect(
      found.map(\.description) == [
        "archiver.yaml:7: databases[0].password: needs the environment variable APP_DB_PASSWORD, which is not set"
      ])
    #expect(found.first?.hint == "set APP_DB_PASSWORD, or give a default: ${APP_DB_PASSWORD:-default}")
  }

  @Test func aMissingVariableWithinAListIsNamedWithItsPlace() {
    let found = problems(Sample.yaml(table: "primary_key:\n  - id\n  - ${KEY}"))
    #expect(found.map(\.key) == ["databases[0].tables[0].primary_key[1]"])
    #expect(found.first?.line == 12)
  }

  @Test func aReferenceWithoutItsEndIsRefused() {
    #expect(
      descriptions(Sample.yaml(storage: "region: \"${REGION\"")) == [
        "archiver.yaml:4: storage.region: has a ${ without its }"
      ])
  }

  @Test(arguments: ["x\nsurprise: 1", "[1, 2]", "{a: 1}", "*alias", "# comment", "\"", "a: b", "null", "~"])
  func aValueNeverBecomesYAML(value: String) throws {
    let text = Sample.yaml(storage: "profile: ${VALUE}", table: "where: \"${VALUE}\"")
    let configuration = try load(text, ["VALUE": value])
    #expect(configuration.storage.profile == value)
    #expect(configuration.databases.first?.tables.first?.predicate == value)
  }

  @Test func aWrongValueThatCameFromAVariableIsNotQuoted() {
    let text = Sample.yaml(database: "port: 5${PORT}${PORT}", table: "partition: ${UNIT:-weekly}")
    let found = descriptions(text, ["PORT": "sesame", "UNIT": "sesame"])
    #expect(
      found == [
        "archiver.yaml:7: databases[0].port: must be a whole number from 1 to 65535 "
          + "(found the value of ${PORT} and ${PORT})",
        "archiver.yaml:7: databases[0].port: cannot stand beside url",
        "archiver.yaml:11: databases[0].tables[0].partition: must be one of day, month, year, none "
          + "(found the value of ${UNIT})",
      ])
  }
}
