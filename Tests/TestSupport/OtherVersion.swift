import Synchronization

/// Runs `body` with a URL at which the server of `url` reports another version, of which none can be had everywhere; nil
/// makes it report none. Gives the statements that were sent to it.
nonisolated(nonsending) package func withServer(
  at url: String, reporting version: String?, _ body: (String) async throws -> Void
) async throws -> [String] {
  let asked = Mutex<[String]>([])
  let change: @Sendable ([UInt8]) -> [UInt8] = { message in
    guard String(decoding: message.dropFirst(5), as: UTF8.self).hasPrefix("server_version\0") else { return message }
    guard let version else { return [] }
    return FaultProxy.Action.postgresMessage("S", Array("server_version\0\(version)\0".utf8))
  }
  let script: FaultProxy.Script = { moment in
    if moment.text == "ParameterStatus" { return .altered(change) }
    if moment.phase == .request { asked.withLock { $0.append(moment.text) } }
    return .pass
  }
  try await withFaultProxy(to: url, wire: .postgres, script: script, body)
  return asked.withLock { $0 }
}
