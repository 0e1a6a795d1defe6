import Execution
import Foundation

/// Runs the program that a profile's `credential_process` names, and reads what it prints.
///
/// The program's words come from the profile as they stand: no shell sees them. What it writes to standard error is not
/// kept, as it may hold anything.
actor CredentialProcess {
  private static let secondsAtMost = 60.0
  private static let maximumByteCount = 1_048_576

  private nonisolated let executor = ThreadExecutor(name: "credentials")
  private let environment: [String: String]

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(environment: [String: String]) {
    self.environment = environment
  }

  /// Blocks this actor's thread until the program has ended. Throws `invalidCredentials`, without the program's output.
  func credentials(from command: String) throws(ObjectStoreError) -> Credentials {
    let name = "the credential_process"
    let words = try Self.words(of: command)
    guard !words.isEmpty else { throw .noCredentials("\(name) names no program") }
    let process = Process()
    // For its search along PATH.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["--"] + words
    process.environment = environment
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw .noCredentials("\(name) cannot be started")
    }
    let deadline = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.secondsAtMost, execute: deadline)
    defer { deadline.cancel() }
    let bytes = (try? output.fileHandleForReading.read(upToCount: Self.maximumByteCount)) ?? Data()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw .noCredentials("\(name) ended with status \(process.terminationStatus); run it by hand to see why")
    }
    let document = try? JSONDecoder().decode(CredentialDocument.self, from: bytes)
    guard document?.version == 1 else { throw .noCredentials("\(name) gave no document of version 1") }
    return try CredentialDocument.credentials(in: Array(bytes), from: name)
  }

  /// The words of a command line: parted by spaces, with single and double quotes and the backslash as a shell has them.
  static func words(of command: String) throws(ObjectStoreError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = command.makeIterator()
    while let character = characters.next() {
      switch (character, quote) {
      case ("\\", nil), ("\\", "\""):
        guard let next = characters.next() else { throw .noCredentials("the credential_process ends in a backslash") }
        let isKept = quote == "\"" && next != "\"" && next != "\\"
        word = (word ?? "") + (isKept ? "\\" : "") + String(next)
      case (_, let open?) where character == open: quote = nil
      case ("\"", nil), ("'", nil):
        quote = character
        word = word ?? ""
      case (" ", nil), ("\t", nil):
        if let finished = word { words.append(finished) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { throw .noCredentials("a quote in the credential_process is not closed") }
    return words + (word.map { [$0] } ?? [])
  }
}
