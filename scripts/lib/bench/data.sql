-- bench_template: :rows old rows spread over :days days, about 400 bytes each as JSON, and a tenth as many fresh ones that
-- must stay. Every value is a function of the row's number.
SET client_min_messages = warning;
CREATE TABLE bench_template (
  id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  tenant integer NOT NULL,
  kind text NOT NULL,
  actor uuid NOT NULL,
  amount numeric(12,2),
  successful boolean NOT NULL,
  payload jsonb NOT NULL,
  note text
);

INSERT INTO bench_template
SELECT
  i,
  CASE
    WHEN i <= :rows THEN timestamptz '2025-03-01 00:00+00' + interval '1 day' * :days * (i::float8 / (:rows + 1))
    ELSE now() - interval '1 day'
  END,
  hash % 500,
  (ARRAY['order.created', 'order.paid', 'order.shipped', 'cart.updated', 'session.started'])[1 + hash % 5],
  md5('actor ' || hash % 20000)::uuid,
  CASE WHEN hash % 10 > 0 THEN (hash % 10000000) / 100.0 END,
  hash % 50 > 0,
  jsonb_build_object(
    'request', md5('request ' || i),
    'path', '/v2/tenants/' || hash % 500 || '/orders/' || hash % 1000000,
    'agent', (ARRAY['Mozilla/5.0 (X11; Linux x86_64)', 'okhttp/4.12.0', 'curl/8.5.0'])[1 + hash % 3],
    'region', (ARRAY['eu-west-1', 'us-east-1', 'ap-south-1'])[1 + hash / 3 % 3],
    'milliseconds', hash % 900),
  CASE WHEN hash % 4 > 0 THEN 'processed by worker ' || hash % 64 || ' after ' || hash % 5 || ' attempts' END
FROM (
  SELECT i, hashint8(i)::bigint + 2147483648 AS hash FROM generate_series(1, :rows::bigint + :rows::bigint / 10) AS i
) AS numbers;

VACUUM (ANALYZE, FREEZE) bench_template;
