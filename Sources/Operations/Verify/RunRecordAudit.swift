import ArchiveModel
import Hashing
import ObjectStore

/// Compares what the run records say was committed with what is there.
struct RunRecordAudit: Sendable {
  let store: any ObjectStore
  let selection: Selection
  let sample: Sample?

  /// How many records there are, and what is wrong.
  func run(_ seen: SeenBatches) async throws(OperationError) -> (records: Int, findings: [VerifyFinding]) {
    var records = 0
    var found: [VerifyFinding] = []
    let documents = RecordDocuments<RunRecord>(store: store, prefix: ArchiveLayout.runsPrefix)
    let findings = try await documents.read(formats: [RunRecord.format]) { (key, record) throws(OperationError) in
      records += 1
      for table in record.tables {
        let name = TableName(database: table.database, schema: table.schema, table: table.table)
        guard selection.includes(name) else { continue }
        for reference in table.manifests {
          if let finding = try await check(reference, name, seen, record: key) { found.append(finding) }
        }
      }
    }
    return (records, findings + found)
  }

  private func check(
    _ reference: RunRecord.ManifestReference, _ table: TableName, _ seen: SeenBatches, record: String
  ) async throws(OperationError) -> VerifyFinding? {
    guard case .document(.manifest, _, let batch) = ArchiveLayout.entry(reference.key) else {
      return VerifyFinding(
        .manifest, table: table, key: record, expected: "keys of manifests", found: "the key \(reference.key)")
    }
    guard sample?.includes(batch) ?? true else { return nil }
    switch seen[batch] {
    case .superseded, .unread: return nil
    case .read where seen[batch]?.sha256 == reference.sha256: return nil
    case .read, nil: break
    }
    // The archive may have grown since the walk, so what looks wrong is looked at once more.
    let bytes: [UInt8]
    do {
      bytes = try await store.get(reference.key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot read the manifest", at: reference.key) }
      return VerifyFinding(
        .gap, table: table, key: reference.key, batchID: batch, expected: "the manifest that \(record) names",
        found: error.code == .notFound ? "nothing" : error.message)
    }
    let sha256 = SHA256.hash(bytes.span).hex
    guard sha256 != reference.sha256 else { return nil }
    return VerifyFinding(
      .manifest, table: table, key: reference.key, batchID: batch, expected: reference.sha256, found: sha256,
      detail: "\(record) names another SHA-256")
  }
}
