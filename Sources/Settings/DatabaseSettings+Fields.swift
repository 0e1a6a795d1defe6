extension DatabaseSettings: SettingsSection {
  static let title = "a database"

  static let fields: [Field<DatabaseSettings>] = [
    Field("name", \.name, .name, need: .here, "name of the database in the archive's paths"),
    Field(
      "url", \.url, .address(pattern: "^postgres(ql)?://", parse: ConnectionURL.check),
      "postgresql:// URL; or host, port, user, dbname and sslmode"),
    Field("host", \.host, .text, "host name, address or socket directory"),
    Field("port", \.port, .wholeNumber(1...65_535), "port of the server"),
    Field("user", \.user, .text, "role to connect as"),
    Field("dbname", \.dbname, .text, "database to connect to"),
    Field("sslmode", \.sslmode, .choice, "TLS mode, as libpq takes it"),
    Field("password", \.password, .secret, "password; empty: PGPASSWORD or ~/.pgpass, as libpq does"),
    Field("password_file", \.passwordFile, .text, "file that holds the password"),
    Field("pool_size", \.poolSize, .wholeNumber(1...1_000), "connections at most"),
    Field("ledger", \.ledger, .ledger, "schema of the ledger table; none: do without"),
    Field(
      "tables", \.tables, .sections(startingFrom: { $0.tableDefaults }), need: .here, "the tables to archive"),
  ]

  mutating func settle(_ place: SectionPlace, _ reading: inout Reading) {
    if place.given["url"] != nil {
      for key in ["host", "port", "user", "dbname", "sslmode"] where place.given[key] != nil {
        reading.report(
          "cannot stand beside url", at: place.key(key), line: place.line(of: key),
          hint: "put it into the url, or give host, port, user, dbname and sslmode without a url")
      }
    }
    if let given = url, let parts = ConnectionURL.split(given) {
      url = parts.url
      if let found = parts.password {
        if place.given["password"] != nil {
          reading.report(
            "is given twice: here and within url", at: place.key("password"), line: place.line(of: "password"))
        }
        password = found
      }
    }
    if let file = passwordFile {
      let isInURL = password != nil && place.given["password"] == nil
      if isInURL {
        reading.report(
          "is given twice: here and within url", at: place.key("password_file"), line: place.line(of: "password_file"))
      } else if let secret = SecretFile.read(file, insteadOf: "password", at: "password_file", place, &reading) {
        passwordInFile = secret
      }
    }
    let most = tables.max { $0.workers < $1.workers }
    if let most, most.workers > poolSize {
      reading.report(
        "must be at least the workers of every table (found \(poolSize), \(most.name) has \(most.workers) workers)",
        at: place.key("pool_size"), line: place.line(of: "pool_size"),
        hint: "each worker holds a connection: raise pool_size, or lower workers")
    }
    reportTablesGivenTwice(place, &reading)
  }

  private func reportTablesGivenTwice(_ place: SectionPlace, _ reading: inout Reading) {
    guard case .sequence(let items)? = place.given["tables"]?.content, items.count == tables.count else { return }
    var seen: [[String]: Int?] = [:]
    for (index, (item, table)) in zip(items, tables).enumerated() where !table.name.isEmpty {
      let name = [table.schema, table.name]
      if let first = seen[name] {
        let line = first.map { " (first on line \($0))" } ?? ""
        reading.report(
          "is listed twice: \(table.schema).\(table.name)\(line)", at: "\(place.key("tables"))[\(index)].name",
          line: item.line)
      } else {
        seen[name] = .some(item.line)
      }
    }
  }
}

extension ValueType<LedgerSetting> {
  /// The name of a schema, or `none`.
  static let ledger = ValueType.scalar(
    schema: [("type", .texts(["string", "null"]))],
    show: { ledger in
      switch ledger {
      case .none: .text("none")
      case .schema(let name): .text(name)
      }
    },
    parse: { $0 == "none" ? .none : .schema($0) })
}
