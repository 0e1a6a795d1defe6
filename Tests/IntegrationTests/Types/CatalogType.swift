import Foundation
import TestSupport
import Testing

/// A type of `pg_type`, with what is needed to make values of it.
struct CatalogType: Decodable {
  var oid: Int
  /// As `format_type` spells it under `search_path = pg_catalog`.
  var name: String
  var typname: String
  /// `pg_type.typtype`.
  var kind: String
  /// Of an array: its elements' type and what stands between them.
  var element: Int?
  var delimiter: String
  /// Of a domain.
  var base: Int
  /// Of a range.
  var subtype: Int?
  /// Of a multirange.
  var range: Int?
  var labels: [String]
  /// Of a composite or row type: its columns' types.
  var attributes: [Int]
  /// Why the server takes no column of this type: its SQLSTATE; nil when it does.
  var refusal: String?

  /// Whether it is the row type of a table or view, or an array of such.
  var isOfRelation: Bool

  /// Every type of the database that a table's column could have, asked of the server one by one.
  static func all(in database: ThrowawayDatabase) async throws -> [CatalogType] {
    let text = try await database.psql(query)
    return try JSONDecoder().decode([CatalogType].self, from: Data(text.utf8))
  }

  private static let query = #"""
    SET search_path = pg_catalog, pg_temp;
    CREATE TEMPORARY TABLE refused (type oid, state text);
    DO $$
    DECLARE
      candidate oid;
    BEGIN
      FOR candidate IN SELECT t.oid FROM pg_type t WHERE typtype <> 'p' ORDER BY t.oid LOOP
        BEGIN
          EXECUTE format('CREATE TEMPORARY TABLE probe (c %s)', format_type(candidate, -1));
          DROP TABLE probe;
        EXCEPTION WHEN OTHERS THEN
          INSERT INTO refused VALUES (candidate, SQLSTATE);
        END;
      END LOOP;
    END $$;
    SELECT json_agg(json_build_object(
      'oid', t.oid::bigint, 'name', format_type(t.oid, -1), 'typname', t.typname, 'kind', t.typtype,
      'element', e.oid::bigint, 'delimiter', coalesce(e.typdelim, ','), 'base', t.typbasetype::bigint,
      'subtype', (SELECT rngsubtype::bigint FROM pg_range r WHERE r.rngtypid = t.oid),
      -- There are no multiranges before 14, nor a column to find them by.
      'range', (SELECT rngtypid::bigint FROM pg_range r WHERE (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid),
      'labels', ARRAY (SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder),
      'attributes', ARRAY (SELECT atttypid::bigint FROM pg_attribute
        WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped ORDER BY attnum),
      'refusal', (SELECT state FROM refused WHERE type = t.oid),
      'isOfRelation', coalesce((SELECT relkind <> 'c' FROM pg_class c WHERE c.oid IN (t.typrelid, e.typrelid)), false)
    ) ORDER BY t.oid)
    FROM pg_type t LEFT JOIN pg_type e ON e.typarray = t.oid
    -- Nor the row types of temporary tables, and of the tables behind them, which have types of their own before 14.
    WHERE t.typtype <> 'p'
      AND t.typnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_');
    """#
}
