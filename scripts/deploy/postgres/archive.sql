-- What `archive`, `recover`, `config init` and `verify --level database` need, and no more. Run as the owner or a superuser, once for
-- each table:
--   psql -d app -v role=archiver -v schema=public -v table=events -v column=created_at -f archive.sql
-- `column` is any one column: FOR UPDATE asks for UPDATE on one, though nothing is ever updated.
\set ON_ERROR_STOP on
BEGIN;

-- The ledger: the archiver adds to it and reads it, and can neither change nor remove what is there. Only `recover --rows-came-back`,
-- after a table alone was loaded from an older dump, needs more; it prints the GRANT DELETE to run.
CREATE SCHEMA IF NOT EXISTS archiver;
CREATE TABLE IF NOT EXISTS archiver.batch (
  batch_id uuid PRIMARY KEY, run_id uuid NOT NULL, "table" text NOT NULL, "rows" bigint NOT NULL,
  manifest_sha256 text NOT NULL, committed_at timestamptz NOT NULL
);
GRANT USAGE ON SCHEMA archiver TO :"role";
GRANT SELECT, INSERT ON archiver.batch TO :"role";

GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT, DELETE ON :"schema".:"table" TO :"role";
GRANT UPDATE (:"column") ON :"schema".:"table" TO :"role";

COMMIT;
-- Only for max_replica_lag: lets the role see how far replicas are behind, and other statistics.
--   GRANT pg_monitor TO archiver;
