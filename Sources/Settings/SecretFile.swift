import Foundation

/// Secrets in files of their own, as orchestrators mount them.
enum SecretFile {
  /// More than any password.
  private static let maximumByteCount = 65_536

  /// What the file at `path` holds, without the line end that editors put there. Nil when that was reported: the file
  /// cannot be read or is empty, or the secret stands in the configuration as well.
  static func read(
    _ path: String, insteadOf key: String, at fileKey: String, _ place: SectionPlace, _ reading: inout Reading
  ) -> Secret? {
    func report(_ message: String) {
      reading.report(message, at: place.key(fileKey), line: place.line(of: fileKey))
    }
    guard place.given[key] == nil else {
      report("cannot stand beside \(key)")
      return nil
    }
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      let data = try file.read(upToCount: maximumByteCount + 1) ?? Data()
      guard data.count <= maximumByteCount, var text = String(data: data, encoding: .utf8) else {
        report("names a file that is too large, or no text: \(path)")
        return nil
      }
      while let last = text.last, last.isNewline { text.removeLast() }
      guard !text.isEmpty else {
        report("names an empty file: \(path)")
        return nil
      }
      return Secret(text)
    } catch {
      report("names a file that cannot be read: \(path)")
      return nil
    }
  }
}
