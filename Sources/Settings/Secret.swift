/// A value that must not reach a log, an error or a screen: it prints as `***` in every form Swift can print.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let value: String

  /// Wraps `value`.
  package init(_ value: String) {
    self.value = value
  }

  /// The value itself, for the one call that needs it.
  package func reveal() -> String { value }

  /// Always `***`.
  package var description: String { Secret.mask }

  /// Always `***`.
  package var debugDescription: String { Secret.mask }

  /// Empty, so that `dump` and reflection show nothing.
  package var customMirror: Mirror { Mirror(self, children: [:]) }

  static let mask = "***"
}
