"""What pgbench feels of an archive beside it: latency without one, and with one at several paces, in turn."""

import os
import pathlib
import statistics
import subprocess
import time

import database

PGBENCH = os.environ.get("BENCH_PGBENCH", "pgbench")
SCALE = 20  # 2,000,000 accounts
CLIENTS = 4
RATE = 200  # transactions a second, well below what the machine can do: a queue would measure itself
LEAD_SECONDS = 2  # pgbench alone, before and after
COLUMNS = ["mean, ms", "p50, ms", "p99, ms", "max, ms", "transactions/s", "archived rows/s"]


def prepare():
    subprocess.run([PGBENCH, "-i", "-q", "-s", str(SCALE), os.environ["BENCH_POSTGRES_URL"]],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def step_back(pid: int):
    """Lets a process give way to the others, with all its threads: an S3 server has a machine of its own elsewhere."""
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(thread.name), 19)


def measure(seconds: int, folder: pathlib.Path, archive: list[str] | None) -> dict:
    """Latencies while the archive runs; without one, those of as many seconds."""
    for file in folder.glob("latency*"):
        file.unlink()
    before = database.counts()[0]
    command = [PGBENCH, "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds + 2 * LEAD_SECONDS), "-R", str(RATE),
               "--log", f"--log-prefix={folder / 'latency'}", os.environ["BENCH_POSTGRES_URL"]]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as load:
        time.sleep(LEAD_SECONDS)
        start = time.time()
        if archive is None:
            time.sleep(seconds)
        else:
            # As under the systemd unit.
            subprocess.run(["nice", "-n", "10", *archive, "--max-duration", f"{seconds}s"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        end = time.time()
    if load.returncode != 0:
        raise subprocess.CalledProcessError(load.returncode, command)
    latencies = sorted(read(folder, start, end))
    hundredths = statistics.quantiles(latencies, n=100)
    return dict(zip(COLUMNS, [
        statistics.fmean(latencies), hundredths[49], hundredths[98], latencies[-1],
        len(latencies) / (end - start), (before - database.counts()[0]) / (end - start),
    ], strict=True))  # fmt: skip


def read(folder: pathlib.Path, start: float, end: float):
    """Milliseconds of the transactions that ended between; with a rate they count from when each was due.

    A line of pgbench's log: client, number, microseconds, script, second and microsecond of its end, lag.
    """
    for file in folder.glob("latency*"):
        for line in file.read_text().splitlines():
            fields = line.split()
            if start <= int(fields[4]) + int(fields[5]) / 1e6 <= end:
                yield int(fields[2]) / 1000


def show(results: dict[str, list[dict]]):
    print(f"\npgbench -c {CLIENTS} -R {RATE}, scale {SCALE}, median of {len(next(iter(results.values())))}")
    print(f"{'':<26}" + "".join(f"{column:>18}" for column in COLUMNS))
    for name, runs in results.items():
        print(f"{name:<26}" + "".join(f"{statistics.median(run[column] for run in runs):>18,.1f}" for column in COLUMNS))
