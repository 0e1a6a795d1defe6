extension Int {
  /// The number with its noun, for text that people read: `1 batch`, `2 batches`, `0 keys`.
  package func of(_ one: String, _ many: String? = nil) -> String {
    "\(self) \(self == 1 ? one : many ?? one + "s")"
  }
}
