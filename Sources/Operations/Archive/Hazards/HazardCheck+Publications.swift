import ArchiveModel
import Postgres

/// Whether deletes are replicated logically, and whether they could be.
extension HazardCheck {
  func findPublications(_ findings: inout HazardFindings) async throws {
    let publications = try await transaction.execute(publicationQuery, [relationParameter]).rows.compactMap { $0[0] }
    guard !publications.isEmpty else { return }
    let names = "publication\(publications.count == 1 ? "" : "s") \(Self.names(publications))"
    var bare: [(relation: RowRelation, error: PostgresError)] = []
    for relation in relations {
      // Planning a DELETE has the server itself judge the replica identity, row filters and column lists.
      let trial = try await attempt("EXPLAIN DELETE FROM ONLY \(relation.quotedName) WHERE false")
      guard case .failure(let error) = trial else { continue }
      switch error.sqlState {
      // object_not_in_prerequisite_state; for row filters and column lists invalid_column_reference
      case "55000", "42P10": bare.append((relation, error))
      // insufficient_privilege, which has a hazard of its own
      case "42501": continue
      default: throw error
      }
    }
    if let first = bare.first {
      let places = isWholeTable ? "" : " (\(Self.names(bare.map(\.relation.quotedName))))"
      findings.add(
        .never(
          .replicaIdentity, "\(names) publishes deletes, which fail\(places): \(first.error)",
          hint: "run "
            + bare.prefix(3).map { "ALTER TABLE \($0.relation.quotedName) REPLICA IDENTITY DEFAULT" }
            .joined(separator: "; ") + (bare.count > 3 ? "; …" : "") + ", or publish no deletes"))
    } else if !source.acceptedHazards.contains(Hazard.Kind.publishedDelete.rawValue) {
      findings.warn(
        "published-delete: \(names) publishes deletes, so archived rows vanish from subscribers too; to keep them there, "
          + "run ALTER PUBLICATION \(publications[0]) SET (publish = 'insert, update, truncate') "
          + "(it holds for all tables of the publication), or accept it with hazards: [published-delete]")
    }
  }

  /// Publications of deletes that hold one of the relations or an ancestor, by name, by schema or as one of all tables.
  ///
  /// Publications by schema came with version 15. Unlogged tables are never published.
  private var publicationQuery: String {
    let bySchema =
      serverVersion >= 150000
      ? """
       OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s JOIN above a ON a.namespace = s.pnnspid
          WHERE s.pnpubid = p.oid)
      """ : ""
    return """
      WITH RECURSIVE above (oid, namespace, partition) AS (
        SELECT c.oid, c.relnamespace, c.relispartition FROM pg_catalog.pg_class c
        WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relpersistence = 'p'
        UNION
        SELECT c.oid, c.relnamespace, c.relispartition FROM above a
        JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhparent WHERE a.partition
      )
      SELECT pg_catalog.quote_ident(p.pubname) FROM pg_catalog.pg_publication p
      WHERE p.pubdelete AND EXISTS (SELECT FROM above) AND (p.puballtables
        OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN above a ON a.oid = r.prrelid WHERE r.prpubid = p.oid)\
      \(bySchema))
      ORDER BY p.pubname
      """
  }
}
