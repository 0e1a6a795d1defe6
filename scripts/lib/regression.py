"""The driver of scripts/regression: takes each table of PostgreSQL's regression database out and back with the real tool.

It judges by the text of whole rows, read through psql before and after, and shares no code with the tool.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import queue
import re
import sys
import time

from regression_tables import Database, Table, prepare
from regression_trip import DIFFERENT, HELPS, IDENTICAL, REFUSED, Trip, Verdict

WORK = pathlib.Path(os.environ["REGRESSION_WORK"])
URL = os.environ["REGRESSION_POSTGRES_URL"]
TOOL = os.environ["REGRESSION_ARCHIVER"]
PREPARED = "regression_prepared"


class Worker:
    """A copy of the prepared database for one trip after another, and a new copy for each that may touch other tables."""

    def __init__(self, number: int, before: dict[str, str], noisy: set[str]):
        self.number, self.before, self.noisy = number, before, noisy
        self.trips = 0
        self.database = copy_prepared(f"regression_{number}")

    def verdict(self, table: Table) -> Verdict:
        if table.quoted not in self.noisy:
            return self.trip(self.database, table, []).make([], [])
        hazards, referencing = [], []
        while True:
            with contextlib.closing(copy_prepared(f"regression_scratch_{self.number}")) as scratch:
                verdict = self.trip(scratch, table, referencing).make(hazards, HELPS)
                own = {table.quoted for table in [table, *referencing]}
                verdict.touched = [name for name in self.changed(scratch) if name not in own]
                if verdict.outcome == REFUSED and verdict.hazard and verdict.hazard not in hazards:
                    hazards.append(verdict.hazard)
                elif verdict.outcome == REFUSED and is_referenced(verdict) and not referencing:
                    referencing = scratch.referencing(table)
                    if not referencing:
                        return verdict
                else:
                    return verdict

    def trip(self, database: Database, table: Table, referencing: list[Table]) -> Trip:
        self.trips += 1
        return Trip(database, table, WORK / f"{self.number}-{self.trips}", TOOL, referencing)

    def changed(self, database: Database) -> list[str]:
        after = database.fingerprints()
        return [name for name, text in self.before.items() if after.get(name) != text]


def is_referenced(verdict: Verdict) -> bool:
    """Whether a foreign key forbids the delete, found before or (SQLSTATE 23503) by the server."""
    return any(text in verdict.reason for text in ("refused: foreign-key-action", "SQLSTATE 23503"))


def copy_prepared(name: str) -> Database:
    server = Database(URL, "postgres")
    server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {PREPARED}")
    server.close()
    return Database(URL, name)


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
    before, noisy = prepared.fingerprints(), prepared.noisy()
    prepared.close()

    workers = [Worker(number, before, noisy) for number in range(arguments.workers)]
    idle = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def verdict(table: Table) -> Verdict:
        worker = idle.get()
        try:
            return worker.verdict(table)
        finally:
            idle.put(worker)

    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        verdicts = list(pool.map(verdict, tables))
    changed = {name for worker in workers for name in worker.changed(worker.database)}
    unexplained = changed - {verdict.table.quoted for verdict in verdicts if verdict.outcome == DIFFERENT}
    print_verdicts(verdicts, problems)
    print(f"{'in all':<14} {len(verdicts):>5} tables, in {time.monotonic() - started:.0f} s")
    for name in sorted(unexplained):
        print(f"error: the rows of {name} are not what they were, and its own trip does not say so")
    if arguments.report:
        rows = [{**dataclasses.asdict(verdict), "table": verdict.table.quoted} for verdict in verdicts]
        arguments.report.write_text(json.dumps(rows, indent=1))
    return 1 if not verdicts or unexplained or any(v.outcome == DIFFERENT for v in verdicts) else 0


def print_verdicts(verdicts: list[Verdict], problems: dict[str, str]):
    groups = {
        "identical, with help": [v for v in verdicts if v.outcome == IDENTICAL and (v.help or v.touched)],
        **{outcome: [v for v in verdicts if v.outcome == outcome] for outcome in (REFUSED, DIFFERENT)},
    }
    for title, group in groups.items():
        print(f"\n{title}: {len(group)} tables")
        for verdict in group:
            # The batch's id would make every run's output another.
            facts = [re.sub(r", batch [0-9a-f-]{36}", "", verdict.reason), *verdict.help]
            if verdict.touched:
                facts.append(f"rows of other tables changed: {', '.join(verdict.touched)}")
            if verdict.outcome == REFUSED and verdict.table.quoted in problems:
                facts.append(problems[verdict.table.quoted])
            print(f"  {verdict.table.quoted:<32} {verdict.rows:>6} rows  {'; '.join(filter(None, facts))}")
    print()
    for outcome in [IDENTICAL, REFUSED, DIFFERENT]:
        chosen = [verdict for verdict in verdicts if verdict.outcome == outcome]
        empty = sum(verdict.rows == 0 for verdict in chosen)
        print(f"{outcome:<14} {len(chosen):>5} tables ({empty} of them empty), {sum(v.rows for v in chosen):>9,} rows")


if __name__ == "__main__":
    sys.exit(main())
