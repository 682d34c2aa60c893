-- insert_limit: for :provider, unless it is there.
INSERT INTO limits (provider, free_at_us) VALUES (:provider, 0)
ON CONFLICT (provider) DO NOTHING;
