internal import CLibpq

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The one owner of libpq's list of connection options.
@safe struct ConninfoOptions: ~Copyable {
  private let first: UnsafeMutablePointer<PQconninfoOption>

  private init?(_ first: UnsafeMutablePointer<PQconninfoOption>?) {
    guard let first = unsafe first else { return nil }
    unsafe self.first = unsafe first
  }

  deinit {
    unsafe PQconninfoFree(first)
  }

  /// The options of a URI or `key=value` string; nil if it cannot be read.
  static func parsing(_ url: String) -> ConninfoOptions? {
    unsafe ConninfoOptions(PQconninfoParse(url, nil))
  }

  /// Every option libpq knows, with the values it takes from the environment, service file and built-in defaults; nil
  /// if the service file has no such service.
  static func defaults() -> ConninfoOptions? {
    SessionEnvironment.neutralise()
    return unsafe ConninfoOptions(PQconndefaults())
  }

  /// The options in force for a connection, under way or made.
  static func inForce(for connection: OpaquePointer?) -> ConninfoOptions? {
    unsafe ConninfoOptions(PQconninfo(connection))
  }

  /// Every keyword libpq knows.
  var keywords: Set<String> {
    Set(pairs.map(\.keyword))
  }

  /// Those keywords that have a value.
  var values: [String: String] {
    var values: [String: String] = [:]
    for (keyword, value) in pairs { values[keyword] = value }
    return values
  }

  private var pairs: [(keyword: String, value: String?)] {
    var pairs: [(keyword: String, value: String?)] = []
    var option = unsafe first
    // The list ends with an option without keyword.
    while let keyword = unsafe option.pointee.keyword {
      let value = unsafe option.pointee.val.map { unsafe String(cString: $0) }
      unsafe pairs.append((String(cString: keyword), value?.isEmpty == true ? nil : value))
      unsafe option += 1
    }
    return pairs
  }
}

/// The environment variables that libpq turns into session settings without a connection option to override them.
enum SessionEnvironment {
  /// `PGOPTIONS` could be overridden only by sending `options`, which connection poolers refuse; the others not at all.
  private static let names = ["PGOPTIONS", "PGTZ", "PGDATESTYLE", "PGGEQO"]

  /// Takes them out of the environment, touching it only if one is there: other threads may be reading it.
  static func neutralise() {
    for name in names where unsafe getenv(name) != nil {
      unsafe unsetenv(name)
    }
  }
}
