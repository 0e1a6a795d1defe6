import ArchiveModel
import ArgumentParser
import Operations

/// `archiver inspect`
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Look into an archive.",
    discussion: """
      Nothing is written. With --storage no configuration is needed, and read access to the bucket is enough.

      Examples:
        archiver inspect list
        archiver inspect rows --storage file:///srv/archive --table events --where-key 17
      """,
    subcommands: [
      InspectListCommand.self, InspectShowCommand.self, InspectRowsCommand.self, InspectStatsCommand.self,
      InspectDDLCommand.self,
    ])
}

/// What the subcommands share.
struct InspectOptions: ParsableArguments {
  @OptionGroup(title: "Common options") var common: CommonOptions
  @OptionGroup(title: "An archive without a configuration") var storage: StorageOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions

  var chosen: Selection { selection.narrow(common.nameSelection) }

  /// Runs `work` with a job on the archive that the options name.
  func run(_ work: @escaping @Sendable (InspectJob, CommandSession) async throws -> Void) async throws {
    try await CommandSession(common).run { session in
      let store = try session.store(storage, nil)
      try await work(InspectJob(store: store, context: session.context), session)
    }
  }

  /// The committed batches of `selection`. Throws for a filter that names what is neither archived nor configured.
  func batches(
    _ selection: Selection, _ job: InspectJob, _ session: CommandSession
  ) async throws -> InspectJob.Batches {
    let configuration = storage.storage == nil ? try session.loadConfiguration() : nil
    return try await job.batches(selection, knownTables: session.tableNames(configuration))
  }
}

extension InspectJob.Batches {
  /// Names the batches that are left out; empty when there are none.
  var supersededNote: String { OmittedBatches.note(superseded.values.flatMap { $0 }.sorted()) }
}

/// `archiver inspect list`
struct InspectListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the tables of an archive, or its batches.",
    discussion: """
      Examples:
        archiver inspect list
        archiver inspect list --batches --table events --from 2025-01-01
        archiver inspect list --storage s3://acme-archive/prod --region eu-west-1
      """)

  @OptionGroup var options: InspectOptions

  @Flag(help: "A line a batch instead of a line a table.")
  var batches = false

  func run() async throws {
    let (options, batches) = (options, batches)
    try await options.run { job, session in
      let found = try await options.batches(options.chosen, job, session)
      let list = InspectList(batches: found.batches, superseded: found.superseded)
      switch options.common.output {
      case .text: StandardOutput.write((batches ? list.batchesText : list.tablesText) + found.supersededNote)
      case .json: StandardOutput.write(batches ? list.batchesJSON : list.tablesJSON)
      }
      session.report(found.problems)
      if !found.problems.isEmpty { throw ExitStatus.somethingWrong }
    }
  }
}

/// `archiver inspect show`
struct InspectShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a batch's manifest.",
    discussion: """
      With --output json the manifest is printed as it is stored, byte for byte.

      Example:
        archiver inspect show 01a20d27-1521-7d5a-bac0-de088c69118b --output json
      """)

  @OptionGroup var options: InspectOptions

  @Argument(help: "The batch's id, as `inspect list --batches` shows it; --batch takes it, too.")
  var batch: UUIDv7?

  private var chosen: [UUIDv7] { options.selection.batch + (batch.map { [$0] } ?? []) }

  func validate() throws {
    guard chosen.count == 1 else { throw ValidationError("give the id of one batch") }
  }

  func run() async throws {
    let options = options
    guard let batch = chosen.first else { return }
    try await options.run { job, _ in
      let document = try await job.manifest(batch, options.common.nameSelection)
      switch options.common.output {
      case .text: StandardOutput.write(ManifestText(batch: document.batch).text)
      case .json where StandardOutput.isTerminal:
        StandardOutput.write(PrintableText.json(String(decoding: document.bytes, as: UTF8.self)))
      case .json: StandardOutput.write(document.bytes)
      }
    }
  }
}

/// `archiver inspect stats`
struct InspectStatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Show rows and bytes by period, table by table.",
    discussion: """
      Example:
        archiver inspect stats --by year
      """)

  @OptionGroup var options: InspectOptions

  @Option(help: "Length of a period: day, month or year.")
  var by: PartitionUnit = .month

  func validate() throws {
    guard by != .none else { throw ValidationError("--by is one of day, month and year") }
  }

  func run() async throws {
    let (options, unit) = (options, by)
    try await options.run { job, session in
      let found = try await options.batches(options.chosen, job, session)
      let stats = InspectStats(batches: found.batches, unit: unit)
      switch options.common.output {
      case .text: StandardOutput.write(stats.text + found.supersededNote)
      case .json: StandardOutput.write(stats.jsonLines)
      }
      session.report(found.problems)
      if !found.problems.isEmpty { throw ExitStatus.somethingWrong }
    }
  }
}

extension PartitionUnit: ExpressibleByArgument {}

/// `archiver inspect ddl`
struct InspectDDLCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ddl", abstract: "Print SQL by which a query engine reads the archive as it stands.",
    discussion: """
      A table or view named as the archived table, with the columns of its newest batch. DuckDB and ClickHouse get a view.

      Example:
        archiver inspect ddl --engine duckdb --table events
      """)

  @OptionGroup var options: InspectOptions

  @Option(help: "duckdb, athena, trino, clickhouse or spark.")
  var engine: QueryEngine

  func run() async throws {
    let (options, engine) = (options, engine)
    try await options.run { job, session in
      let found = try await options.batches(options.chosen, job, session)
      for table in ExternalTable.all(found.batches, at: job.location, web: job.webLocation) {
        let statement = table.statement(for: engine)
        switch options.common.output {
        case .text: StandardOutput.write(statement + "\n")
        case .json: StandardOutput.write(JSONOutput.line(Statement(table.name, engine, statement)))
        }
      }
      session.report(found.problems)
      if !found.problems.isEmpty { throw ExitStatus.somethingWrong }
    }
  }
}

extension InspectDDLCommand {
  /// A table's line of `--output json`.
  private struct Statement: Encodable {
    var database: String
    var schema: String
    var table: String
    var engine: String
    var sql: String

    init(_ name: TableName, _ engine: QueryEngine, _ sql: String) {
      (database, schema, table) = (name.database, name.schema, name.table)
      (self.engine, self.sql) = (engine.rawValue, sql)
    }
  }
}

extension QueryEngine: ExpressibleByArgument {}
