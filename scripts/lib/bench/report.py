"""What the turns cost, as a table to read and as a file to keep."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess

import database

FIGURES = [
    ("wall_seconds", "wall, s", ".2f"),
    ("client_cpu_seconds", "client CPU, s", ".2f"),
    ("postgres_cpu_seconds", "PostgreSQL CPU, s", ".2f"),
    ("s3_cpu_seconds", "S3 server CPU, s", ".2f"),
    ("client_peak_mib", "client peak memory, MiB", ".1f"),
    ("stored_bytes", "stored, bytes", ",.0f"),
]


def medians(runs: list[dict]) -> dict:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def show(arguments: argparse.Namespace, partition: str, result: dict):
    print(f"\npartition: {partition}; {arguments.rows:,} rows of {result['row_bytes']:.0f} bytes as JSON, level "
          f"{arguments.level}, median of {arguments.runs}; archiver with {arguments.workers} workers, batches of "
          f"{arguments.batch_size:,}")
    for job in ("archive", "restore", "verify"):
        costs = {name: medians(runs) for name, runs in result[job].items()}
        ours = costs["archiver"]
        print(f"\n{job:<26}" + "".join(f"{name:>18}" for name in costs))
        print(f"{'rows/s':<26}" + "".join(f"{arguments.rows / cost['wall_seconds']:>18,.0f}" for cost in costs.values()))
        print(f"{'archiver is faster by':<26}"
              + "".join(f"{cost['wall_seconds'] / ours['wall_seconds']:>18.2f}" for cost in costs.values()))
        if job == "archive":
            print(f"{'PostgreSQL CPU, ratio':<26}"
                  + "".join(f"{ours['postgres_cpu_seconds'] / cost['postgres_cpu_seconds']:>18.2f}" for cost in costs.values()))
        for key, label, form in FIGURES:
            if key in ours:
                print(f"{label:<26}" + "".join(f"{cost[key]:>18{form}}" for cost in costs.values()))
    print(f"\na row found by its key among {min(1000, arguments.rows):,} batches: "
          + ", ".join(f"{seconds:.2f} s" for seconds in result["search"]))


def save(arguments: argparse.Namespace, results: dict) -> pathlib.Path:
    now = datetime.datetime.now(datetime.timezone.utc)
    path = pathlib.Path("bench-results", f"bench-{now:%Y%m%dT%H%M%SZ}.json")
    path.parent.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout.strip()
    path.write_text(json.dumps({
        "at": now.isoformat(timespec="seconds"),
        "commit": commit or None,
        "machine": {"system": platform.platform(), "cpu": cpu_model(), "cores": os.cpu_count()},
        "postgres": database.psql("-c", "SHOW server_version"),
        "settings": vars(arguments),
        "layouts": results,
    }, indent=2) + "\n")  # fmt: skip
    return path


def cpu_model() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
