"""What a user would run instead of each command, written as a competent engineer would write it."""

import pathlib
import sys

# COPY's text format would double the backslashes of JSON; CSV with a quote and a delimiter that JSON never holds does not.
# The upload takes a thirtieth of the time, so a file and one curl cost less than a client that streams parts.
_EXPORT = """
set -euo pipefail
psql -qX -d "$BENCH_POSTGRES_URL" -c "COPY (SELECT row_to_json(t) FROM events t WHERE created_at < '$CUTOFF')
  TO STDOUT (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')" | {compress} > "$BENCH_WORK/plain.jsonl.gz"
curl -sS --fail --aws-sigv4 "aws:amz:$BENCH_S3_REGION:s3" --user "$BENCH_S3_KEY:$BENCH_S3_SECRET" \
  -T "$BENCH_WORK/plain.jsonl.gz" "$BENCH_S3_ENDPOINT/$BENCH_S3_BUCKET/$PREFIX/plain.jsonl.gz"
rm "$BENCH_WORK/plain.jsonl.gz"
psql -qX -d "$BENCH_POSTGRES_URL" -c "DELETE FROM events WHERE created_at < '$CUTOFF'"
"""


def _script(name: str) -> list[str]:
    return [sys.executable, str(pathlib.Path(__file__).with_name(name))]


# Nothing is verified before the delete, and nothing can be recovered when it stops half-way, but in the last.
ARCHIVE = {
    "psql-gzip": ["bash", "-c", _EXPORT.replace("{compress}", 'gzip "-$LEVEL"')],
    "psql-pigz": ["bash", "-c", _EXPORT.replace("{compress}", 'pigz "-$LEVEL"')],
    "asyncpg": _script("asyncpg_archive.py"),
}

# No archive at all: what the database cannot be spared.
STATEMENTS = _script("statements.py")

# The objects are fetched beforehand, into $OBJECTS: the download is left out of the comparison, to the pipeline's favour.
# COPY reads a backslash as an escape; CSV with a quote and a delimiter that JSON never holds does not.
RESTORE = {
    "jsonb": ["bash", "-c", """
set -euo pipefail
find "$OBJECTS" -path '*/table=*' -name '*.jsonl.gz' -print0 | sort -z | xargs -0 zcat | psql -qX -v ON_ERROR_STOP=1 -1 \
  -d "$BENCH_POSTGRES_URL" -c "CREATE TEMPORARY TABLE lines (line jsonb)" \
  -c "COPY lines FROM STDIN (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')" \
  -c "INSERT INTO events SELECT r.* FROM lines, jsonb_populate_record(NULL::events, line) AS r"
"""],
}  # fmt: skip

# Both passes on both cores, nothing compared with anything.
VERIFY = {
    "by hand": ["bash", "-c", """
set -euo pipefail
find "$OBJECTS" -path '*/table=*' -name '*.jsonl.gz' -print0 | xargs -0 -P "$(nproc)" -n 8 sha256sum > "$BENCH_WORK/sums"
find "$OBJECTS" -path '*/table=*' -name '*.jsonl.gz' -print0 \
  | xargs -0 -P "$(nproc)" -n 8 sh -c 'for file; do zcat "$file" | wc -l; done' counts > "$BENCH_WORK/counts"
"""],
}  # fmt: skip
