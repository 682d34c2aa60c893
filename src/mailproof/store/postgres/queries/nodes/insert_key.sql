-- insert_key: a new API key; no row when its id or its hash is taken.
INSERT INTO api_keys (
    id, hash, name, scope, purpose, wait_ms, on_hold, origin, status_secret, created_at
)
VALUES (
    :id, :hash, :name, :scope, :purpose, :wait_ms, :on_hold, :origin, :status_secret, :created_at
)
ON CONFLICT DO NOTHING;
