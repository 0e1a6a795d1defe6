"""The driver of scripts/bench, which starts the servers and names them in BENCH_* variables."""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

import measure

E = {name.removeprefix("BENCH_"): value for name, value in os.environ.items() if name.startswith("BENCH_")}
WORK = pathlib.Path(E["WORK"])
CUTOFF = "now() - interval '90 days'"

# COPY's text format would double the backslashes of JSON; CSV with a quote and a delimiter that JSON never holds does not.
# The upload takes a thirtieth of the time, so a file and one curl cost less than a client that streams parts.
PLAIN_PIPELINE = """
set -euo pipefail
psql -qX -d "$BENCH_POSTGRES_URL" -c "COPY (SELECT row_to_json(t) FROM events t WHERE created_at < '$CUTOFF')
  TO STDOUT (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')" | gzip "-$LEVEL" > "$BENCH_WORK/plain.jsonl.gz"
curl -sS --fail --aws-sigv4 "aws:amz:$BENCH_S3_REGION:s3" --user "$BENCH_S3_KEY:$BENCH_S3_SECRET" \
  -T "$BENCH_WORK/plain.jsonl.gz" "$BENCH_S3_ENDPOINT/$BENCH_S3_BUCKET/$PREFIX/plain.jsonl.gz"
psql -qX -d "$BENCH_POSTGRES_URL" -c "DELETE FROM events WHERE created_at < '$CUTOFF'"
"""


class Bench:
    def __init__(self, arguments: argparse.Namespace):
        self.arguments = arguments
        self.meter = measure.Meter(int(E["POSTGRES_PID"]), int(E["S3_PID"]))
        self.fresh = arguments.rows // 10

    def fill_template(self):
        say(f"Making {self.arguments.rows:,} rows")
        script = pathlib.Path(__file__).with_name("bench.sql")
        psql("-v", f"rows={self.arguments.rows}", "-f", str(script))
        self.row_bytes = float(psql("-c", f"""SELECT avg(octet_length(row_to_json(t)::text) + 1)
            FROM (SELECT * FROM bench_template WHERE created_at < {CUTOFF} LIMIT 100000) t"""))

    def refill(self):
        psql(
            "-c", "SET client_min_messages = warning",
            "-c", "DROP TABLE IF EXISTS events; DROP SCHEMA IF EXISTS archiver CASCADE",
            "-c", "CREATE TABLE events (LIKE bench_template)",
            "-c", "INSERT INTO events SELECT * FROM bench_template ORDER BY id",
            "-c", "ALTER TABLE events ADD PRIMARY KEY (id)",
            "-c", "CREATE INDEX ON events (created_at, id)",
            "-c", "VACUUM (ANALYZE) events",
            "-c", "CHECKPOINT",
        )  # fmt: skip

    def config(self, prefix: str) -> str:
        path = WORK / f"{prefix}.yaml"
        path.write_text(f"""version: 1
storage:
  url: s3://{E["S3_BUCKET"]}/{prefix}
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
        partition: month
        batch_size: {self.arguments.batch_size}
        compression_level: {self.arguments.level}
        workers: {self.arguments.workers}
""")
        return str(path)

    def archiver(self, prefix: str, *arguments: str) -> measure.Cost:
        command, *rest = arguments
        return self.meter.cost(
            [E["ARCHIVER"], command, "--config", self.config(prefix), "--progress", "none", *rest], WORK / "archiver.log"
        )

    def plain(self, prefix: str) -> measure.Cost:
        cutoff = psql("-c", f"SELECT {CUTOFF}")
        return self.meter.cost(
            ["bash", "-c", PLAIN_PIPELINE], WORK / "plain.log",
            {"LEVEL": str(self.arguments.level), "PREFIX": prefix, "CUTOFF": cutoff},
        )  # fmt: skip

    def turn(self, name: str, number: int) -> dict:
        prefix = f"{name}-{number}"
        self.refill()
        cost = self.archiver(prefix, "archive") if name == "archiver" else self.plain(prefix)
        left, fresh = psql(
            "-c", f"SELECT count(*) FILTER (WHERE created_at < {CUTOFF}), count(*) FROM events"
        ).split("|")
        if (int(left), int(fresh)) != (0, self.fresh):
            raise measure.CommandFailed(f"{name} left {left} old rows and {fresh} in all instead of 0 and {self.fresh}")
        stored = pathlib.Path(E["S3_DIRECTORY"], E["S3_BUCKET"], prefix)
        (WORK / "plain.jsonl.gz").unlink(missing_ok=True)
        result = {
            "run": number,
            "rows_per_second": self.arguments.rows / cost.wall_seconds,
            **dataclasses.asdict(cost),
            "stored_bytes": sum(file.stat().st_size for file in stored.rglob("*.gz")),
        }
        say(f"  {name:<9} run {number}: {result['rows_per_second']:>9,.0f} rows/s")
        if name == "plain":
            shutil.rmtree(stored)
        return result

    def read_back(self, number: int) -> dict:
        """Verify and restore of what archive run `number` stored."""
        verify = self.archiver(f"archiver-{number}", "verify")
        restore = self.archiver(f"archiver-{number}", "restore")
        rows = int(psql("-c", "SELECT count(*) FROM events"))
        if rows != self.arguments.rows + self.fresh:
            raise measure.CommandFailed(f"restore left {rows} rows in the table")
        different = psql("-c", """SELECT count(*) FROM bench_template a FULL JOIN events b USING (id)
            WHERE a IS DISTINCT FROM b""")
        if different != "0":
            raise measure.CommandFailed(f"{different} rows came back different")
        return {"verify": dataclasses.asdict(verify), "restore": dataclasses.asdict(restore)}


def psql(*arguments: str) -> str:
    command = ["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-d", E["POSTGRES_URL"], *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--level", type=int, default=6, help="gzip level of both (default 6)")
    parser.add_argument("--runs", type=int, default=3, help="of each (default 3)")
    parser.add_argument("--workers", type=int, default=2, help="of the archiver (default 2)")
    parser.add_argument("--batch-size", type=int, default=10_000, help="of the archiver (default 10000, its own default)")
    arguments = parser.parse_args()

    bench = Bench(arguments)
    bench.fill_template()
    results = {"archiver": [], "plain": []}
    for number in range(1, arguments.runs + 1):
        for name in results:
            results[name].append(bench.turn(name, number))
        if number == arguments.runs:
            break
        shutil.rmtree(pathlib.Path(E["S3_DIRECTORY"], E["S3_BUCKET"], f"archiver-{number}"))
    # The last turn was the plain pipeline's: it left the table without the old rows, as archive does.
    reading = bench.read_back(arguments.runs)
    report(arguments, bench.row_bytes, results, reading)


def report(arguments: argparse.Namespace, row_bytes: float, results: dict, reading: dict):
    medians = {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "run"}
        for name, runs in results.items()
    }
    ratio = {key: medians["archiver"][key] / medians["plain"][key] for key in medians["plain"]}
    print(f"\n{arguments.rows:,} rows of {row_bytes:.0f} bytes as JSON, level {arguments.level}, "
          f"median of {arguments.runs}; archiver with {arguments.workers} workers, batches of {arguments.batch_size:,}\n")
    print(f"{'':<26}{'archiver':>12}{'plain':>12}{'ratio':>8}")
    for key, label, form in [
        ("rows_per_second", "rows/s", ",.0f"),
        ("wall_seconds", "wall, s", ".2f"),
        ("client_cpu_seconds", "client CPU, s", ".2f"),
        ("postgres_cpu_seconds", "PostgreSQL CPU, s", ".2f"),
        ("s3_cpu_seconds", "S3 server CPU, s", ".2f"),
        ("client_peak_mib", "client peak memory, MiB", ".1f"),
        ("stored_bytes", "stored, bytes", ",.0f"),
    ]:
        print(f"{label:<26}{medians['archiver'][key]:>12{form}}{medians['plain'][key]:>12{form}}{ratio[key]:>8.2f}")
    for name, cost in reading.items():
        print(f"\n{name + ' of the archive:':<26}{arguments.rows / cost['wall_seconds']:>12,.0f} rows/s, "
              f"{cost['wall_seconds']:.2f} s, {cost['client_cpu_seconds']:.2f} s client CPU, "
              f"{cost['client_peak_mib']:.1f} MiB", end="")
    print()

    now = datetime.datetime.now(datetime.timezone.utc)
    path = pathlib.Path("bench-results", f"bench-{now:%Y%m%dT%H%M%SZ}.json")
    path.parent.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    path.write_text(json.dumps({
        "at": now.isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "machine": {"system": platform.platform(), "cpu": cpu_model(), "cores": os.cpu_count()},
        "postgres": psql("-c", "SHOW server_version"),
        "settings": {**vars(arguments), "row_bytes": row_bytes},
        "runs": results,
        "medians": medians,
        "ratio": ratio,
        **reading,
    }, indent=2) + "\n")  # fmt: skip
    print(f"\nAll figures: {path}")


def cpu_model() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


if __name__ == "__main__":
    try:
        main()
    except measure.CommandFailed as failure:
        sys.exit(f"error: {failure}")
