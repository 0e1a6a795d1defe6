/// Where and as whom to connect, in libpq's terms. Never shows a password, not even when dumped.
///
/// A keyword wins over the same part of the URL, and both win over `PG*` variables, the service file and `~/.pgpass`,
/// which work as in libpq. The connect timeout is 10 seconds unset. Four variables that would change what statements
/// mean are taken out of the process's environment at the first connection: `PGOPTIONS`, `PGTZ`, `PGDATESTYLE` and
/// `PGGEQO`; the client encoding is always UTF-8.
package struct ConnectionParameters: Sendable {
  private let url: String?
  private var keywords: [String: String]

  /// `url` is a `postgresql://` URI or a `key=value` string. `keywords` are libpq's (`host`, `port`, `user`, `password`,
  /// `dbname`, `sslmode`, `options` …); empty values count as absent.
  package init(url: String?, keywords: [String: String] = [:]) {
    self.url = url.flatMap { $0.isEmpty ? nil : $0 }
    self.keywords = keywords.filter { !$0.value.isEmpty }
  }

  /// What `pg_stat_activity` shows; the server keeps 63 bytes. Empty leaves it to the URL and `PGAPPNAME`.
  package var applicationName: String {
    get { keywords["application_name"] ?? "" }
    set { keywords["application_name"] = newValue.isEmpty ? nil : newValue }
  }

  /// The password given beside the URL. Nil leaves it to the URL, `PGPASSWORD` and the password file.
  package var password: String? {
    get { keywords["password"] }
    set { keywords["password"] = newValue.flatMap { $0.isEmpty ? nil : $0 } }
  }

  /// `postgresql://user@host:5432/db`, with libpq's defaults filled in and nothing secret.
  package var redactedDescription: String {
    guard let values = try? effectiveValues() else { return "postgresql://(unreadable connection parameters)" }
    let user = values["user"].map { $0 + "@" } ?? ""
    let host = values["host"] ?? values["hostaddr"] ?? ""
    let port = values["port"].map { ":" + $0 } ?? ""
    return "postgresql://\(user)\(host)\(port)/\(values["dbname"] ?? values["user"] ?? "")"
  }

  /// Throws `.invalidParameters` if libpq would not understand them. Never quotes them, since a slip in a URL can turn
  /// part of a password into something else, such as a port or a host.
  package func validate() throws(PostgresError) {
    let values = try effectiveValues()
    let ports = values["port"]?.split(separator: ",", omittingEmptySubsequences: true) ?? []
    guard ports.allSatisfy({ UInt16($0.trimmingPrefix(while: \.isWhitespace)) != nil }) else {
      throw PostgresError(.invalidParameters, "the port is not a number from 1 to 65535")
    }
    for (keyword, value) in keywords where keyword.utf8.contains(0) || value.utf8.contains(0) {
      throw PostgresError(.invalidParameters, "a connection parameter holds a NUL byte")
    }
  }

  /// Keywords and values in the order libpq is to apply them, later ones winning, and whether the first is a URL.
  var libpqArguments: (keywords: [String], values: [String], expandsURL: Bool) {
    // A dead peer is noticed within a minute instead of the system's two hours.
    var pairs = [
      ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
      ("tcp_user_timeout", "60000"),
    ]
    if let url { pairs.append(("dbname", url)) }
    pairs += keywords.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    pairs.append(("client_encoding", "UTF8"))
    return (pairs.map(\.0), pairs.map(\.1), url != nil)
  }

  private func effectiveValues() throws(PostgresError) -> [String: String] {
    guard let defaults = ConninfoOptions.defaults() else {
      throw PostgresError(.invalidParameters, "the service that PGSERVICE names cannot be read")
    }
    var values = defaults.values
    let known = defaults.keywords
    for keyword in keywords.keys.sorted() where !known.contains(keyword) {
      throw PostgresError(.invalidParameters, "libpq knows no connection parameter \(keyword)")
    }
    if let url {
      try Self.checkPlacementOfUserInfo(in: url)
      guard Self.isConnectionString(url) else {
        throw PostgresError(.invalidParameters, "the URL is neither a postgresql:// URI nor a key=value string")
      }
      guard let parsed = ConninfoOptions.parsing(url) else {
        throw PostgresError(.invalidParameters, "the URL cannot be read; percent-encode special characters in it")
      }
      values.merge(parsed.values) { $1 }
    }
    return values.merging(keywords) { $1 }
  }

  /// As libpq tells a connection string from a plain database name.
  private static func isConnectionString(_ url: String) -> Bool {
    schemes.contains { url.hasPrefix($0) } || url.contains("=")
  }

  private static let schemes = ["postgresql://", "postgres://"]

  /// A password with a bare `@` or `/` would be read as host or database, and shown as such.
  private static func checkPlacementOfUserInfo(in url: String) throws(PostgresError) {
    guard let scheme = schemes.first(where: { url.hasPrefix($0) }) else { return }
    let beforeQuery = url.dropFirst(scheme.count).prefix { $0 != "?" }
    let authority = beforeQuery.prefix { $0 != "/" }
    let marks = beforeQuery.count { $0 == "@" }
    guard marks <= 1, authority.contains("@") || marks == 0 else {
      throw PostgresError(
        .invalidParameters, "the URL has an @ in the wrong place; write @ as %40 and / as %2F in user and password")
    }
  }
}

extension ConnectionParameters: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { redactedDescription }
  package var debugDescription: String { redactedDescription }
  package var customMirror: Mirror { Mirror(self, children: ["connection": redactedDescription]) }
}
