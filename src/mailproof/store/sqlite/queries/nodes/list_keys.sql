-- list_keys: all API keys, the newest first.
SELECT id, name, scope, purpose, wait_ms, on_hold, origin, status_secret, created_at, revoked_at
FROM api_keys
ORDER BY created_at DESC, id;
