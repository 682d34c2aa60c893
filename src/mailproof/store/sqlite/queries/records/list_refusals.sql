-- list_refusals: the last :most, the newest first.
SELECT first_at, last_at, count, kind, app, key_fingerprint, path, name, status, client,
       recipient, purpose, message
FROM refusals
ORDER BY minute DESC, last_at DESC
LIMIT :most;
