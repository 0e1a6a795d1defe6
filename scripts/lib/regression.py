"""The driver of scripts/regression: takes each table of PostgreSQL's regression database out and back with the real tool.

It judges by the text of whole rows, read through psql before and after, and shares no code with the tool.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import time

from regression_tables import TIME, USER_TABLES, Database, SQLFailed, Table, prepare

HERE = pathlib.Path(os.environ["REGRESSION_WORK"])
URL = os.environ["REGRESSION_POSTGRES_URL"]
ARCHIVER = os.environ["REGRESSION_ARCHIVER"]
PREPARED = "regression_prepared"
IDENTICAL, REFUSED, DIFFERENT = "identical", "refused", "NOT IDENTICAL"


@dataclasses.dataclass
class Verdict:
    table: Table
    outcome: str
    rows: int = 0
    reason: str = ""
    accepted: list[str] = dataclasses.field(default_factory=list)
    # The hazard that the tool offers to accept.
    acceptable: str | None = None


class Trip:
    """One table's way to the archive and back, in one database and one storage directory."""

    def __init__(self, database: Database, table: Table, directory: pathlib.Path):
        self.database, self.table, self.directory = database, table, directory
        directory.mkdir(parents=True)

    def make(self, accepted: list[str]) -> Verdict:
        before = self.row_texts()
        count = before.total()
        self.configure(accepted)
        report = self.archiver("archive")
        [archived] = report["tables"] or [None]
        if archived is None or archived["outcome"] != "complete":
            error = archived["error"] if archived else report["errors"][0]
            message = error["message"]
            if self.row_texts() != before:
                return self.verdict(DIFFERENT, count, f"it failed and the rows are not what they were: {message}")
            if archived_files := list(self.directory.glob("storage/db=*/**/*.manifest.json")):
                return self.verdict(DIFFERENT, count, f"it failed and left {len(archived_files)} manifests: {message}")
            offer = re.search(r"hazards: \[([a-z-]+)\]", error.get("hint") or "")
            return dataclasses.replace(self.verdict(REFUSED, count, message, accepted), acceptable=offer and offer[1])
        left = self.row_texts().total()
        if archived["rows"] != count or left:
            return self.verdict(DIFFERENT, count, f"{archived['rows']} of {count} rows were archived, {left} are left")
        if count:
            restored = self.archiver("restore")
            if restored is None or restored.get("errors"):
                return self.verdict(DIFFERENT, count, f"archived, but restore failed: {self.last_error}", accepted)
        after = self.row_texts()
        if after != before:
            lost, new = (before - after).total(), (after - before).total()
            return self.verdict(DIFFERENT, count, f"{lost} rows did not come back as they were, {new} are new", accepted)
        return self.verdict(IDENTICAL, count, "", accepted)

    def verdict(self, outcome: str, rows: int, reason: str, accepted: list[str] = ()) -> Verdict:
        return Verdict(self.table, outcome, rows, reason, list(accepted))

    def row_texts(self) -> collections.Counter:
        """How often each row's text occurs, with the partition it is in. Only the order of the rows is left out."""
        rows = f"SELECT concat(t.tableoid::regclass, ' ', (t.*)::text) FROM {self.table.rows} AS t"
        return collections.Counter(self.database.raw_lines(f"COPY ({rows}) TO STDOUT"))

    def configure(self, accepted: list[str]):
        quoted = {name: json.dumps(value.replace("$", "$$")) for name, value in vars(self.table).items() if name in ("schema", "name")}
        (self.directory / "archiver.yaml").write_text(f"""version: 1
storage: {{url: "file://{self.directory}/storage"}}
databases:
  - name: regression
    url: {self.database.url}
    tables:
      - name: {quoted["name"]}
        schema: {quoted["schema"]}
        timestamp_column: {TIME}
        batch_size: 3000
        hazards: {json.dumps(accepted)}
""")

    def archiver(self, command: str) -> dict | None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "AWS_", "ARCHIVER_"))}
        result = subprocess.run(
            [ARCHIVER, command, "--config", self.directory / "archiver.yaml", "--output", "json", "--progress", "none"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)  # fmt: skip
        self.last_error = result.stderr.decode(errors="replace").partition("\n")[0]
        if result.returncode and command == "restore":
            return None
        return json.loads(result.stdout)


class Worker:
    """A copy of the prepared database, for one trip after another; and copies of it for trips that may touch other tables."""

    def __init__(self, number: int):
        self.number = number
        self.directory = HERE / f"worker-{number}"
        self.database = self.copy(f"regression_{number}")

    def copy(self, name: str) -> Database:
        server = Database(URL, "postgres")
        server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {PREPARED}")
        server.close()
        return Database(URL, name)

    def try_table(self, table: Table) -> Verdict:
        verdict = Trip(self.database, table, self.directory / f"{table.oid}").make([])
        accepted = []
        while verdict.outcome == REFUSED and verdict.acceptable and verdict.acceptable not in accepted:
            accepted.append(verdict.acceptable)
            scratch = self.copy(f"regression_scratch_{self.number}")
            verdict = Trip(scratch, table, self.directory / f"{table.oid}-{len(accepted)}").make(accepted)
            scratch.close()
        return verdict


def fingerprints(database: Database) -> dict[str, str]:
    """A sum over the text of all rows of each table."""
    sums = {}
    for table in database.tables():
        rows = f"SELECT (t.*)::text COLLATE \"C\" AS row FROM {table.rows} AS t"
        [sums[table.quoted]] = database.lines(
            f"SELECT count(*) || ' ' || md5(coalesce(string_agg(row, E'\\n' ORDER BY row), '')) FROM ({rows}) AS rows")
    return sums


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/regression")
    parser.add_argument("--table", action="append", help="only this table, as SCHEMA.NAME with SQL's quotes; repeatable")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--report", type=pathlib.Path, help="write every table's verdict here, as JSON")
    arguments = parser.parse_args()

    started = time.monotonic()
    server = Database(URL, "postgres")
    server.run(f"DROP DATABASE IF EXISTS {PREPARED}", f"CREATE DATABASE {PREPARED} TEMPLATE regression")
    prepared = Database(URL, PREPARED)
    problems = prepare(prepared)
    tables = [table for table in prepared.tables() if not arguments.table or table.quoted in arguments.table]
    before = fingerprints(prepared)
    prepared.close()

    workers = queue.SimpleQueue()
    for number in range(arguments.workers):
        workers.put(Worker(number))

    def attempt(table: Table) -> Verdict:
        worker = workers.get()
        try:
            return worker.try_table(table)
        finally:
            workers.put(worker)

    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        verdicts = list(pool.map(attempt, tables))
    damaged = {verdict.table.quoted for verdict in verdicts if verdict.outcome == DIFFERENT}
    bystanders = set()
    for _ in range(arguments.workers):
        after = fingerprints(workers.get().database)
        bystanders |= {name for name in before if after.get(name) != before[name]} - damaged
    return report(verdicts, bystanders, problems, arguments, time.monotonic() - started)


def report(verdicts, bystanders, problems, arguments, seconds) -> int:
    for outcome in [REFUSED, DIFFERENT]:
        chosen = [verdict for verdict in verdicts if verdict.outcome == outcome]
        print(f"\n{outcome}: {len(chosen)} tables")
        for verdict in chosen:
            print(f"  {verdict.table.quoted:<40} {verdict.rows:>7} rows  {verdict.reason}"
                  + (f"  [accepted: {', '.join(verdict.accepted)}]" if verdict.accepted else "")
                  + (f"  [{problems[verdict.table.quoted]}]" if verdict.table.quoted in problems else ""))
    accepted = [verdict for verdict in verdicts if verdict.outcome == IDENTICAL and verdict.accepted]
    print(f"\nidentical with a hazard accepted: {len(accepted)} tables")
    for verdict in accepted:
        print(f"  {verdict.table.quoted:<40} {verdict.rows:>7} rows  {', '.join(verdict.accepted)}")
    print()
    for outcome in [IDENTICAL, REFUSED, DIFFERENT]:
        chosen = [verdict for verdict in verdicts if verdict.outcome == outcome]
        empty = sum(verdict.rows == 0 for verdict in chosen)
        print(f"{outcome:<14} {len(chosen):>5} tables ({empty} of them empty) {sum(v.rows for v in chosen):>9,} rows")
    print(f"{'in all':<14} {len(verdicts):>5} tables, in {seconds:.0f} s")
    for name in sorted(bystanders):
        print(f"error: {name} is not what it was, though no trip of its own says so")
    if arguments.report:
        rows = [{**dataclasses.asdict(verdict), "table": verdict.table.quoted} for verdict in verdicts]
        arguments.report.write_text(json.dumps(rows, indent=1))
    return 1 if bystanders or any(verdict.outcome == DIFFERENT for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
