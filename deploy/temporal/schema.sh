#!/bin/sh
# Makes the databases of the Temporal server, or brings them to the version of this image. Safe to
# repeat. Address, user and password come from the environment (SQL_HOST, SQL_USER, SQL_PASSWORD).
set -eu

prepare() { # database, schema
  export SQL_DATABASE="$1"
  temporal-sql-tool create
  # Keeps the version table that is there.
  temporal-sql-tool setup-schema -v 0.0
  temporal-sql-tool update-schema --schema-name "$2"
}

prepare temporal postgresql/v12/temporal
prepare temporal_visibility postgresql/v12/visibility
