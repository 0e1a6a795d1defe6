"""An archiver as an engineer would write it in Python: batches of 10,000, locked, uploaded, read back, deleted by key."""

import asyncio
import datetime
import gzip
import hashlib
import os

import asyncpg
import boto3
import botocore.config
import orjson

FETCH = """SELECT * FROM events WHERE created_at < $1 ORDER BY created_at, id LIMIT 10000 FOR UPDATE SKIP LOCKED"""


def line(record: asyncpg.Record) -> bytes:
    row = dict(record)
    row["payload"] = orjson.Fragment(row["payload"])
    return orjson.dumps(row, default=str)


async def main():
    environment = os.environ
    bucket = environment["BENCH_S3_BUCKET"]
    s3 = boto3.client(
        "s3", endpoint_url=environment["BENCH_S3_ENDPOINT"], region_name=environment["BENCH_S3_REGION"],
        aws_access_key_id=environment["BENCH_S3_KEY"], aws_secret_access_key=environment["BENCH_S3_SECRET"],
        # The server of the benchmark takes no aws-chunked bodies.
        config=botocore.config.Config(request_checksum_calculation="when_required"),
    )  # fmt: skip
    connection = await asyncpg.connect(environment["BENCH_POSTGRES_URL"])
    cutoff = datetime.datetime.fromisoformat(environment["CUTOFF"])
    number = 0
    while True:
        async with connection.transaction():
            rows = await connection.fetch(FETCH, cutoff)
            if not rows:
                break
            number += 1
            body = gzip.compress(b"\n".join(map(line, rows)) + b"\n", int(environment["LEVEL"]), mtime=0)
            key = f"{environment['PREFIX']}/{number:06}.jsonl.gz"
            await asyncio.to_thread(s3.put_object, Bucket=bucket, Key=key, Body=body)
            back = (await asyncio.to_thread(s3.get_object, Bucket=bucket, Key=key))["Body"].read()
            if hashlib.sha256(back).digest() != hashlib.sha256(body).digest():
                raise SystemExit(f"{key} came back different")
            if gzip.decompress(back).count(b"\n") != len(rows):
                raise SystemExit(f"{key} lost lines")
            status = await connection.execute("DELETE FROM events WHERE id = ANY($1)", [row["id"] for row in rows])
            if status != f"DELETE {len(rows)}":
                raise SystemExit(f"{len(rows)} rows were fetched, but {status}")
    await connection.close()


asyncio.run(main())
