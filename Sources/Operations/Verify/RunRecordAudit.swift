import ArchiveModel
import Hashing
import ObjectStore

/// Compares what the run records say was committed with what is there, and the records with one another.
struct RunRecordAudit: Sendable {
  let store: any ObjectStore
  let request: VerifyRequest

  struct Result: Sendable {
    var recordCount = 0
    /// Those that no other record names, oldest first.
    var heads: [RunRecord.DocumentReference] = []
    var findings: [VerifyFinding] = []
    var notes: [String] = []
  }

  func run(_ seen: SeenBatches) async throws(OperationError) -> Result {
    var sums: [String: String] = [:]
    var links: [Link] = []
    var named: Set<UUIDv7> = []
    var markers = NamedMarkers()
    var found: [VerifyFinding] = []
    let documents = RecordDocuments<RunRecord>(
      store: store, prefix: ArchiveLayout.runsPrefix,
      signatures: SignatureCheck(store: store, trustedKeys: request.trustedKeys),
      place: { ArchiveLayout.runRecord($0.runID, startedAt: $0.startedAt) })
    let unreadable = try await documents.read(formats: [RunRecord.format]) {
      (key, sha256, record) throws(OperationError) in
      sums[key] = sha256.hex
      links += (record?.previous ?? []).map { Link(from: key, to: $0) }
      for table in record?.tables ?? [] {
        let name = TableName(database: table.database, schema: table.schema, table: table.table)
        guard request.selection.includes(name) else { continue }
        let foundBefore = found.count
        for reference in table.manifests {
          if case .document(.manifest, _, let batch) = ArchiveLayout.entry(reference.key) { named.insert(batch) }
          if let finding = try await check(reference, name, seen, record: key) { found.append(finding) }
        }
        // Where manifests are missed or altered, that says more.
        if let record, found.count == foundBefore, let finding = rowsFinding(table, name, of: record.runID, seen, key) {
          found.append(finding)
        }
        for reference in table.superseded ?? [] {
          guard !markers.add(reference, namedBy: key) else { continue }
          found.append(Self.implausible(reference, "superseded marker", record: key, name))
        }
      }
      found += record.map { Self.countFindings($0, key) } ?? []
    }
    var result = Result(recordCount: sums.count, findings: unreadable + found)
    result.findings += markers.findings(seen)
    result.notes += markers.notes(seen)
    for link in links {
      if let finding = try await check(link, sums) { result.findings.append(finding) }
    }
    for head in request.keptHeads where !sums.values.contains(head.hex) {
      result.findings.append(
        VerifyFinding(
          .gap, key: ArchiveLayout.runsPrefix, expected: "the run record of SHA-256 \(head)",
          found: sums.isEmpty ? "no run record at all" : "no such one among \(sums.count)",
          detail: "the head that was kept, given with --since-head"))
    }
    let unnamed = seen.states.count { batch, state in
      if case .read = state { !named.contains(batch) } else { false }
    }
    if unnamed > 0 {
      result.notes.append(
        "\(unnamed.of("batch is", "batches are")) named by no run record, as when a run was cut short: until the next "
          + "`archive` or `recover` does so, no head covers what is not named, only signatures and the ledger do")
    }
    let followed = Set(links.map(\.to))
    result.heads = sums.map { RunRecord.DocumentReference(key: $0, sha256: $1) }.filter { !followed.contains($0) }
      .sorted { $0.key < $1.key }
    return result
  }

  /// Nil unless a run claims more rows of a table than all the manifests that name the run hold.
  ///
  /// It may claim less: a batch whose commit was in doubt at the run's end is settled by a later one.
  private func rowsFinding(
    _ table: RunRecord.Table, _ name: TableName, of run: UUIDv7, _ seen: SeenBatches, _ key: String
  ) -> VerifyFinding? {
    guard request.sample == nil, table.manifests.allSatisfy({ seen.hasRead(manifest: $0.key) }) else { return nil }
    let held = seen.rows(of: run, in: name)
    guard table.rows > held else { return nil }
    return VerifyFinding(
      .manifest, table: name, key: key,
      expected: "\(table.rows.of("row")) in the manifests of the run, as this record counts them",
      found: held.of("row"), detail: "the manifests, or this record, are not what the run wrote")
  }

  /// No run counts less than nothing.
  private static func countFindings(_ record: RunRecord, _ key: String) -> [VerifyFinding] {
    record.tables.flatMap { table in
      [
        ("rows", table.rows), ("bytes", table.bytes), ("eligible", table.eligible ?? 0),
        ("remaining", table.remaining ?? 0),
      ].filter { $0.1 < 0 }.map { name, count in
        VerifyFinding(
          .manifest, table: TableName(database: table.database, schema: table.schema, table: table.table), key: key,
          expected: "\(name) of 0 or more", found: "\(count)")
      }
    }
  }

  /// A record that names an earlier one.
  private struct Link {
    var from: String
    var to: RunRecord.DocumentReference
  }

  private func check(_ link: Link, _ sums: [String: String]) async throws(OperationError) -> VerifyFinding? {
    if sums[link.to.key] == link.to.sha256 { return nil }
    return try await compare(
      link.to, isPlausible: link.to.key.hasPrefix(ArchiveLayout.runsPrefix), named: "run record", by: link.from)
  }

  private func check(
    _ reference: RunRecord.DocumentReference, _ table: TableName, _ seen: SeenBatches, record: String
  ) async throws(OperationError) -> VerifyFinding? {
    var batch: UUIDv7?
    if case .document(.manifest, _, let id) = ArchiveLayout.entry(reference.key) { batch = id }
    if let batch {
      guard request.sample?.includes(batch) ?? true else { return nil }
      switch seen[batch] {
      case .unread: return nil
      case .read where seen[batch]?.sha256 == reference.sha256: return nil
      case .read, nil: break
      }
    }
    return try await compare(
      reference, isPlausible: batch != nil, named: "manifest", by: record, table: table, batchID: batch)
  }

  private static func implausible(
    _ reference: RunRecord.DocumentReference, _ kind: String, record: String, _ table: TableName?
  ) -> VerifyFinding {
    VerifyFinding(
      .manifest, table: table, key: record, expected: "the key of a \(kind)", found: "the key \(reference.key)")
  }

  /// Looks once more at what looks wrong, since the archive may have grown since the walk.
  private func compare(
    _ reference: RunRecord.DocumentReference, isPlausible: Bool, named kind: String, by record: String,
    table: TableName? = nil, batchID: UUIDv7? = nil
  ) async throws(OperationError) -> VerifyFinding? {
    guard isPlausible else {
      return Self.implausible(reference, kind, record: record, table)
    }
    let bytes: [UInt8]
    do {
      bytes = try await store.get(reference.key, maximumByteCount: ArchiveReader.maximumRecordByteCount)
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot read the \(kind)", at: reference.key) }
      return VerifyFinding(
        .gap, table: table, key: reference.key, batchID: batchID, expected: "the \(kind) that \(record) names",
        found: error.code == .notFound ? "nothing" : error.message)
    }
    let sha256 = SHA256.hash(bytes.span).hex
    guard sha256 != reference.sha256 else { return nil }
    return VerifyFinding(
      .manifest, table: table, key: reference.key, batchID: batchID, expected: reference.sha256, found: sha256,
      detail: "\(record) names another SHA-256")
  }
}
