internal import CBuildDetails
import Gzip
import ObjectStore
import Postgres

/// What this program was made of, for `archiver --version` and reports of defects.
package enum BuildDetails {
  /// `archiver 0.1.0`, then a line for each part.
  package static var text: String {
    let parts = [
      ("commit", commit.isEmpty ? "not recorded" : commit), ("swift", compiler), ("libpq", PostgresLibrary.version),
      ("libcurl", HTTPLibrary.version), ("libdeflate", GzipLibrary.version),
    ]
    return ([Tool.name] + parts.map { "\($0.0) \($0.1)" }).joined(separator: "\n")
  }

  private static var commit: String { unsafe String(cString: archiver_build_commit()) }

  /// The language tells its compiler's version only through conditions.
  private static var compiler: String {
    #if compiler(>=6.4)
    "6.4 or later"
    #elseif compiler(>=6.3)
    "6.3"
    #else
    "6.2"
    #endif
  }
}
