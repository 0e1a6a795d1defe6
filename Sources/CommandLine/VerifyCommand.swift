import ArchiveModel
import ArgumentParser
import Foundation
import Hashing
import ObjectStore
import Operations

extension VerifyLevel: ExpressibleByArgument {}

extension Sample: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}

extension SHA256Digest: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(hex: argument)
  }
}

/// `archiver verify`
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Re-read an archive and find whatever is not as it should be.",
    discussion: """
      Nothing in the archive is written or repaired. With --storage no configuration is needed, and read access to the \
      bucket is enough. Exits with 1 on any finding.

      Examples:
        archiver verify --storage s3://acme-archive/prod --region eu-west-1
        archiver verify --level database --report audit.html
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions
  @OptionGroup(title: "An archive without a configuration") var storage: StorageOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(help: "head: manifests and sizes; full: every row; database: full, and the source databases are asked.")
  var level: VerifyLevel = .full

  @Option(help: ArgumentHelp("Only the K-th of N stable parts of the archive.", valueName: "k/n"))
  var sample: Sample?

  @Option(
    help: ArgumentHelp(
      "A head that an earlier verify printed: whatever came before it must be there, unaltered (repeatable).",
      valueName: "sha256"))
  var sinceHead: [SHA256Digest] = []

  @Option(
    help: ArgumentHelp(
      "Public key, as `config keygen` wrote it, that must have signed every manifest and run record (repeatable).",
      valueName: "file"))
  var trustedKey: [String] = []

  @Option(help: ArgumentHelp("Also write one self-contained HTML page.", valueName: "file.html"))
  var report: String?

  func validate() throws {
    guard !sinceHead.isEmpty else { return }
    if sample != nil || !selection.narrow(common.nameSelection).options.isEmpty {
      throw ValidationError("--since-head is about the whole archive: leave out --sample and the selection")
    }
  }

  func run() async throws {
    try await CommandSession(common).run { session in
      // A long check is not begun for a page that cannot be written.
      if let report { try checkRoom(for: report) }
      let needsConfiguration = storage.storage == nil || level == .database
      let configuration = needsConfiguration ? try session.loadConfiguration() : nil
      let store = try session.store(storage, configuration)
      var request = VerifyRequest(selection: selection.narrow(common.nameSelection), level: level, sample: sample)
      request.knownTables = session.tableNames(configuration)
      request.keptHeads = sinceHead
      request.trustedKeys = try trustedKey.map(KeyFiles.trustedKey)
      if level == .database, let configuration { request.databases = try session.databases(configuration) }
      let notice = storage.storage == nil && takesWholeArchive ? configuration.map { RunNotice($0, session) } : nil
      let found: VerifyReport
      do {
        found = try await VerifyJob(request: request, store: store, context: session.context).run()
      } catch {
        let failure = OperationError.wrapping(error, "cannot go on")
        await notice?.send(.failure(failure), exitCode: session.exitCode(ExitStatus(failure.category)))
        throw failure
      }
      let output = VerifyOutput(report: found)
      switch common.output {
      case .text: StandardOutput.write(output.text)
      case .json: StandardOutput.write(output.jsonLines)
      }
      let status: ExitStatus? = found.isSound ? nil : .somethingWrong
      await notice?.send(.success(found), exitCode: session.exitCode(status))
      if let report { try write(VerifyPage(report: found).html, to: report) }
      if let status { throw status }
    }
  }

  /// What is asked about a part by hand is no answer about the archive, which monitoring would take it for.
  private var takesWholeArchive: Bool {
    let names = common.nameSelection
    return names.databases.isEmpty && names.tables.isEmpty && selection.narrow(names).takesWholeTables
  }

  private func checkRoom(for path: String) throws(OperationError) {
    let file = URL(filePath: path).resolvingSymlinksInPath()
    let folder = file.deletingLastPathComponent()
    func isDirectory(_ url: URL) -> Bool {
      (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
    }
    let isRegularFile = (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? false
    let cause: String? =
      if isDirectory(file) {
        "this is a directory"
      } else if FileManager.default.fileExists(atPath: file.path), !isRegularFile {
        "this is no regular file, and would be replaced by one"
      } else if !isDirectory(folder) {
        "there is no directory \(folder.path)"
      } else if !FileManager.default.isWritableFile(atPath: folder.path) {
        "the directory \(folder.path) cannot be written to"
      } else {
        nil
      }
    if let cause { throw OperationError(.configuration, "cannot write the report", at: path, cause: cause) }
  }

  private func write(_ page: String, to path: String) throws(OperationError) {
    do {
      try Data(page.utf8).write(to: URL(filePath: path).resolvingSymlinksInPath(), options: .atomic)
    } catch {
      throw OperationError(
        .configuration, "cannot write the report", at: path, cause: (error as NSError).localizedDescription)
    }
  }
}
