"""Reads a Parquet file with DuckDB and with PyArrow; prints its columns and rows as JSON."""

import json
import sys

import duckdb
import pyarrow.parquet

path = sys.argv[1]
table = pyarrow.parquet.read_table(path)
relation = duckdb.sql(f"select * from read_parquet('{path}')")
rows = [dict(zip(relation.columns, row)) for row in relation.fetchall()]
types = {column: str(kind) for column, kind in zip(relation.columns, relation.types)}
print(json.dumps({"types": types, "duckdb": rows, "pyarrow": table.to_pylist()}))
