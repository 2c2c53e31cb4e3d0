"""Reads results with programs of others; prints column names, types, then each row as JSON.

Usage: read-results.py csv|duckdb-csv|duckdb|pyarrow FILE
"""

import csv
import json
import sys

how, path = sys.argv[1:]


def read_csv():
    with open(path, encoding="utf-8", errors="strict", newline="") as file:
        records = csv.reader(file, strict=True)
        yield next(records)
        yield []
        yield from records


def read_duckdb(source):
    import duckdb

    relation = duckdb.sql(f"select * from {source}")
    yield relation.columns
    yield [str(kind) for kind in relation.types]
    yield from relation.fetchall()


def read_pyarrow():
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    yield table.column_names
    yield [str(kind) for kind in table.schema.types]
    for batch in table.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns))


READERS = {
    "csv": read_csv,
    "duckdb-csv": lambda: read_duckdb(
        f"read_csv('{path}', header = true, all_varchar = true, strict_mode = true,"
        " delim = ',', quote = '\"', escape = '\"', new_line = '\\n', nullstr = '<null>',"
        " auto_detect = true)"
    ),
    "duckdb": lambda: read_duckdb(f"read_parquet('{path}')"),
    "pyarrow": read_pyarrow,
}

for row in READERS[how]():
    print(json.dumps(row))
