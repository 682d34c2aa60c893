-- add_last_sends: when each provider took mail of each purpose, unless it did later.
-- many: purpose, provider, at
INSERT INTO last_sends (purpose, provider, at) VALUES :rows
ON CONFLICT (purpose, provider) DO UPDATE SET at = max(last_sends.at, excluded.at);
