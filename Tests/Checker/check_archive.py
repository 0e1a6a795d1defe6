"""Counts every row of an archived table, independently of the tool.

Written against docs/archive-format.md alone, with the standard library alone, and without a line of the tool's code.
What the rows were is read from a copy of the table made before archiving began; what is left of it, with psql.

usage: check_archive.py --storage DIRECTORY --database URL --table SCHEMA.TABLE --original SCHEMA.TABLE [options]
  --moment     look in the middle of things: every row is in the database or in a sound object that a manifest or a
               prepared document names. Without it, everything has to be settled: every row is in exactly one place.
  --no-ledger  the archive keeps no ledger
  --private    no file or folder may be read by others than its owner

Prints one finding a line and ends with 1 when there are any; else prints what it counted.
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
from urllib.parse import unquote

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
OBJECT = re.compile(rf"^({UUID})(?:-([1-9][0-9]*))?\.jsonl\.gz$")
DOCUMENT = re.compile(rf"^_({UUID})\.(manifest|prepared|aborted|superseded)\.json$")

END_MARK = "=== end of the rows ==="

findings = []


def finding(text):
    findings.append(text)


def query(database, *statements):
    """For each query its rows, as lists of PostgreSQL's text forms, None for NULL."""
    environment = dict(os.environ, PGOPTIONS="-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601")
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database]
    for statement in statements:
        command += ["-c", f"COPY ({statement}) TO STDOUT", "-c", f"\\echo {END_MARK}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"psql: {done.stderr}")
    answers = [[]]
    # COPY's text format escapes newlines, so that a line is a row.
    for line in done.stdout.split("\n")[:-1]:
        if line == END_MARK:
            answers.append([])
        else:
            answers[-1].append([unescape(value) for value in line.split("\t")])
    return answers[:-1]


def unescape(value):
    if value == "\\N":
        return None
    names = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    return re.sub(r"\\(.)", lambda match: names.get(match[1], match[1]), value, flags=re.DOTALL)


def columns_of(table):
    return f"""
        SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
        WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""


class Database:
    """What the database holds, read at one time: the rows of both tables by id, and the ledger."""

    def __init__(self, url, table, original):
        columns, before, ledger = query(
            url, columns_of(table), columns_of(original), "SELECT to_regclass('archiver.batch') IS NOT NULL")
        has_ledger = ledger == [["t"]]
        answers = query(
            url, self.selection(columns, table), self.selection(before, original),
            *["SELECT batch_id, manifest_sha256 FROM archiver.batch"] * has_ledger)
        self.rows = self.by_id(columns, answers[0])
        self.original = self.by_id(before, answers[1])
        self.ledger = dict(answers[2]) if has_ledger else {}

    @staticmethod
    def selection(columns, table):
        names = ", ".join(f'"{name}"' for name, _ in columns)
        return f"SELECT {names} FROM ONLY {table}"

    @staticmethod
    def by_id(columns, rows):
        archived = [
            {name: archived_form(value, kind) for (name, kind), value in zip(columns, values)} for values in rows]
        return {row["id"]: row for row in archived}


def archived_form(text, kind):
    """A value as the archive has to write it, from PostgreSQL's text form of it."""
    if text is None:
        return None
    if kind in ("smallint", "integer", "bigint", "oid"):
        return int(text)
    if kind in ("real", "double precision"):
        return float(text)
    if kind == "boolean":
        return text == "t"
    if kind in ("json", "jsonb"):
        return json.loads(text)
    if kind == "bytea":
        return base64.b64encode(bytes.fromhex(text.removeprefix("\\x"))).decode()
    if kind.startswith("timestamp"):
        return re.sub(r"\+00$", "Z", text.replace(" ", "T", 1))
    return text


def sound_rows(storage, document, place):
    """The rows of the objects that a manifest or prepared document names; findings for what does not fit."""
    batch = document["batch_id"]
    wanted = [column["name"] for column in document["columns"]]
    found = []
    for entry in document["objects"]:
        path = storage / entry["key"]
        if not path.is_file():
            finding(f"{place}: the object {entry['key']} is missing")
            continue
        file = path.read_bytes()
        content = gzip.decompress(file)
        lines = content.split(b"\n")
        for what, is_right in [
            ("bytes", len(file) == entry["bytes"]),
            ("sha256", hashlib.sha256(file).hexdigest() == entry["sha256"]),
            ("content_bytes", len(content) == entry["content_bytes"]),
            ("content_sha256", hashlib.sha256(content).hexdigest() == entry["content_sha256"]),
            ("rows", len(lines) - 1 == entry["rows"] and lines[-1] == b""),
            ("folder", path.parent == storage / pathlib.Path(place).parent),
        ]:
            if not is_right:
                finding(f"{place}: {what} of the object {entry['key']} is wrong")
        for line in lines[:-1]:
            row = json.loads(line)
            names = [name for name in row if name != "_raw"]
            if names != wanted + ["_archived_at", "_batch_id"] or row["_batch_id"] != batch:
                finding(f"{place}: a row has other columns, or names another batch")
            found.append({name: row[name] for name in wanted if name in row})
    if document["counts"].get("stored") != len(found):
        finding(f"{place}: {len(found)} rows are stored, and it says {document['counts'].get('stored')}")
    return found


def check_manifest(document, place, count):
    counts = document["counts"]
    expected = ["database", "fetched", "stored", "deleted"]
    if [counts.get(name) for name in expected] != [count] * 4:
        finding(f"{place}: its counts are {counts}, and {count} rows are stored")
    if document["format"] != "archiver-manifest/1":
        finding(f"{place}: its format is {document['format']}")
    partition = document["partition"]
    if partition and pathlib.Path(place).parent.name != partition:
        finding(f"{place}: it lies outside its partition {partition}")


def read_tree(storage):
    """What lies in the storage: documents and objects of batches, by batch; run records."""
    batches, runs = {}, []
    for path in sorted(storage.rglob("*")):
        if path.is_dir():
            continue
        place = str(path.relative_to(storage))
        if place.startswith("_runs/"):
            runs.append((place, json.loads(path.read_bytes())))
        elif place.startswith(("_archiver-check/", "_restores/")):
            continue
        elif match := OBJECT.match(path.name):
            batches.setdefault(match[1], {}).setdefault("objects", []).append(place)
        elif match := DOCUMENT.match(path.name):
            batches.setdefault(match[1], {})[match[2]] = place
        elif path.name.startswith(".") and path.name.endswith(".tmp"):
            continue  # a directory's file before it has its name
        else:
            finding(f"{place}: nothing of this name belongs here")
    return batches, runs


def check_runs(storage, runs):
    for place, record in runs:
        for table in record["tables"]:
            for manifest in table["manifests"]:
                path = storage / manifest["key"]
                if not path.is_file():
                    finding(f"{place}: the manifest {manifest['key']} is gone")
                elif hashlib.sha256(path.read_bytes()).hexdigest() != manifest["sha256"]:
                    finding(f"{place}: the manifest {manifest['key']} was altered")


def check_ledger(ledger, storage, batches):
    for batch, entry in batches.items():
        # What is superseded was committed in another history of the database.
        if "manifest" in entry and "superseded" not in entry and batch not in ledger:
            finding(f"{entry['manifest']}: the ledger does not know it")
    for batch, sha256 in ledger.items():
        place = batches.get(batch, {}).get("manifest")
        if place is None:
            finding(f"batch {batch} is in the ledger and has no manifest")
        elif hashlib.sha256((storage / place).read_bytes()).hexdigest() != sha256:
            finding(f"{place}: the ledger has another sha256")


def check_privacy(storage):
    for path in storage.rglob("*"):
        if path.stat().st_mode & 0o077:
            finding(f"{path.relative_to(storage)}: others may use it")


def is_readable(path):
    try:
        json.loads(path.read_bytes())
        return True
    except ValueError:
        return False


def check_rows(arguments, database, storage, batches):
    """Every row once, in the database or in the archive, and equal to what it was; gives the counts."""
    original, present, archived = database.original, database.rows, {}
    for batch, entry in sorted(batches.items()):
        place = entry.get("manifest") or (entry.get("prepared") if arguments.moment else None)
        if place is None or "superseded" in entry:
            continue
        if arguments.moment and "prepared" in entry and not is_readable(storage / place):
            place = entry["prepared"]
            entry = {"prepared": place}
        document = json.loads((storage / place).read_bytes())
        if document["batch_id"] != batch:
            finding(f"{place}: it names the batch {document['batch_id']}")
        rows = sound_rows(storage, document, place)
        if "manifest" in entry:
            check_manifest(document, place, len(rows))
        for row in rows:
            if row["id"] in archived and not arguments.moment:
                finding(f"row {row['id']} is in the committed batches {archived[row['id']]} and {batch}")
            archived[row["id"]] = batch
            if row != original.get(row["id"]):
                finding(f"{place}: row {row['id']} is not what it was")
    for number, row in present.items():
        if row != original.get(number):
            finding(f"row {number} of the table is not what it was")
        if number in archived and not arguments.moment:
            finding(f"row {number} is in the database and in the committed batch {archived[number]}")
    for number in original.keys() - present.keys() - archived.keys():
        finding(f"row {number} is lost")
    return len(original), len(present), len(archived)


def check_leftovers(batches):
    for batch, entry in batches.items():
        if "manifest" in entry and "aborted" in entry:
            finding(f"batch {batch} is both committed and aborted")
        if not entry.keys() & {"manifest", "aborted", "superseded"}:
            finding(f"batch {batch} is not settled: only {', '.join(sorted(entry))} of it")


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("storage", "database", "table", "original"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("moment", "no-ledger", "private"):
        parser.add_argument(f"--{name}", action="store_true")
    arguments = parser.parse_args()
    storage = pathlib.Path(unquote(arguments.storage))
    batches, runs = read_tree(storage)
    database = Database(arguments.database, arguments.table, arguments.original)
    counts = check_rows(arguments, database, storage, batches)
    if not arguments.moment:
        check_leftovers(batches)
        check_runs(storage, runs)
        if not arguments.no_ledger:
            check_ledger(database.ledger, storage, batches)
    if arguments.private:
        check_privacy(storage)
    if findings:
        print("\n".join(findings[:50]))
        return 1
    print("{} rows: {} in the database, {} in the archive".format(*counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
