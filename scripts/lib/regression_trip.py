"""One table's way to an archive and back, judged by the text of its rows."""

import collections
import dataclasses
import json
import os
import pathlib
import re
import subprocess

from regression_tables import TIME, Database, Table

IDENTICAL, REFUSED, DIFFERENT = "identical", "refused", "NOT IDENTICAL"


@dataclasses.dataclass
class Verdict:
    table: Table
    outcome: str
    rows: int
    # Why, in the tool's words where they are its own.
    reason: str = ""
    # What had to be done for the trip, beyond the time column and the key.
    help: list[str] = dataclasses.field(default_factory=list)
    # Other tables whose rows are not what they were: the work of the table's triggers, rules and foreign keys.
    touched: list[str] = dataclasses.field(default_factory=list)
    # What the tool offers to accept.
    hazard: str | None = None


class Trip:
    """In one database and one storage directory, which must not exist yet."""

    def __init__(
        self, database: Database, table: Table, directory: pathlib.Path, tool: str, referencing: list[Table] = ()
    ):
        """`referencing` tables go to the archive first, and come back last."""
        self.database, self.table, self.directory, self.tool = database, table, directory, tool
        self.tables = [*referencing, table]
        self.help = []
        self.counts = {t: int(database.lines(f"SELECT count(*) FROM {t.rows}")[0]) for t in self.tables}
        self.rows = self.counts[table]
        self.restored = set()
        directory.mkdir(parents=True)

    def make(self, hazards: list[str], helps: list["Help"]) -> Verdict:
        """`helps` are tried one after the other, each when the tool could not go on without it."""
        self.help = [f"hazards: [{', '.join(hazards)}]"] if hazards else []
        helps = list(helps)
        if self.tables[:-1]:
            self.help.append(f"archived after {', '.join(table.quoted for table in self.tables[:-1])}")
        before = self.row_texts()
        self.configure(hazards)
        while (refusal := self.archive(before)) and refusal.outcome == REFUSED and not refusal.hazard and helps:
            self.take(helps.pop(0))
        if refusal:
            return refusal
        failure = self.restore()
        while failure and helps:
            self.take(helps.pop(0))
            failure = self.restore()
        if failure:
            return self.verdict(DIFFERENT, f"archived, but {failure}")
        after = self.row_texts()
        if after != before:
            changed, new = (before - after).total(), (after - before).total()
            return self.verdict(DIFFERENT, f"{changed} rows did not come back as they were, {new} are new")
        return self.verdict(IDENTICAL)

    def archive(self, before: collections.Counter) -> Verdict | None:
        """What keeps the rows from the archive; None when all of them are there and no longer in the table."""
        result, report = self.run("archive")
        if report is None:
            return self.verdict(DIFFERENT, f"archive ended with {result.returncode} and no report")
        error = next((table["error"] for table in report["tables"] if table.get("error")), None)
        if error := error or next(iter(report["errors"]), None):
            if self.row_texts() != before:
                return self.verdict(DIFFERENT, f"archive failed and the rows are not what they were: {error['message']}")
            if any(self.directory.glob("storage/db=*/**/*.manifest.json")):
                return self.verdict(DIFFERENT, f"archive failed and left manifests: {error['message']}")
            offer = re.search(r"hazards: \[([a-z-]+)\]", error.get("hint") or "")
            return self.verdict(REFUSED, error["message"], offer and offer[1])
        archived, left = sum(table["rows"] for table in report["tables"]), self.row_texts().total()
        if result.returncode or archived != before.total() or left:
            return self.verdict(DIFFERENT, f"{archived} of {before.total()} rows were archived, {left} are left")
        return None

    def restore(self) -> str | None:
        """Why the rows are not back; None when restore says that they are."""
        for table in reversed(self.tables):
            # Nothing is in the archive of an empty table, and restore says so.
            if table in self.restored or not self.counts[table]:
                continue
            filters = ["--table", f"{table.schema}.{table.name}"] if len(self.tables) > 1 else []
            result, report = self.run("restore", *filters)
            if report is None or result.returncode:
                first = result.stderr.decode(errors="replace").partition("\n")[0].removeprefix("error: ")
                return f"restore failed: {first}"
            self.restored.add(table)
        return None

    def take(self, help: "Help"):
        """Does nothing where the database has nothing of the kind."""
        done = help.apply(self.database, self.table)
        self.help += [help.name] if done else []

    def verdict(self, outcome: str, reason: str = "", hazard: str | None = None) -> Verdict:
        return Verdict(self.table, outcome, self.rows, reason, list(self.help), hazard=hazard)

    def row_texts(self) -> collections.Counter:
        """How often each row's text occurs, with the partition it is in. Only the order of the rows is left out."""
        texts = collections.Counter()
        for table in self.tables:
            rows = f"SELECT concat(t.tableoid::regclass, ' ', (t.*)::text) FROM {table.rows} AS t"
            texts.update(self.database.raw_lines(f"COPY ({rows}) TO STDOUT"))
        return texts

    def configure(self, hazards: list[str]):
        def scalar(text: str) -> str:
            return json.dumps(text.replace("$", "$$"))

        tables = "\n".join(f"""\
      - name: {scalar(table.name)}
        schema: {scalar(table.schema)}
        timestamp_column: {TIME}
        batch_size: 3000
        hazards: {json.dumps(hazards)}""" for table in self.tables)
        (self.directory / "archiver.yaml").write_text(f"""version: 1
storage: {{url: "file://{self.directory}/storage"}}
databases:
  - name: regression
    url: {self.database.url}
    tables:
{tables}
""")

    def run(self, *command: str) -> tuple[subprocess.CompletedProcess, dict | None]:
        """The result, and the report it printed, if any."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "AWS_", "ARCHIVER_"))}
        result = subprocess.run(
            [self.tool, *command, "--config", self.directory / "archiver.yaml", "--output", "json", "--progress", "none"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)  # fmt: skip
        try:
            return result, json.loads(result.stdout)
        except json.JSONDecodeError:
            return result, None


class Help:
    """What the documentation asks an operator to do about a table that would not come back otherwise."""

    def __init__(self, name: str, statements: str):
        self.name, self.statements = name, statements

    def apply(self, database: Database, table: Table) -> bool:
        """Runs each statement that the query gives, `family` being the table and its partitions. Whether there were any."""
        family = f"SELECT relid FROM pg_partition_tree({table.oid}) UNION SELECT {table.oid}"
        statements = database.lines(self.statements.replace("$family", family))
        for statement in statements:
            database.run(statement)
        return bool(statements)


HELPS = [
    Help("its trigger functions given a search_path", """
        SELECT DISTINCT format('ALTER FUNCTION %s SET search_path = pg_catalog, public', tgfoid::regprocedure)
        FROM pg_trigger JOIN pg_proc AS p ON p.oid = tgfoid
        WHERE tgrelid IN ($family) AND NOT tgisinternal AND p.pronamespace <> 'pg_catalog'::regnamespace"""),
    Help("its triggers and rules disabled for the restore", """
        SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
        WHERE tgrelid IN ($family) AND NOT tgisinternal AND tgenabled <> 'D' AND tgparentid = 0
        UNION SELECT format('ALTER TABLE %s DISABLE RULE %I', ev_class::regclass, rulename) FROM pg_rewrite
        WHERE ev_class IN ($family) AND ev_type <> '1'"""),
    Help("its constraints that are not valid dropped for the restore", """
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
        WHERE conrelid IN ($family) AND NOT convalidated AND coninhcount = 0"""),
]
