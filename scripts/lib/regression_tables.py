"""Gives every table of PostgreSQL's regression database a time column and a key, and lists what there is."""

import dataclasses
import os
import subprocess
import uuid

TIME = "regression_time"
KEY = "regression_key"

# Four hours across midnight, so that a table of some size becomes two batches.
TIME_DEFAULT = "timestamptz '2020-02-28 22:00+00' + pg_catalog.nextval('public.regression_clock') % 14400 * interval '1 s'"
KEY_DEFAULT = "pg_catalog.nextval('public.regression_clock')"

USER_TABLES = """
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'archiver')"""


class SQLFailed(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Table:
    oid: int
    schema: str
    name: str
    quoted: str
    kind: str  # pg_class.relkind: r or p
    is_partition: bool

    @property
    def rows(self) -> str:
        """A FROM item of the table's own rows: a partitioned table has its partitions', no other has its children's."""
        return f"{'' if self.kind == 'p' else 'ONLY '}{self.quoted}"


class Database:
    """A connection through one `psql`, which is fed statement by statement."""

    def __init__(self, url: str, name: str):
        self.url = url.rpartition("/")[0] + "/" + name
        self.name = name
        self.mark = uuid.uuid4().hex
        # The database has settings of its own (pg_regress makes them); these win.
        options = "-c client_min_messages=error -c search_path=pg_catalog,public -c extra_float_digits=1"
        self.psql = subprocess.Popen(
            ["psql", "-AtqX", "-d", self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PGOPTIONS": options, "PGCLIENTENCODING": "UTF8"})  # fmt: skip

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()

    def raw_lines(self, statement: str) -> list[bytes]:
        """What `psql` prints for it, unaligned. Raises SQLFailed with what the server said."""
        verdict = f"\\echo :ERROR\n\\if :ERROR\n\\echo :LAST_ERROR_MESSAGE\n\\endif\n\\echo {self.mark}\n"
        self.psql.stdin.write(f"{statement};\n\\echo {self.mark}\n{verdict}".encode())
        self.psql.stdin.flush()
        lines, [state, *message] = self.part(), self.part()
        if state != b"false":
            raise SQLFailed(b" ".join(message).decode(errors="replace"))
        return lines

    def part(self) -> list[bytes]:
        lines = []
        for line in self.psql.stdout:
            if line.rstrip(b"\n").endswith(self.mark.encode()):
                return lines
            lines.append(line.removesuffix(b"\n"))
        raise SQLFailed("the connection was lost")

    def lines(self, statement: str) -> list[str]:
        return [line.decode() for line in self.raw_lines(statement)]

    def run(self, *statements: str):
        for statement in statements:
            self.raw_lines(statement)

    def tables(self) -> list[Table]:
        columns = "c.oid, n.nspname, c.relname, format('%I.%I', n.nspname, c.relname), c.relkind, c.relispartition"
        rows = self.lines(f"SELECT concat_ws(E'\\x1f', {columns}) {USER_TABLES} ORDER BY n.nspname, c.relname")
        fields = (row.split("\x1f") for row in rows)
        return [Table(int(f[0]), *f[1:5], f[5] == "t") for f in fields]

    def fingerprints(self) -> dict[str, str]:
        """A sum over the text of all rows of each table that has rows itself."""
        tables = [table for table in self.tables() if table.kind == "r"]
        sums = (
            f"SELECT {number}, count(*), sum(hashtextextended((t.*)::text COLLATE \"C\", 0)) FROM {table.rows} AS t"
            for number, table in enumerate(tables))
        parts = (line.partition("|") for line in self.lines(" UNION ALL ".join(sums)))
        return {tables[int(number)].quoted: text for number, _, text in parts}

    def referencing(self, table: Table) -> list[Table]:
        """The tables whose rows may keep the table's from being deleted, those that refer to others of them first."""
        lines = self.lines(f"""
            WITH RECURSIVE referencing (oid, depth) AS (
              SELECT relid, 0 FROM (SELECT {table.oid}::oid AS relid UNION SELECT relid FROM pg_partition_tree({table.oid})) t
              UNION SELECT conrelid, depth + 1 FROM pg_constraint JOIN referencing AS r ON confrelid = r.oid
              WHERE contype = 'f' AND depth < 5)
            SELECT oid FROM referencing JOIN pg_class AS c USING (oid) WHERE c.relkind = 'r' GROUP BY oid
            HAVING min(depth) > 0 AND oid <> {table.oid} ORDER BY max(depth) DESC, oid""")
        tables = {other.oid: other for other in self.tables()}
        return [tables[int(line)] for line in lines]

    def noisy(self) -> set[str]:
        """Tables whose trips may touch other tables, or may need more help than an accepted hazard: those with triggers,
        rules, constraints that are not valid, and foreign keys with actions or rows that point at them."""
        return set(self.lines(f"""
            WITH RECURSIVE causes (oid) AS (
              SELECT tgrelid FROM pg_trigger WHERE NOT tgisinternal
              UNION SELECT ev_class FROM pg_rewrite WHERE ev_type <> '1'
              UNION SELECT conrelid FROM pg_constraint WHERE NOT convalidated
              UNION SELECT confrelid FROM pg_constraint WHERE contype = 'f'
            ), members (oid) AS (
              SELECT oid FROM causes
              UNION SELECT CASE up WHEN true THEN i.inhparent ELSE i.inhrelid END FROM members AS m
              JOIN (pg_inherits AS i CROSS JOIN (VALUES (true), (false)) AS direction (up))
                ON m.oid = CASE up WHEN true THEN i.inhrelid ELSE i.inhparent END)
            SELECT format('%I.%I', n.nspname, c.relname) {USER_TABLES} AND c.oid IN (SELECT oid FROM members)"""))


def prepare(database: Database) -> dict[str, str]:
    """Adds the columns and the keys. Returns why a table could not have them, by its quoted name."""
    database.run("CREATE SEQUENCE public.regression_clock")
    for name in database.lines(f"SELECT format('%I.%I', n.nspname, c.relname) {USER_TABLES} AND c.reloftype <> 0"):
        database.run(f"ALTER TABLE {name} NOT OF")  # a typed table takes no columns
    problems = {}
    # Columns go down from what has no parent: to partitions, and to the children of inheritance.
    roots = database.lines(
        f"""SELECT format('%I.%I', n.nspname, c.relname) {USER_TABLES}
            AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid) ORDER BY 1""")
    for root in roots:
        try:
            add_columns(database, root)
        except SQLFailed as failure:
            problems[root] = str(failure)
    problems |= add_keys(database)
    return problems


def add_columns(database: Database, table: str):
    clock, key = f"ADD COLUMN {TIME} timestamptz DEFAULT", f"ADD COLUMN {KEY} bigint"
    try:
        database.run(f"ALTER TABLE {table} {clock} {TIME_DEFAULT}, {key} DEFAULT {KEY_DEFAULT}")
    except SQLFailed:
        # A table whose row type is used as a column elsewhere cannot be rewritten, but filled afterwards.
        database.run(
            "SET session_replication_role = replica",  # no triggers, no rules
            f"ALTER TABLE {table} {clock} '2020-02-28 23:59:59+00', {key}",
            f"UPDATE {table} SET {KEY} = {KEY_DEFAULT}",
            f"ALTER TABLE {table} ALTER COLUMN {KEY} SET DEFAULT {KEY_DEFAULT}")


def add_keys(database: Database) -> dict[str, str]:
    """A primary key for each table without one. A partitioned one's must have its partition columns in it; where that
    cannot be, each of its leaves has its own."""
    keyless = f"""{USER_TABLES} AND NOT EXISTS (SELECT FROM pg_index AS x WHERE x.indrelid = c.oid AND x.indisprimary)"""
    # Those of the table and of everything below it; '' for an expression, which no key can hold.
    columns = """(SELECT string_agg(DISTINCT CASE k.number WHEN 0 THEN '' ELSE quote_ident(a.attname) END, ',')
        FROM pg_partition_tree(c.oid) AS tree JOIN pg_partitioned_table AS p ON p.partrelid = tree.relid
        CROSS JOIN unnest(p.partattrs::int2[]) AS k (number)
        LEFT JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = k.number)"""
    listing = f"SELECT concat_ws('|', format('%I.%I', n.nspname, c.relname), {columns}) {keyless}"
    failures = {}
    for condition in ["c.relkind = 'p' AND NOT c.relispartition", "c.relkind = 'p'", "c.relkind = 'r'"]:
        for row in database.lines(f"{listing} AND {condition} ORDER BY c.oid"):
            name, _, partition_columns = row.partition("|")
            key = ",".join(filter(None, [*partition_columns.split(","), KEY]))
            try:
                database.run(f"ALTER TABLE {name} ADD PRIMARY KEY ({key})")
            except SQLFailed as failure:
                failures[name] = f"no primary key can be added: {failure}"
    left = database.lines(f"SELECT format('%I.%I', n.nspname, c.relname) {keyless}")
    return {name: failures.get(name, "it has no primary key") for name in left}
