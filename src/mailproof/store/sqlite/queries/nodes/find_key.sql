-- find_key: the API key that hashes to :hash.
SELECT id, name, scope, purpose, wait_ms, on_hold, origin, status_secret, created_at, revoked_at
FROM api_keys
WHERE hash = :hash;
