"""What a command costs: wall time, its own CPU time and memory, and the CPU time of the servers it makes work."""

import dataclasses
import os
import pathlib
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")


class CommandFailed(Exception):
    pass


@dataclasses.dataclass
class Cost:
    wall_seconds: float
    client_cpu_seconds: float
    client_peak_mib: float  # of the largest process where there are several; never less than this Python's own
    postgres_cpu_seconds: float
    s3_cpu_seconds: float


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, its living children and the children it has waited for."""
    total = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended in between; its parent has its time
        parent = int(fields[1])
        if pid in (parent, int(stat.parent.name)):
            total += sum(int(value) for value in fields[11:15])
    return total / TICKS


class Meter:
    def __init__(self, postgres_pid: int, s3_pid: int):
        self.postgres_pid = postgres_pid
        self.s3_pid = s3_pid

    def cost(self, command: list[str], log: pathlib.Path, environment: dict[str, str] | None = None) -> Cost:
        """Runs the command to its end, its output going to `log`. Raises CommandFailed."""
        postgres, s3 = cpu_seconds(self.postgres_pid), cpu_seconds(self.s3_pid)
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
            )
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if code != 0:
            print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
            raise CommandFailed(f"exit code {code} from: {' '.join(command)[:300]}")
        return Cost(
            wall_seconds=wall,
            client_cpu_seconds=usage.ru_utime + usage.ru_stime,
            client_peak_mib=usage.ru_maxrss / 1024,
            postgres_cpu_seconds=cpu_seconds(self.postgres_pid) - postgres,
            s3_cpu_seconds=cpu_seconds(self.s3_pid) - s3,
        )
