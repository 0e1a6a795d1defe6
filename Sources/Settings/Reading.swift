/// One reading of a configuration: what it found wrong so far, and what later sections start from.
struct Reading {
  let file: String
  private(set) var problems: [SettingsProblem] = []
  /// What a table starts from: the built-in defaults, then the file's `defaults`.
  var tableDefaults = TableSettings()

  init(file: String) {
    self.file = file
  }

  mutating func report(_ message: String, at key: String, line: Int?, hint: String? = nil) {
    problems.append(SettingsProblem(file: file, line: line, key: key, message: message, hint: hint))
  }

  /// Throws what was found, in the order of the file; problems of one line keep the order they were found in.
  func finish() throws(SettingsError) {
    guard !problems.isEmpty else { return }
    let sorted = problems.enumerated().sorted { first, second in
      (first.element.line ?? 0, first.offset) < (second.element.line ?? 0, second.offset)
    }
    throw SettingsError(problems: sorted.map(\.element))
  }
}
