-- key: one API key.
SELECT id, name, scope, purpose, wait_ms, on_hold, origin, status_secret, created_at, revoked_at
FROM api_keys
WHERE id = :id;
