-- A table worth archiving: 150 days, 200 rows a day.
CREATE TABLE public.events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL,
  kind text NOT NULL,
  details jsonb
);
INSERT INTO public.events (created_at, kind, details)
SELECT now() - g * interval '432 seconds', (ARRAY['view', 'click', 'buy'])[1 + g % 3], jsonb_build_object('n', g)
FROM generate_series(1, 30000) AS g;
CREATE INDEX ON public.events (created_at, id);
ANALYZE public.events;
