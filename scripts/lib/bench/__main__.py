"""The driver of scripts/bench, which starts the servers and names them in BENCH_* variables."""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import database
import impact
import measure
import pipelines
import report

E = {name.removeprefix("BENCH_"): value for name, value in os.environ.items() if name.startswith("BENCH_")}
WORK = pathlib.Path(E["WORK"])
BUCKET = pathlib.Path(E["S3_DIRECTORY"], E["S3_BUCKET"])
LAYOUTS = {"month": 31, "day": 400}  # days that the rows are spread over


class Layout:
    """The turns of one layout: archive, then restore and verify of what it stored, each beside its rivals."""

    def __init__(self, arguments: argparse.Namespace, partition: str):
        self.arguments = arguments
        self.partition = partition
        self.turn = 0
        self.searched = None  # configuration of the archive of many batches
        self.meter = measure.Meter(int(E["POSTGRES_PID"]), int(E["S3_PID"]))
        say(f"Making {arguments.rows:,} rows over {LAYOUTS[partition]} days")
        database.fill_template(arguments.rows, LAYOUTS[partition])
        self.row_bytes = database.row_bytes()

    def run(self) -> dict:
        return {
            "row_bytes": self.row_bytes,
            "archive": self.rounds("archive", self.archive, ["archiver", *self.arguments.against, "statements"]),
            "restore": self.rounds("restore", self.restore, ["archiver", *pipelines.RESTORE]),
            "verify": self.rounds("verify", self.verify, ["archiver", "archiver file://", *pipelines.VERIFY]),
            "search": [self.search(key) for key in (1, self.arguments.rows // 2, self.arguments.rows)],
        }

    def rounds(self, job: str, turn, names: list[str]) -> dict:
        """In turn, A B C A B C: what disturbs the machine for a while disturbs all of them."""
        results = {name: [] for name in names}
        for number in range(self.arguments.runs):
            for name in names:
                result = turn(name)
                results[name].append(result)
                say(f"  {job:<8} {name:<17} {self.arguments.rows / result['wall_seconds']:>9,.0f} rows/s")
        return results

    def archive(self, name: str) -> dict:
        database.refill()
        if name == "archiver":
            self.begin_storage()
            prefix, cost = self.prefix, self.archiver("archive")
        elif name == "statements":
            prefix, cost = "none", self.meter.cost(
                pipelines.STATEMENTS, WORK / "rival.log",
                {"CUTOFF": database.psql("-c", f"SELECT {database.CUTOFF}")})  # fmt: skip
        else:
            prefix = "rival"
            shutil.rmtree(BUCKET / prefix, ignore_errors=True)
            cutoff = database.psql("-c", f"SELECT {database.CUTOFF}")
            environment = {"LEVEL": str(self.arguments.level), "PREFIX": prefix, "CUTOFF": cutoff}
            cost = self.meter.cost(pipelines.ARCHIVE[name], WORK / "rival.log", environment)
        expect(database.counts(), (0, self.arguments.rows // 10), f"old rows and rows in all after {name}")
        files = (BUCKET / prefix).rglob("*.gz")
        return {**dataclasses.asdict(cost), "stored_bytes": sum(file.stat().st_size for file in files)}

    @property
    def prefix(self) -> str:
        return f"archiver-{self.partition}-{self.turn}"

    def begin_storage(self):
        """A prefix not used before: the S3 server would go on listing what is removed behind its back."""
        shutil.rmtree(BUCKET / self.prefix, ignore_errors=True)
        self.turn += 1

    def restore(self, name: str) -> dict:
        database.refill(with_old_rows=False)
        if name == "archiver":
            cost = self.archiver("restore")
        else:
            cost = self.meter.cost(pipelines.RESTORE[name], WORK / "rival.log", {"OBJECTS": str(BUCKET / self.prefix)})
        expect(database.different_rows(), 0, f"rows that came back different from {name}")
        return dataclasses.asdict(cost)

    def verify(self, name: str) -> dict:
        if name == "archiver":
            cost = self.archiver("verify")
        elif name == "archiver file://":
            storage = f"file://{BUCKET / self.prefix}"
            cost = self.meter.cost(
                [E["ARCHIVER"], "verify", "--storage", storage, "--progress", "none"], WORK / "archiver.log")
        else:
            cost = self.meter.cost(pipelines.VERIFY[name], WORK / "rival.log", {"OBJECTS": str(BUCKET / self.prefix)})
        return dataclasses.asdict(cost)

    def search(self, key: int) -> float:
        """Seconds that it takes to find a row by its key among 1,000 batches."""
        if self.searched is None:
            database.refill()
            self.begin_storage()
            self.searched = self.config(batch_size=max(1, self.arguments.rows // 1000))
            self.meter.cost([E["ARCHIVER"], "archive", "--config", self.searched], WORK / "archiver.log")
        started = time.monotonic()
        found = subprocess.run(
            [E["ARCHIVER"], "inspect", "rows", "--config", self.searched, "--table", "events", "--where-key", str(key)],
            check=True, stdout=subprocess.PIPE,
        ).stdout  # fmt: skip
        seconds = time.monotonic() - started
        expect(json.loads(found)["id"], key, "the row found")
        say(f"  search   {'archiver':<17} {seconds:>9.2f} s")
        return seconds

    def config(self, pace: float = 1, batch_size: int | None = None) -> str:
        path = WORK / "archiver.yaml"
        path.write_text(f"""version: 1
storage:
  url: s3://{E["S3_BUCKET"]}/{self.prefix}
  region: {E["S3_REGION"]}
  endpoint: {E["S3_ENDPOINT"]}
  access_key_id: {E["S3_KEY"]}
  secret_access_key: {E["S3_SECRET"]}
databases:
  - name: bench
    url: {E["POSTGRES_URL"]}
    tables:
      - name: events
        timestamp_column: created_at
        retention_days: 90
        partition: {self.partition}
        batch_size: {batch_size or self.arguments.batch_size}
        compression_level: {self.arguments.level}
        workers: {self.arguments.workers}
        pace: {pace}
""")
        return str(path)

    def archiver(self, command: str) -> measure.Cost:
        return self.meter.cost(
            [E["ARCHIVER"], command, "--config", self.config(), "--progress", "none"], WORK / "archiver.log")


def profile(arguments: argparse.Namespace):
    """Where one archive run spends its time, by perf."""
    layout = Layout(arguments, arguments.layouts[0])
    database.refill()
    data = str(WORK / "perf.data")
    command = ["perf", "record", "-q", "-F", "999", "-o", data, E["ARCHIVER"], "archive", "--config", layout.config(),
               "--progress", "none"]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for title, sort in [("library", "dso"), ("function", "dso,sym")]:
        listing = subprocess.run(
            ["perf", "report", "-i", data, "--stdio", "--no-children", "--sort", sort, "--percent-limit", "0.5"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ).stdout  # fmt: skip
        lines = [line[:110] for line in listing.splitlines() if "%" in line and not line.startswith("#")]
        print(f"\nTop ten by {title}, the client's CPU time\n" + "\n".join(lines[:10]))


def beside_pgbench(arguments: argparse.Namespace) -> dict:
    """What a busy database feels of an archive, in turn: none, at full pace, at a quarter."""
    layout = Layout(arguments, arguments.layouts[0])
    impact.prepare()
    impact.step_back(int(E["S3_PID"]))
    results = {}
    for number in range(arguments.runs):
        for name, pace in [("no archive", None), ("archive, pace 1.0", 1), ("archive, pace 0.25", 0.25)]:
            layout.begin_storage()
            database.refill()
            command = [E["ARCHIVER"], "archive", "--config", layout.config(pace or 1), "--progress", "none"]
            result = impact.measure(arguments.seconds, WORK, command if pace else None)
            results.setdefault(name, []).append(result)
            say(f"  {name:<20} mean {result['mean, ms']:.1f} ms, p99 {result['p99, ms']:.1f} ms")
    impact.show(results)
    return results


def expect(found, wanted, what: str):
    if found != wanted:
        raise measure.CommandFailed(f"{what}: {found} instead of {wanted}")


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def names(accepted):
    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(accepted):
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(accepted)}")
        return chosen

    return parse


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--level", type=int, default=6, help="gzip level of all (default 6)")
    parser.add_argument("--runs", type=int, default=3, help="of each (default 3)")
    parser.add_argument("--workers", type=int, default=2, help="of the archiver (default 2)")
    parser.add_argument("--batch-size", type=int, default=10_000, help="of the archiver (default 10000, its own default)")
    parser.add_argument("--layouts", type=names(LAYOUTS), default=list(LAYOUTS), help="month,day (default both)")
    parser.add_argument("--against", type=names(pipelines.ARCHIVE), default=list(pipelines.ARCHIVE),
                        help=f"rivals of archive: {','.join(pipelines.ARCHIVE)} (default all)")  # fmt: skip
    parser.add_argument("--impact", action="store_true", help="only measure what pgbench feels of an archive beside it")
    parser.add_argument("--seconds", type=int, default=20, help="of each run with --impact (default 20)")
    parser.add_argument("--profile", action="store_true", help="only show where an archive run spends its time")
    arguments = parser.parse_args()
    if arguments.profile:
        profile(arguments)
        return
    if arguments.impact:
        print(f"\nAll figures: {report.save(arguments, {'impact': beside_pgbench(arguments)})}")
        return
    results = {}
    for partition in arguments.layouts:
        results[partition] = Layout(arguments, partition).run()
        report.show(arguments, partition, results[partition])
    print(f"\nAll figures: {report.save(arguments, results)}")


if __name__ == "__main__":
    try:
        main()
    except measure.CommandFailed as failure:
        sys.exit(f"error: {failure}")
