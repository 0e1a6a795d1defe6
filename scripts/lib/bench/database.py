"""The benchmark's table: made once, put back before each turn."""

import os
import pathlib
import subprocess

CUTOFF = "now() - interval '90 days'"


def psql(*arguments: str) -> str:
    command = ["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-d", os.environ["BENCH_POSTGRES_URL"], *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def fill_template(rows: int, days: int):
    psql("-c", "SET client_min_messages = warning", "-c", "DROP TABLE IF EXISTS bench_template")
    psql("-v", f"rows={rows}", "-v", f"days={days}", "-f", str(pathlib.Path(__file__).with_name("data.sql")))


def row_bytes() -> float:
    """Mean size of an old row as a line of JSON."""
    return float(psql("-c", f"""SELECT avg(octet_length(row_to_json(t)::text) + 1)
        FROM (SELECT * FROM bench_template WHERE created_at < {CUTOFF} LIMIT 100000) t"""))


def refill(with_old_rows: bool = True):
    """Puts the table back as it was; without its old rows, as it is after an archive."""
    condition = "" if with_old_rows else f"WHERE created_at >= {CUTOFF}"
    psql(
        "-c", "SET client_min_messages = warning",
        "-c", "DROP TABLE IF EXISTS events; DROP SCHEMA IF EXISTS archiver CASCADE",
        "-c", "CREATE TABLE events (LIKE bench_template)",
        "-c", f"INSERT INTO events SELECT * FROM bench_template {condition} ORDER BY id",
        "-c", "ALTER TABLE events ADD PRIMARY KEY (id)",
        "-c", "CREATE INDEX ON events (created_at, id)",
        "-c", "VACUUM (ANALYZE) events",
        "-c", "CHECKPOINT",
    )  # fmt: skip


def counts() -> tuple[int, int]:
    """Old rows, and rows in all."""
    old, total = psql("-c", f"SELECT count(*) FILTER (WHERE created_at < {CUTOFF}), count(*) FROM events").split("|")
    return int(old), int(total)


def different_rows() -> int:
    """Rows that are not what they were, missing and surplus ones too."""
    return int(psql("-c", """SELECT count(*) FROM bench_template a FULL JOIN events b USING (id)
        WHERE a IS DISTINCT FROM b"""))
