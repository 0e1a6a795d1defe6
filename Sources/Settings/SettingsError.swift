/// Everything that is wrong with a configuration, found in one go and sorted by line.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
  /// At least one problem.
  package let problems: [SettingsProblem]

  /// One line per problem, each followed by its hint on a line of its own.
  package var description: String {
    problems.map { problem in
      guard let hint = problem.hint else { return problem.description }
      return "\(problem.description)\n  hint: \(hint)"
    }.joined(separator: "\n")
  }
}

/// One thing wrong with a configuration. It holds no value of a secret key or a URL, and quotes no variable.
package struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file as the user named it, or `command line`.
  package let file: String
  /// Line in the file, from 1: the line of the key, or of what should hold it when it is missing.
  package let line: Int?
  /// Path of the key, such as `databases[0].tables[1].batch_size`; empty when the whole file is meant.
  package let key: String
  /// What is wrong and which values are accepted, without a full stop.
  package let message: String
  /// What to do about it.
  package let hint: String?

  /// One line: `archiver.yaml:12: databases[0].tables[1].batch_size: must be from 1 to 1000000 (found 0)`.
  package var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return key.isEmpty ? "\(place): \(message)" : "\(place): \(key): \(message)"
  }
}
