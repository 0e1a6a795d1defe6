extension Configuration {
  /// `text` with every secret of the configuration as `***`, also as JSON spells it, for what leaves this machine.
  package func redacting(_ text: String) -> String {
    let secrets =
      [storage.secretAccessKey, storage.secretAccessKeyInFile, webhook?.url].compactMap { $0 }
      + databases.flatMap { [$0.password, $0.passwordInFile].compactMap { $0 } }
    return secrets.flatMap { spellings(of: $0.reveal()) }
      // A secret of a letter or two would garble the text, and hide nothing.
      .filter { $0.count >= 4 }
      .sorted { $0.count > $1.count }
      .reduce(text) { $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: Secret.mask) }
  }

  /// A secret as it is, and within JSON, where a slash may be escaped or not.
  private func spellings(of secret: String) -> [String] {
    let json = String(PlainValue.text(secret).json().dropFirst().dropLast())
    return [secret, json, json.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/")]
  }
}
