/// Who is told of each run's end.
package struct WebhookSettings: Sendable, Equatable {
  /// Where the summary is sent; a secret, since such URLs often hold one.
  package internal(set) var url = Secret("")

  init() {}
}

extension WebhookSettings: SettingsSection {
  static let title = "webhook"

  static let fields: [Field<WebhookSettings>] = [
    Field("url", \.url, .webhookAddress, need: .here, "https:// URL that the summary of each run is sent to, as JSON")
  ]

  mutating func settle(_ place: SectionPlace, _ reading: inout Reading) {}
}

extension ValueType<Secret> {
  /// An https URL, or http to this machine; never quoted, never shown.
  static let webhookAddress = ValueType.scalar(
    schema: [("type", .text("string")), ("writeOnly", .boolean(true))],
    show: { .text($0.description) }, quotesFound: false,
    parse: { (text) throws(ValueMismatch) in
      guard isAcceptable(text) else {
        throw ValueMismatch(
          message: "must be an https:// URL, or http:// to this machine",
          hint: "plain http is taken for localhost, 127.0.0.1 and [::1] only")
      }
      return Secret(text)
    })

  private static func isAcceptable(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }),
      text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7F })
    else { return false }
    let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    guard !authority.isEmpty, !authority.hasPrefix(":") else { return false }
    guard scheme == "http://" else { return true }
    return ["localhost", "127.0.0.1", "[::1]"].contains { host in
      authority == host || authority.hasPrefix(host + ":") && authority.dropFirst(host.count + 1).allSatisfy(\.isNumber)
    }
  }
}
