import TestSupport
import Testing

/// A hazard, how it comes about, and what is said of it.
struct HazardCase: Sendable, CustomTestStringConvertible {
  let title: String
  let hazard: String
  let sql: String
  /// What the error and its hint must say.
  let says: [String]
  /// Rows that are archived once the hazard is accepted; nil where it never can be.
  var accepted: Int?
  var asRole = false
  /// Whether it has rows that can be compared.
  var isReadable = true
  var schema = "public"
  var options = ""
  /// The `server_version_num` that its statements came with.
  var since = 0
  var testDescription: String { "\(hazard): \(title)" }

  init(
    _ hazard: String, _ title: String, _ sql: String, says: [String], accepted: Int? = nil, asRole: Bool = false,
    isReadable: Bool = true, schema: String = "public", options: String = "",
    since: Int = 0
  ) {
    (self.hazard, self.title, self.sql, self.says) = (hazard, title, sql, says)
    (self.accepted, self.asRole, self.isReadable) = (accepted, asRole, isReadable)
    (self.schema, self.options, self.since) = (schema, options, since)
  }

  var table: String { "\(schema).t" }

  /// Whether it stands for all cases of its hazard where those would take long.
  var isFirst: Bool { Self.all.first { $0.hazard == hazard }?.title == title }

  static let all = (kinds + structures + references + effects + roles + contents + publications)
    .filter { $0.since <= TestServer.version }

  static let kinds = [
    HazardCase(
      "not-a-table", "a view", "ALTER TABLE public.t RENAME TO r; CREATE VIEW public.t AS SELECT * FROM public.r",
      says: ["a view", "name the table"]),
    HazardCase(
      "not-a-table", "a materialized view",
      "ALTER TABLE public.t RENAME TO r; CREATE MATERIALIZED VIEW public.t AS SELECT * FROM public.r",
      says: ["a materialized view"]),
    HazardCase(
      "not-a-table", "a foreign table",
      """
      DROP TABLE public.t; CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
      CREATE FOREIGN TABLE public.t (id bigint, at timestamptz) SERVER nowhere
      """, says: ["a foreign table"], isReadable: false),
    HazardCase(
      "not-a-table", "a sequence", "DROP TABLE public.t; CREATE SEQUENCE public.t", says: ["a sequence"],
      isReadable: false),
  ]

  static let structures = [
    HazardCase(
      "no-primary-key", "a table without one", "ALTER TABLE public.t DROP CONSTRAINT t_pkey",
      says: ["ALTER TABLE \"public\".\"t\" ADD PRIMARY KEY"]),
    HazardCase(
      "no-primary-key", "a partitioned table whose partitions do not all have it yet",
      """
      DROP TABLE public.t; CREATE TABLE public.t (id bigint NOT NULL, at timestamptz NOT NULL)
        PARTITION BY RANGE (at);
      CREATE TABLE public.p PARTITION OF public.t DEFAULT; INSERT INTO public.t VALUES (1, '2025-01-01');
      ALTER TABLE ONLY public.t ADD PRIMARY KEY (id, at)
      """, says: ["partition key"]),
    HazardCase(
      "reserved-column", "a column of the archive's own name", "ALTER TABLE public.t ADD COLUMN _batch_id int",
      says: ["column _batch_id", "RENAME COLUMN \"_batch_id\""]),
  ]

  static let references = [
    HazardCase(
      "foreign-key-action", "ON DELETE CASCADE",
      """
      CREATE TABLE public.c (id int PRIMARY KEY, t_id bigint REFERENCES public.t ON DELETE CASCADE);
      INSERT INTO public.c SELECT g, g FROM generate_series(1, 7) AS g
      """, says: ["c_t_id_fkey of public.c deletes its rows", "7 eligible rows"], accepted: 20),
    HazardCase(
      "foreign-key-action", "ON DELETE SET NULL",
      "CREATE TABLE public.c (t_id bigint REFERENCES public.t ON DELETE SET NULL)",
      says: ["sets its columns to null", "0 eligible rows"], accepted: 20),
    HazardCase(
      "foreign-key-action", "ON DELETE SET DEFAULT",
      "CREATE TABLE public.c (t_id bigint REFERENCES public.t ON DELETE SET DEFAULT)",
      says: ["sets its columns to their defaults"], accepted: 20),
    HazardCase(
      "foreign-key-action", "a cascade through another table",
      """
      CREATE TABLE public.c (id int PRIMARY KEY, t_id bigint REFERENCES public.t ON DELETE CASCADE);
      CREATE TABLE public.d (id int PRIMARY KEY, c_id int REFERENCES public.c ON DELETE CASCADE);
      CREATE TABLE public.e (d_id int REFERENCES public.d)
      """, says: ["d_c_id_fkey of public.d deletes its rows", "e_d_id_fkey of public.e may forbid it"], accepted: 20),
    HazardCase(
      "foreign-key-action", "a key that forbids the delete",
      """
      CREATE TABLE public.c (t_id bigint REFERENCES public.t);
      INSERT INTO public.c VALUES (3), (3), (4)
      """,
      says: [
        "2 eligible rows are referenced by 3 rows of public.c",
        "NOT EXISTS (SELECT FROM public.c AS r WHERE r.t_id = t.id)",
      ]),
    HazardCase(
      "foreign-key-action", "a key of a partitioned table to an ancestor of the partition that is named",
      """
      DROP TABLE public.t; CREATE TABLE public.whole (id bigint, at timestamptz, PRIMARY KEY (id, at))
        PARTITION BY RANGE (at);
      CREATE TABLE public.t PARTITION OF public.whole DEFAULT; INSERT INTO public.t VALUES (1, '2025-01-01');
      CREATE TABLE public.c (t_id bigint, t_at timestamptz,
        FOREIGN KEY (t_id, t_at) REFERENCES public.whole ON DELETE CASCADE) PARTITION BY RANGE (t_id);
      CREATE TABLE public.c1 PARTITION OF public.c DEFAULT; INSERT INTO public.c VALUES (1, '2025-01-01')
      """, says: ["of public.c deletes its rows", "1 eligible rows"], accepted: 1, since: 120_000),
    HazardCase(
      "foreign-key-action", "a key to a partition of the table",
      """
      DROP TABLE public.t; CREATE TABLE public.t (id bigint, at timestamptz, PRIMARY KEY (id, at))
        PARTITION BY RANGE (at);
      CREATE TABLE public.p PARTITION OF public.t DEFAULT; INSERT INTO public.t VALUES (1, '2025-01-01');
      CREATE TABLE public.c (id bigint, at timestamptz, FOREIGN KEY (id, at) REFERENCES public.p ON DELETE CASCADE)
      """, says: ["of public.c deletes its rows"], accepted: 1),
  ]

  static let effects = [
    HazardCase(
      "delete-trigger", "for each row", trigger("AFTER DELETE ON public.t FOR EACH ROW"),
      says: ["fire on DELETE: audit", "ALTER TABLE public.t DISABLE TRIGGER audit"], accepted: 20),
    HazardCase(
      "delete-trigger", "for each statement", trigger("AFTER INSERT OR DELETE ON public.t FOR EACH STATEMENT"),
      says: ["audit"], accepted: 20),
    HazardCase(
      "delete-trigger", "one that always fires",
      trigger("AFTER DELETE ON public.t FOR EACH ROW") + "; ALTER TABLE public.t ENABLE ALWAYS TRIGGER audit",
      says: ["audit"], accepted: 20),
    HazardCase(
      "delete-trigger", "a row trigger of a partitioned table",
      """
      DROP TABLE public.t; CREATE TABLE public.t (id bigint, at timestamptz, PRIMARY KEY (id, at))
        PARTITION BY RANGE (at);
      CREATE TABLE public.p PARTITION OF public.t DEFAULT; INSERT INTO public.t VALUES (1, '2025-01-01');
      """ + trigger("AFTER DELETE ON public.t FOR EACH ROW"),
      says: ["audit on 1 partitions", "ALTER TABLE public.t DISABLE TRIGGER audit"], accepted: 1),
    HazardCase(
      "delete-rule", "one that does something besides",
      """
      CREATE TABLE public.log (id bigint);
      CREATE RULE keep AS ON DELETE TO public.t DO ALSO INSERT INTO public.log VALUES (OLD.id)
      """, says: ["rules rewrite DELETE: keep", "DROP RULE keep ON public.t"], accepted: 20),
  ]

  static func trigger(_ definition: String) -> String {
    """
    CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER audit \(definition) EXECUTE FUNCTION public.audit()
    """
  }

  static let roles = [
    HazardCase(
      "missing-privilege", "reading is all that is allowed", "GRANT SELECT ON public.t TO {role}",
      says: ["lacks DELETE, UPDATE", "GRANT DELETE, UPDATE (\"id\") ON \"public\".\"t\" TO"], asRole: true),
    HazardCase(
      "missing-privilege", "the schema is closed",
      """
      CREATE SCHEMA closed; ALTER TABLE public.t SET SCHEMA closed;
      GRANT SELECT, DELETE, UPDATE (id) ON closed.t TO {role}
      """, says: ["USAGE on schema closed", "GRANT USAGE ON SCHEMA \"closed\" TO"], asRole: true, schema: "closed"),
    HazardCase(
      "row-security", "policies for a role that is not the owner",
      """
      GRANT SELECT, DELETE, UPDATE ON public.t TO {role}; ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
      CREATE POLICY even ON public.t USING (id % 2 = 0)
      """, says: ["would hide rows of public.t", "BYPASSRLS"], accepted: 10, asRole: true),
    HazardCase(
      "row-security", "policies forced on the owner",
      """
      ALTER TABLE public.t OWNER TO {role}; ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
      ALTER TABLE public.t FORCE ROW LEVEL SECURITY; CREATE POLICY even ON public.t USING (id % 2 = 0)
      """, says: ["forced on the owner", "NO FORCE ROW LEVEL SECURITY"], accepted: 10, asRole: true),
  ]

  static let contents = [
    HazardCase(
      "invalid-row", "a check that was never validated",
      "ALTER TABLE public.t ADD CONSTRAINT short CHECK (v <> 'v7') NOT VALID",
      says: ["1 rows break constraint short", "where:"], accepted: 20),
    HazardCase(
      "invalid-row", "a check whose function has changed",
      """
      CREATE FUNCTION public.fits(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
      ALTER TABLE public.t ADD CONSTRAINT fits CHECK (public.fits(v));
      CREATE OR REPLACE FUNCTION public.fits(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > ''v2''';
      """, says: ["break constraint fits"], accepted: 20),
    HazardCase(
      "invalid-row", "a domain that has got stricter",
      """
      CREATE DOMAIN public.code AS text; ALTER TABLE public.t ALTER COLUMN v TYPE public.code;
      ALTER DOMAIN public.code ADD CONSTRAINT few CHECK (VALUE <> 'v9') NOT VALID
      """, says: ["rows break constraint few of domain", "column v"], accepted: 20),
    HazardCase(
      "invalid-row", "elements of an array over such a domain",
      """
      CREATE DOMAIN public.code AS text; ALTER TABLE public.t ADD COLUMN codes public.code[] DEFAULT '{a,b}';
      ALTER DOMAIN public.code ADD CONSTRAINT few CHECK (VALUE <> 'b') NOT VALID
      """, says: ["rows break constraint few of domain", "column codes"], accepted: 20),
    HazardCase(
      "invalid-row", "a foreign key of its own that was never validated",
      """
      CREATE TABLE public.kind (v text PRIMARY KEY); INSERT INTO public.kind VALUES ('v1');
      ALTER TABLE public.t ADD CONSTRAINT kinds FOREIGN KEY (v) REFERENCES public.kind NOT VALID
      """, says: ["19 rows break foreign key kinds"], accepted: 20),
    HazardCase(
      "invalid-row", "a check that a partition alone has",
      """
      DROP TABLE public.t; CREATE TABLE public.t (id bigint, at timestamptz, v text, PRIMARY KEY (id, at))
        PARTITION BY RANGE (at);
      CREATE TABLE public.p PARTITION OF public.t FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
      CREATE TABLE public.q PARTITION OF public.t DEFAULT;
      INSERT INTO public.t VALUES (1, '2025-01-01', 'v7'), (2, '2025-03-01', 'v7'), (3, '2025-03-01', 'v7');
      ALTER TABLE public.p ADD CONSTRAINT short CHECK (v <> 'v7') NOT VALID
      """, says: ["1 rows break constraint short"], accepted: 3),
    HazardCase(
      "invalid-row", "a NOT NULL that was never validated",
      "UPDATE public.t SET v = NULL WHERE id = 3; ALTER TABLE public.t ADD CONSTRAINT told NOT NULL v NOT VALID",
      says: ["1 rows break constraint told"], accepted: 20, since: 180_000),
    HazardCase(
      "bytes-encoding", "bytes that are no UTF-8 in a database without encoding",
      "UPDATE public.t SET v = convert_from('\\xe9', 'SQL_ASCII') WHERE id = 5",
      says: ["in column v", "convert("],
      options: "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"),
  ]

  static let publications = [
    HazardCase(
      "replica-identity", "published by name without identity",
      "CREATE PUBLICATION feed FOR TABLE public.t; ALTER TABLE public.t REPLICA IDENTITY NOTHING",
      says: ["publication feed publishes deletes", "REPLICA IDENTITY DEFAULT"]),
    HazardCase(
      "replica-identity", "one of all tables",
      "CREATE PUBLICATION feed FOR ALL TABLES; ALTER TABLE public.t REPLICA IDENTITY NOTHING", says: ["feed"]),
    HazardCase(
      "replica-identity", "one of its schema's tables",
      "CREATE PUBLICATION feed FOR TABLES IN SCHEMA public; ALTER TABLE public.t REPLICA IDENTITY NOTHING",
      says: ["feed"], since: 150_000),
    HazardCase(
      "replica-identity", "a row filter that the key does not cover",
      "CREATE PUBLICATION feed FOR TABLE public.t WHERE (v > 'v5')", says: ["feed"], since: 150_000),
    HazardCase(
      "replica-identity", "a partition of a published table",
      """
      DROP TABLE public.t; CREATE TABLE public.t (id bigint, at timestamptz, PRIMARY KEY (id, at))
        PARTITION BY RANGE (at);
      CREATE TABLE public.p PARTITION OF public.t DEFAULT; INSERT INTO public.t VALUES (1, '2025-01-01');
      ALTER TABLE public.p REPLICA IDENTITY NOTHING;
      CREATE PUBLICATION feed FOR TABLE public.t WITH (publish_via_partition_root)
      """, says: ["ALTER TABLE \"public\".\"p\" REPLICA IDENTITY DEFAULT"], since: 130_000),
  ]
}
