import ArgumentParser
import Foundation
import Operations
import Postgres
import Settings

/// `archiver config init`
struct ConfigInitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a first configuration from what the database holds.",
    discussion: """
      Lists the tables that have a column with a time, and what the planner estimates of their size by age; no row is \
      read. The table with the most bytes older than 90 days is proposed, the others stand there commented out. A file \
      that exists is never overwritten. The password is taken from ARCHIVER_DB_PASSWORD or as psql takes it, and does not \
      go into the file.

      Examples:
        archiver config init --url postgresql://archiver@db/app --storage s3://acme-archive/prod
        PGSERVICE=app archiver config init --storage file:///srv/archive --output -
      """)

  @Option(help: ArgumentHelp("The database (default: what PGHOST, PGUSER, PGSERVICE … say).", valueName: "url"))
  var url: String?

  @Option(help: ArgumentHelp("Where the archive shall be: s3://bucket/prefix or file:///directory.", valueName: "url"))
  var storage: String

  @Option(help: ArgumentHelp("URL of an S3-compatible server.", valueName: "url"))
  var endpoint: String?

  @Option(help: "Region of an s3:// storage.")
  var region: String?

  @Option(help: "Name of the database in the archive's paths (default: its own).")
  var name: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("File to write; - for standard output.", valueName: "file"))
  var output = "archiver.yaml"

  func run() async throws {
    let (url, storage, name, output, endpoint, region) = (url, storage, name, output, endpoint, region)
    try await CommandSession(try CommonOptions.parse([])).run { session in
      var parameters = ConnectionParameters(url: url)
      let password = ProcessInfo.processInfo.environment[ConfigurationDraft.passwordVariable] ?? ""
      if !password.isEmpty { parameters.password = password }
      parameters.applicationName = "archiver \(session.runID)"
      let survey = try await Self.survey(parameters)
      let archivable = survey.tables.filter(\.hasPrimaryKey).sorted { $0.oldByteCount > $1.oldByteCount }
      guard !archivable.isEmpty else {
        throw OperationError(
          .configuration, "found nothing to archive", at: parameters.redactedDescription,
          cause: "no table that the role may read has a primary key and a column with a date or time")
      }
      var draft = ConfigurationDraft(
        storageURL: storage, database: name ?? survey.database, connectionURL: url,
        tables: archivable.map {
          ConfigurationDraft.Table(
            schema: $0.schema, name: $0.name, timestampColumn: $0.timeColumns[0], remark: $0.remark)
        },
        refusals: survey.tables.filter { !$0.hasPrimaryKey }.map { "\($0.schema).\($0.name): no primary key" })
      (draft.endpoint, draft.region, draft.takesPassword) = (endpoint, region, !password.isEmpty)
      let text = try draft.text()
      guard output != "-" else {
        StandardOutput.write(text)
        return
      }
      try Self.write(text, to: output)
      StandardOutput.write("\(output): written; look through it, then `archiver config validate --connect`\n")
    }
  }

  private static func survey(_ parameters: ConnectionParameters) async throws -> TableSurvey {
    let place = parameters.redactedDescription
    do {
      try parameters.validate()
      let connection = try await Connection.open(parameters)
      let survey = try await TableSurvey.run(over: connection)
      await connection.close()
      return survey
    } catch {
      throw OperationError.wrapping(error, "cannot ask the database", at: place)
    }
  }

  private static func write(_ text: String, to path: String) throws(OperationError) {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch {
      throw OperationError(
        .configuration, "cannot write the configuration", at: path, cause: (error as NSError).localizedDescription,
        hint: "--output names another file; - is standard output")
    }
  }
}

extension TableSurvey.Table {
  /// Estimated bytes of rows that the proposed retention lets go.
  fileprivate var oldByteCount: Int {
    Int(Double(byteCount) * (shares.first { $0.days == 90 }?.share ?? 0))
  }

  /// `about 1,200,000 rows, 512.0 MiB; older than 30 days: 480.0 MiB, 90 days: …`
  fileprivate var remark: String {
    let ages = shares.map { "\($0.days) days: \(Readable.bytes(Int(Double(byteCount) * $0.share)))" }
    let others = timeColumns.dropFirst()
    return "\(schema).\(name): about \(Readable.count(rowCount)) rows, \(Readable.bytes(byteCount)); older than "
      + ages.joined(separator: ", ") + (others.isEmpty ? "" : "; other times: \(others.joined(separator: ", "))")
  }
}
