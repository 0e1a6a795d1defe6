import Foundation

/// The JSON that commands print: keys sorted, slashes plain.
enum JSONOutput {
  /// One line, newline included.
  static func line(_ value: some Encodable) -> String { text(value, [.sortedKeys, .withoutEscapingSlashes]) }

  /// Indented, newline included.
  static func document(_ value: some Encodable) -> String {
    text(value, [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted])
  }

  private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    do {
      return PrintableText.json(String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n"
    } catch {
      // The values printed are strings, numbers and lists of them, which always encode.
      return "{\"error\":\"the result cannot be written as JSON\"}\n"
    }
  }
}
