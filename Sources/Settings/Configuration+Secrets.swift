extension Configuration {
  /// `text` with every secret of the configuration as `***`, for what leaves this machine.
  package func redacting(_ text: String) -> String {
    let secrets =
      [storage.secretAccessKey, webhook?.url].compactMap { $0 } + databases.compactMap(\.password)
    return secrets.map { $0.reveal() }
      // A secret of a letter or two would garble the text, and hide nothing.
      .filter { $0.count >= 4 }
      .sorted { $0.count > $1.count }
      .reduce(text) { $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: Secret.mask) }
  }
}
