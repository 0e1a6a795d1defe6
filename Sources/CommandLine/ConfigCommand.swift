import ArgumentParser
import Operations
import Settings

/// `archiver config`
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Make, check and show the configuration.",
    discussion: """
      Examples:
        archiver config init --url postgresql://archiver@db/app --storage s3://acme-archive/prod
        archiver config validate --connect
      """,
    subcommands: [
      ConfigInitCommand.self, ConfigValidateCommand.self, ConfigShowCommand.self, ConfigSchemaCommand.self,
      ConfigKeygenCommand.self,
    ])
}

/// `archiver config validate`
struct ConfigValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Report everything that is wrong with the configuration.",
    discussion: """
      With --connect, databases, tables, columns, primary keys, privileges and the storage are tried too; a probe object \
      is written, read and deleted again, and with object_lock the bucket is asked whether it locks objects. Exits with 78 for a bad configuration, and with the code of what failed \
      otherwise.

      Examples:
        archiver config validate
        archiver config validate --connect --database app
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Flag(help: "Try the databases and the storage as well.")
  var connect = false

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = try session.loadConfiguration()
      let databases = try session.databases(configuration)
      // An unusable storage address is a problem of the configuration, tried or not.
      let store = try session.evidenceStore(nil, configuration)
      let report =
        connect
        ? await ConnectionCheck.run(databases: databases, store: store, context: session.context)
        : ConnectionCheck.Report()
      let problems = report.problems
      let result = Result(
        config: common.configurationPath, connected: connect, databases: databases.count,
        tables: databases.reduce(0) { $0 + $1.tables.count }, problems: problems.map(ErrorDocument.init),
        notes: report.warnings.map { "\($0.place): \($0.warning)" })
      switch common.output {
      case .text: StandardOutput.write(result.text)
      case .json: StandardOutput.write(JSONOutput.document(result))
      }
      session.report(problems)
      if let status = ExitStatus.combined(problems, nothingWentWell: true) { throw status }
    }
  }

  private struct Result: Encodable {
    var config: String
    var connected: Bool
    var databases: Int
    var tables: Int
    var problems: [ErrorDocument]
    var notes: [String]

    /// The closing line is for a good file only: what is wrong goes to the standard error.
    var text: String {
      (problems.isEmpty ? closing : "") + notes.map { "note: \($0)\n" }.joined()
    }

    private var closing: String {
      let counts = "\(databases) database\(databases == 1 ? "" : "s"), \(tables) table\(tables == 1 ? "" : "s")"
      return "\(config): good (\(counts)\(connected ? "; the storage, databases and tables answer" : ""))\n"
    }
  }
}

/// `archiver config show`
struct ConfigShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print the configuration with every default filled in and secrets hidden.",
    discussion: """
      Examples:
        archiver config show
        archiver config show --output json | jq .storage
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = try session.loadConfiguration()
      StandardOutput.write(common.output == .json ? configuration.redactedJSON() : configuration.redactedYAML())
    }
  }
}

/// `archiver config schema`
struct ConfigSchemaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print a JSON Schema of the configuration.",
    discussion: """
      Editors that know the schema complete keys and mark mistakes. No configuration is read.

      Example:
        archiver config schema > archiver.schema.json
        # in archiver.yaml: yaml-language-server: $schema=archiver.schema.json
      """)

  @OptionGroup(visibility: .hidden) var common: CommonOptions

  func run() async throws {
    try await CommandSession(common).run { _ in StandardOutput.write(ConfigurationSchema.json()) }
  }
}
