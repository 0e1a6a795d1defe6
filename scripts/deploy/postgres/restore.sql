-- What `restore` needs to put rows back into their table, besides connecting. A role of its own, so that the nightly one cannot insert:
--   psql -d app -v role=restorer -v schema=public -v table=events -f restore.sql
-- CREATE on the schema is left out: without it `--create-table` fails, and nothing else does.
\set ON_ERROR_STOP on
BEGIN;
SELECT format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), :'role') \gexec
GRANT USAGE ON SCHEMA :"schema" TO :"role";
-- UPDATE is for --on-conflict overwrite; leave it out if nobody may do that.
GRANT SELECT, INSERT, UPDATE ON :"schema".:"table" TO :"role";
-- Sequences of the table's columns are moved past the restored values.
SELECT format('GRANT SELECT, UPDATE ON SEQUENCE %s TO %I', s.sequence, :'role')
FROM (
  SELECT pg_get_serial_sequence(format('%I.%I', :'schema', :'table'), a.attname) AS sequence
  FROM pg_attribute AS a
  WHERE a.attrelid = format('%I.%I', :'schema', :'table')::regclass AND a.attnum > 0 AND NOT a.attisdropped
) AS s WHERE s.sequence IS NOT NULL \gexec
COMMIT;
