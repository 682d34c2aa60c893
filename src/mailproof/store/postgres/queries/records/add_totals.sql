-- add_totals: each counter once.
-- many: name, labels, value
INSERT INTO totals (name, labels, value)
SELECT added.* FROM unnest(:name::text[], :labels::text[], :value::bigint[]) AS added
ON CONFLICT (name, labels) DO UPDATE SET value = totals.value + excluded.value;
