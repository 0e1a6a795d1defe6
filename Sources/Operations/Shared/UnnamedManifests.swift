import ArchiveModel
import Hashing
import ObjectStore
import Postgres

/// Looks closely at manifests that no run record names, before the next one names them: its signature, and the head that
/// stands for it, must not be lent to what someone else put there.
struct UnnamedManifests: Sendable {
  let store: any ObjectStore
  /// Trusts the key that this run signs with, if there is one.
  let signatures: SignatureCheck

  struct Verdict: Sendable {
    /// To be named.
    var named: [RunRecord.DocumentReference] = []
    /// Left unnamed, and why.
    var doubts: [Doubt] = []
  }

  struct Doubt: Sendable {
    var batchID: UUIDv7
    var key: String
    var cause: String

    /// One sentence without its end.
    var sentence: String { "no run record names \(key), and none will: \(cause)" }
  }

  /// A manifest is named when nothing about it is odd, the signature fits where documents are signed, and the ledger has its
  /// SHA-256 where there is one.
  ///
  /// Throws when the storage cannot be read; a ledger that cannot be read leaves all of them unnamed.
  func check(
    _ manifests: [(batchID: UUIDv7, key: String)], of table: TableName, ledger: Ledger?, over pool: ConnectionPool
  ) async throws(OperationError) -> Verdict {
    var verdict = Verdict()
    let check = ManifestCheck(store: store, signatures: signatures)
    for (batch, key) in manifests {
      let (sound, findings) = try await check.read(key, batch: batch, table: table)
      if let finding = findings.first {
        verdict.doubts.append(
          Doubt(batchID: batch, key: key, cause: "expected \(finding.expected), found \(finding.found)"))
      } else if let sound, let objection = await objection(to: sound, of: ledger, over: pool) {
        verdict.doubts.append(Doubt(batchID: batch, key: key, cause: objection))
      } else if let sound {
        verdict.named.append(.init(key: key, sha256: sound.sha256.hex))
      }
    }
    return verdict
  }

  /// Nil when the ledger has the manifest, and when there is none to ask.
  private func objection(
    to sound: ManifestCheck.Sound, of ledger: Ledger?, over pool: ConnectionPool
  ) async -> String? {
    guard let ledger else { return nil }
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
          guard try await ledger.exists(in: transaction) else { return "there is no ledger that could tell" }
          let entry = try await ledger.entry(sound.manifest.batchID, in: transaction)
          if entry?.manifestSHA256 == sound.sha256.hex { return nil }
          return entry == nil ? "the ledger does not have the batch" : "the ledger has the SHA-256 of another manifest"
        }
      }
    } catch {
      return "the ledger cannot be read: \(OperationError.wrapping(error, "cannot read the ledger").description)"
    }
  }
}
