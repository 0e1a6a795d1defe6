internal import CLibpq

/// The libpq that the program runs with.
package enum PostgresLibrary {
  /// `15.18`
  package static var version: String {
    let number = PQlibVersion()
    return "\(number / 10_000).\(number % 10_000)"
  }
}
