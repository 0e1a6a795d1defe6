import Foundation

/// Stand-ins for what a server lacks: extensions where it came without its contrib modules, and newer types.
package enum StandIns {
  /// `sql` with each `CREATE EXTENSION` that the test server does not know replaced by a domain over text of the type's
  /// name, and each built-in type that it does not have by text. Standard error tells what is left out that way.
  package static func putting(into sql: String) -> String {
    var sql = sql
    if sql.contains("CREATE EXTENSION ") {
      sql = sql.replacing(/CREATE EXTENSION (IF NOT EXISTS )?(\w+)/) { match -> String in
        let name = String(match.2)
        return TestServer.extensions.contains(name) ? String(match.0) : "CREATE DOMAIN \(leavingOut(name)) AS text"
      }
    }
    guard TestServer.version < 140_000 || !TestServer.hasXML else { return sql }
    return sql.replacing(/([ (:])(xml|xid8|jsonpath|[a-z0-9]+multirange)\b/) { match -> String in
      hasType(String(match.2)) ? String(match.0) : "\(match.1)text"
    }
  }

  private static func hasType(_ name: String) -> Bool {
    switch name {
    case "xml": TestServer.hasXML
    case "jsonpath": TestServer.version >= 120_000
    case "xid8": TestServer.version >= 130_000
    default: TestServer.version >= 140_000
    }
  }

  private static func leavingOut(_ name: String) -> String {
    FileHandle.standardError.write(
      Data("note: the server has no extension \(name); its types are left out of this test\n".utf8))
    return name
  }
}
