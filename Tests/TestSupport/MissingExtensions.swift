import Foundation

/// Stand-ins for extensions that a server does not have, such as one that was installed without its contrib modules.
package enum MissingExtensions {
  /// `sql` with each `CREATE EXTENSION` of one that is not among `available` replaced: by a domain over text of the
  /// type's name. Standard error tells which types are left out that way.
  package static func leavingOut(_ sql: String, available: Set<String>) -> String {
    sql.replacing(/CREATE EXTENSION (\w+)/) { match -> String in
      let name = String(match.1)
      guard !available.contains(name) else { return String(match.0) }
      FileHandle.standardError.write(
        Data("note: the server has no extension \(name); its types are left out of this test\n".utf8))
      return "CREATE DOMAIN \(name) AS text"
    }
  }

  /// Gives the names to pass as `available`.
  package static let query = "SELECT name FROM pg_available_extensions"
}
