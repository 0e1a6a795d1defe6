import Foundation

/// Colour for the few words that people look for. Meaning never hangs on it.
enum Emphasis: String {
  case failure = "1;31"
  case success = "32"
  case advice = "36"

  /// Where the text goes.
  enum Stream: Sendable {
    case standardOutput, standardError

    fileprivate var takesColour: Bool {
      let descriptor = self == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
      return Emphasis.isWanted(isTerminal: isatty(descriptor) == 1, environment: ProcessInfo.processInfo.environment)
    }
  }

  /// `text`, coloured when the stream's reader wants that.
  func on(_ text: String, _ stream: Stream) -> String {
    stream.takesColour ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Colour goes to terminals alone, and not to those that cannot show it or whose user asks for none (no-color.org).
  static func isWanted(isTerminal: Bool, environment: [String: String]) -> Bool {
    isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }
}
