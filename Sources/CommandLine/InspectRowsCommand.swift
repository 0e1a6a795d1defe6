import ArchiveModel
import ArgumentParser
import Operations

/// How archived rows are printed.
enum RowFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  case jsonl, csv, table
}

/// `archiver inspect rows`
struct InspectRowsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rows", abstract: "Print archived rows.",
    discussion: """
      Every object is checked against its manifest before its rows are shown. A key is given in PostgreSQL's text form: \
      17, or 'a,7' for a key of two columns.

      Examples:
        archiver inspect rows --table events --where-key 17
        archiver inspect rows --table events --from 2025-01-01 --to 2025-02-01 --format csv > january.csv
      """)

  @OptionGroup var options: InspectOptions

  // Whatever comes next is the key: a negative number is no option.
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Only the row of this primary key (repeatable; the parts of a composite key by CSV rules).",
      valueName: "value[,value…]"))
  var whereKey: [String] = []

  @Option(help: ArgumentHelp("At most this many rows (default: all; 100 with --format table).", valueName: "n"))
  var limit: Int?

  @Option(help: "jsonl: the lines as they are stored; csv: with a header; table: for people.")
  var format: RowFormat = .jsonl

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit is a number from 0 on") }
    for key in whereKey where KeyArgument.parse(key) == nil {
      throw ValidationError("--where-key takes values separated by commas; quote a value that holds one: '\"a,b\",7'")
    }
  }

  func run() async throws {
    let (options, format) = (options, format)
    let keys = Set(whereKey.compactMap(KeyArgument.parse))
    let limit = limit ?? (format == .table ? 100 : .max)
    try await options.run { job, session in
      var selection = options.chosen
      selection.keys = keys
      let found = try await options.batches(selection, job, session)
      let tables = Set(found.batches.map(\.manifest.source.name))
      guard format == .jsonl || tables.count <= 1 else {
        throw OperationError(
          .data, "cannot print rows as \(format.rawValue)",
          cause: "the selection holds \(tables.count) tables, whose columns differ", hint: "choose one with --table")
      }
      try await print(selection, found.batches, job, format: format, limit: limit)
      // Not among the rows, which others read.
      StandardError.write(found.supersededNote)
      session.report(found.problems)
      if !found.problems.isEmpty { throw ExitStatus.somethingWrong }
    }
  }
}

private func print(
  _ selection: Selection, _ batches: [ArchivedBatch], _ job: InspectJob, format: RowFormat, limit: Int
) async throws(OperationError) {
  guard limit > 0 else { return }
  switch format {
  case .jsonl:
    var printer = LinePrinter(limit: limit)
    defer { printer.finish() }
    try await job.rows(selection, of: batches, into: &printer)
  case .csv:
    var printer = CSVPrinter(columns: allColumns(of: batches), limit: limit)
    defer { printer.finish() }
    try await job.rows(selection, of: batches, into: &printer)
  case .table:
    var printer = TablePrinter(columns: allColumns(of: batches), limit: limit)
    try await job.rows(selection, of: batches, into: &printer)
    StandardOutput.write(printer.text)
  }
}

/// The columns of the newest batch, and those that older ones had besides.
private func allColumns(of batches: [ArchivedBatch]) -> [String] {
  var names: [String] = []
  for batch in batches.reversed() {
    for column in batch.manifest.columns where !names.contains(column.name) { names.append(column.name) }
  }
  return names
}
