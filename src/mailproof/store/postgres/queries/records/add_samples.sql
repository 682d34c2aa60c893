-- add_samples: what counters stand at in a minute.
-- many: name, minute, value
INSERT INTO samples (name, minute, value)
SELECT added.* FROM unnest(:name::text[], :minute::bigint[], :value::bigint[]) AS added
ON CONFLICT (name, minute) DO UPDATE SET value = excluded.value;
