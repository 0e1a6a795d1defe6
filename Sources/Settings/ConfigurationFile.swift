import Foundation

/// Reads the bytes of a configuration file.
enum ConfigurationFile {
  /// A configuration is a page or two; what is larger is another file.
  static let byteLimit = 1 << 20

  /// The text of the file at `path`, which may be a pipe.
  static func read(_ path: String) throws(SettingsError) -> String {
    let data = try bytes(of: path)
    guard data.count <= byteLimit else {
      throw error(path, "is larger than \(byteLimit) bytes", hint: "a configuration is a small YAML file")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
      throw error(path, "is not UTF-8 text", line: line.map { $0 + 1 }, hint: "save the file with UTF-8 encoding")
    }
    return text
  }

  private static func bytes(of path: String) throws(SettingsError) -> Data {
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      return try file.read(upToCount: byteLimit + 1) ?? Data()
    } catch {
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      if attributes?[.type] as? FileAttributeType == .typeDirectory {
        throw self.error(path, "is a directory", hint: "name a YAML file")
      }
      if (error as? CocoaError)?.code == .fileReadNoSuchFile || (error as? CocoaError)?.code == .fileNoSuchFile {
        throw self.error(
          path, "does not exist", hint: "name it with --config, or see docs/examples for one to start from")
      }
      if (error as? CocoaError)?.code == .fileReadNoPermission {
        throw self.error(
          path, "may not be read by this user", hint: "check the owner and mode of the file and its folders")
      }
      throw self.error(path, "cannot be read", hint: "name a YAML file")
    }
  }

  private static func error(_ path: String, _ message: String, line: Int? = nil, hint: String) -> SettingsError {
    SettingsError(problems: [SettingsProblem(file: path, line: line, key: "", message: message, hint: hint)])
  }
}
