-- add_paces: how long mail took, to the hours in which it was sent.
-- many: hour, purpose, provider, upper_ms, count
INSERT INTO paces (hour, purpose, provider, upper_ms, count)
SELECT added.* FROM unnest(:hour::bigint[], :purpose::text[], :provider::text[],
                           :upper_ms::bigint[], :count::bigint[]) AS added
ON CONFLICT (hour, purpose, provider, upper_ms) DO UPDATE
SET count = paces.count + excluded.count;
