import ArgumentParser
import Operations
import Settings

/// `archiver config`
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check and show the configuration.",
    subcommands: [ConfigValidateCommand.self, ConfigShowCommand.self, ConfigSchemaCommand.self])
}

/// `archiver config validate`
struct ConfigValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Report everything that is wrong with the configuration.",
    discussion: """
      With --connect, databases, tables, columns, primary keys, privileges and the storage are tried too; a probe object \
      is written, read and deleted again.
      """)

  @OptionGroup var common: CommonOptions

  @Flag(help: "Try the databases and the storage as well.")
  var connect = false

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = try session.loadConfiguration()
      let databases = try session.databases(configuration)
      let tableCount = databases.reduce(0) { $0 + $1.tables.count }
      if connect {
        let store = try session.store(nil, configuration)
        let problems = await ConnectionCheck.run(databases: databases, store: store, context: session.context)
        for problem in problems { StandardError.write(CommandSession.text(of: problem)) }
        if !problems.isEmpty { StandardError.write("run: \(session.runID)\n") }
        if let status = ExitStatus.combined(problems, nothingWentWell: true) { throw status }
      }
      let tried = connect ? "; the storage, databases and tables answer" : ""
      StandardOutput.write(
        "\(common.configurationPath): good (\(databases.count) databases, \(tableCount) tables\(tried))\n")
    }
  }
}

/// `archiver config show`
struct ConfigShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print the configuration with every default filled in and secrets hidden.")

  @OptionGroup var common: CommonOptions

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
    commandName: "schema", abstract: "Print a JSON Schema of the configuration.")

  func run() async throws {
    StandardOutput.write(ConfigurationSchema.json())
  }
}
