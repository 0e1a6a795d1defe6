import ArchiveModel
import Foundation
import Logging
import Operations

/// Writes a line on standard error for every event, as text for people or as JSON for machines.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  var logLevel = Logger.Level.warning
  var metadata: Logger.Metadata = [:]

  init(format: LogFormat) {
    self.format = format
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    StandardError.write(
      Self.line(format, time: Timestamp.now, level: event.level, message: "\(event.message)", metadata: all))
  }

  /// The line, newline included: `2026-11-24T01:02:03.004Z info message key=value`, or one JSON object.
  static func line(
    _ format: LogFormat, time: Timestamp, level: Logger.Level, message: String, metadata: Logger.Metadata
  ) -> String {
    switch format {
    case .text:
      let pairs = metadata.sorted { $0.key < $1.key }.map { key, value in
        let text = PrintableText.line("\(value)")
        let isPlain = !text.isEmpty && !text.contains { " \"=".contains($0) }
        return isPlain ? "\(key)=\(text)" : "\(key)=\"\(text.replacing("\"", with: "\\\""))\""
      }
      return ([time.description, level.rawValue, PrintableText.line(message)] + pairs).joined(separator: " ") + "\n"
    case .json:
      var fields = metadata.mapValues { "\($0)" }
      fields["time"] = time.description
      fields["level"] = level.rawValue
      fields["message"] = message
      return JSONOutput.line(fields)
    }
  }
}
