import Postgres
import TestSupport

/// The test server's parameters, or those of `url`.
func parameters(_ url: String? = nil, _ keywords: [String: String] = [:]) throws -> ConnectionParameters {
  ConnectionParameters(url: try url ?? TestEnvironment.postgresURL(), keywords: keywords)
}

/// Lends a fresh session and closes it.
nonisolated(nonsending) func withConnection<Result>(
  _ url: String? = nil, _ keywords: [String: String] = [:],
  _ body: nonisolated(nonsending) (Connection) async throws -> Result
) async throws -> Result {
  let connection = try await Connection.open(parameters(url, keywords))
  do {
    let result = try await body(connection)
    await connection.close()
    return result
  } catch {
    await connection.close()
    throw error
  }
}

extension Connection {
  /// The only value of the only row of `sql`.
  func value(_ sql: String, _ parameters: [Parameter] = []) async throws -> String? {
    let rows = try await execute(sql, parameters).rows
    return rows.count == 1 && rows[0].count == 1 ? rows[0][0] : "not a single value"
  }
}

extension Transaction {
  /// The only value of the only row of `sql`.
  func value(_ sql: String) async throws -> String? {
    try await connection.value(sql)
  }
}

/// The `PostgresError` that `body` throws, or nil.
nonisolated(nonsending) func postgresError(
  _ body: nonisolated(nonsending) () async throws -> Void
) async throws -> PostgresError? {
  do {
    try await body()
    return nil
  } catch let error as PostgresError {
    return error
  }
}

/// A value in binary array form, as `array_recv` reads it.
func bigintArray(_ values: [Int64]) -> Parameter {
  func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
  var bytes = bigEndian(Int32(1)) + bigEndian(Int32(0)) + bigEndian(UInt32(20))
  bytes += bigEndian(Int32(values.count)) + bigEndian(Int32(1))
  for value in values { bytes += bigEndian(Int32(8)) + bigEndian(value) }
  return .binary(bytes, oid: 1016)
}

/// Counts what it is given; throws after `limit` messages.
struct CountingSink: CopySink {
  struct Full: Error {}

  var limit = Int.max
  var messageCount = 0
  var bytes: [UInt8] = []

  mutating func receive(_ message: Span<UInt8>) throws {
    guard messageCount < limit else { throw Full() }
    messageCount += 1
    for index in message.indices where bytes.count < 1_000_000 { bytes.append(message[index]) }
  }
}

/// Gives its chunks, then throws if it is to fail.
struct ChunkSource: CopySource {
  struct Broken: Error {}

  var chunks: [[UInt8]]
  var fails = false

  init(_ chunks: [String], fails: Bool = false) {
    self.chunks = chunks.reversed().map { Array($0.utf8) }
    self.fails = fails
  }

  mutating func nextChunk() throws -> [UInt8]? {
    if let chunk = chunks.popLast() { return chunk }
    if fails { throw Broken() }
    return nil
  }
}
