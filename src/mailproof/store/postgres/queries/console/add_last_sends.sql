-- add_last_sends: when each provider took mail of each purpose, unless it did later.
-- many: purpose, provider, at
INSERT INTO last_sends (purpose, provider, at)
SELECT added.* FROM unnest(:purpose::text[], :provider::text[], :at::bigint[]) AS added
ON CONFLICT (purpose, provider) DO UPDATE SET at = greatest(last_sends.at, excluded.at);
