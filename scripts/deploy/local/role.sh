#!/bin/sh
# Run by the PostgreSQL image once: the role that the archiver connects as, with no more than it needs.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "CREATE ROLE archiver LOGIN PASSWORD 'archiver-secret'"
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v role=archiver -v schema=public -v table=events \
  -v column=created_at -f /grants/archive.sql
