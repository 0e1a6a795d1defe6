-- A web shop's orders of the last 400 days: the same for every run of a day but for the day itself.
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE TYPE shop.order_status AS ENUM ('paid', 'shipped', 'delivered', 'returned');
CREATE TABLE shop.orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reference uuid NOT NULL,
  customer text NOT NULL,
  status shop.order_status NOT NULL,
  total numeric(10,2) NOT NULL,
  details jsonb NOT NULL,
  tags text[],
  created_at timestamptz NOT NULL
);

INSERT INTO shop.orders (reference, customer, status, total, details, tags, created_at)
SELECT
  md5('order ' || i)::uuid,
  (ARRAY['Ada', 'Björn', 'Chloé', 'Dmitri', 'Elif', 'Farid', 'Grace', '花子'])[1 + hash % 8] || ' ' ||
    (ARRAY['Smith', 'Müller', 'García', 'Novák', 'O''Brien', 'Öztürk', 'Sørensen'])[1 + hash / 8 % 7],
  (enum_range(NULL::shop.order_status))[1 + hash / 64 % 4],
  (500 + hash % 99500) / 100.0,
  jsonb_build_object(
    'items', jsonb_build_array(jsonb_build_object('sku', 'SKU-' || hash % 4000, 'quantity', 1 + hash % 5)),
    'shipping', jsonb_build_object('city', (ARRAY['Berlin', 'Lyon', 'Oslo', 'Porto'])[1 + hash % 4], 'express', hash % 7 = 0),
    'note', CASE WHEN hash % 11 = 0 THEN E'Leave it at the "back door"\nand ring twice.' END),
  CASE WHEN hash % 5 > 0 THEN ARRAY['web', 'campaign-' || hash % 20] END,
  date_trunc('day', now()) - interval '400 days' * ((:rows - i)::float8 / :rows) - interval '1 second'
FROM (SELECT i, hashint8(i)::bigint + 2147483648 AS hash FROM generate_series(1, :rows) AS i) AS numbers;

CREATE INDEX ON shop.orders (created_at, id);
ANALYZE shop.orders;

-- The least a role needs to archive this table, keep the ledger, and restore.
CREATE ROLE archiver LOGIN PASSWORD 'demo';
GRANT CREATE ON DATABASE shop TO archiver;
GRANT USAGE ON SCHEMA shop TO archiver;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.orders TO archiver;
GRANT SELECT, UPDATE ON SEQUENCE shop.orders_id_seq TO archiver;
