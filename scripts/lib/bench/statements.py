"""The two statements of a batch that nothing can leave out, run bare: the locked binary COPY, and the delete by key."""

import asyncio
import datetime
import os

import asyncpg

BATCH = 10_000
FETCH = """SELECT * FROM events WHERE created_at < $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4
    FOR UPDATE SKIP LOCKED"""


async def discard(_data: bytes):
    pass


async def main():
    connection = await asyncpg.connect(os.environ["BENCH_POSTGRES_URL"])
    cutoff = datetime.datetime.fromisoformat(os.environ["CUTOFF"])
    # The ids run in the order of time, so a batch's keys need not be read from what was fetched.
    rows = await connection.fetch("SELECT id, created_at FROM events WHERE created_at < $1 ORDER BY id", cutoff)
    first = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc), 0
    for start in range(0, len(rows), BATCH):
        batch = rows[start:start + BATCH]
        async with connection.transaction():
            await connection.copy_from_query(FETCH, cutoff, *first, BATCH, output=discard, format="binary")
            status = await connection.execute("DELETE FROM events WHERE id = ANY($1)", [row["id"] for row in batch])
        if status != f"DELETE {len(batch)}":
            raise SystemExit(f"{len(batch)} rows were locked, but {status}")
        first = batch[-1]["created_at"], batch[-1]["id"]
    await connection.close()


asyncio.run(main())
