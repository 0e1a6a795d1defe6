"""Runs the statements of `archiver inspect ddl` in an engine, then queries, and prints a JSON array of rows a query.

usage: query_archive.py duckdb|clickhouse STATEMENTS.sql QUERY…
"""

import json
import pathlib
import sys


def duckdb_rows(statements: str, queries: list[str]):
    import duckdb

    connection = duckdb.connect()
    connection.execute(statements)
    return [connection.execute(query).fetchall() for query in queries]


def clickhouse_rows(statements: str, queries: list[str]):
    from chdb import session

    connection = session.Session()
    for statement in filter(str.strip, statements.split(";\n")):
        connection.query(statement)
    answers = [connection.query(query, "JSONCompactEachRow").data() for query in queries]
    return [[json.loads(line) for line in answer.splitlines()] for answer in answers]


engine, file, *queries = sys.argv[1:]
run = {"duckdb": duckdb_rows, "clickhouse": clickhouse_rows}[engine]
for rows in run(pathlib.Path(file).read_text(), queries):
    print(json.dumps(rows, default=str))
