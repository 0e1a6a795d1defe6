import ArchiveModel
import ArgumentParser
import Operations
import Postgres
import Settings

/// `archiver restore`
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put archived rows back into a database.",
    discussion: """
      Every object is checked before the first row goes in; then each batch goes in by one transaction, and what went in \
      is counted. A key that is there already is judged by --on-conflict; any other unique violation is an error.

      Examples:
        archiver restore --table events --where-key 17 --where-key 18
        archiver restore --table events --from 2025-01-01 --to 2025-02-01 --on-conflict skip
        archiver restore --table events --into events_2025 --create-table --target postgresql://analyst@replica/reports
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "An archive without a configuration") var storage: StorageOptions

  // Whatever comes next is the key: a negative number is no option.
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Only the row of this primary key; a composite key's parts are separated by commas (repeatable).",
      valueName: "value[,value…]"))
  var whereKey: [String] = []

  @Option(help: ArgumentHelp("Table to restore to (default: the one the rows came from).", valueName: "[schema.]table"))
  var into: String?

  @Option(help: ArgumentHelp("Database to restore to (default: the configured one).", valueName: "url"))
  var target: String?

  @Flag(help: "Make the table from the archive's description when it is missing.")
  var createTable = false

  @Option(help: "What to do with a key that is there already.")
  var onConflict: RestoreRequest.ConflictPolicy = .fail

  @Flag(help: "Leave out archived columns that the table does not have.")
  var ignoreMissingColumns = false

  @Flag(help: "Write nothing; tell what would be done.")
  var dryRun = false

  @Option(help: ArgumentHelp("For how long `archive` leaves the restored rows alone.", valueName: "days"))
  var holdDays = 7

  @Option(help: ArgumentHelp("Batches loaded at a time, each over a connection of its own.", valueName: "n"))
  var workers = 2

  mutating func validate() throws {
    guard (0...36_500).contains(holdDays) else { throw ValidationError("--hold-days takes 0 to 36500") }
    guard (1...64).contains(workers) else { throw ValidationError("--workers must be from 1 to 64") }
    if let into, TableArgument.parse(into) == nil { throw ValidationError("--into \(TableArgument.usage)") }
    if let malformed = whereKey.first(where: { KeyArgument.parse($0) == nil }) {
      throw ValidationError("--where-key: the quotes of \(malformed) are not closed or out of place")
    }
  }

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = storage.storage == nil || target == nil ? try session.loadConfiguration() : nil
      let store = try session.evidenceStore(storage, configuration)
      var rows = selection.narrow(common.nameSelection)
      rows.keys = Set(whereKey.compactMap(KeyArgument.parse))
      var request = RestoreRequest(selection: rows, target: try destination(session, configuration?.databases ?? []))
      request.into = into.flatMap(TableArgument.parse)
      request.knownTables = session.tableNames(configuration)
      request.onConflict = onConflict
      request.isDryRun = dryRun
      request.holdDays = holdDays
      request.workers = workers
      request.createsTable = createTable
      request.ignoresMissingColumns = ignoreMissingColumns
      let report = try await RestoreJob(request: request, store: store, context: session.context).run()
      let output = RestoreReportOutput(report)
      switch common.output {
      case .text: StandardOutput.write(output.text)
      case .json: StandardOutput.write(JSONOutput.document(output.document))
      }
      if report.isDryRun, onConflict == .fail, report.hasConflicts { throw ExitStatus(.data) }
    }
  }

  private func destination(
    _ session: CommandSession, _ databases: [DatabaseSettings]
  ) throws -> RestoreRequest.Target {
    guard let target else {
      return .configured(databases.map { JobInputs.database($0, selection: Selection(), runID: session.runID) })
    }
    var parameters = ConnectionParameters(url: target)
    parameters.applicationName = "archiver \(session.runID)"
    do {
      try parameters.validate()
    } catch {
      throw OperationError.wrapping(error, "cannot use --target")
    }
    return .database(parameters)
  }
}

extension RestoreRequest.ConflictPolicy: ExpressibleByArgument {}
