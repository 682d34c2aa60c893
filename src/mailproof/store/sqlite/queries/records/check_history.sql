-- The last checks of a provider, newest first.
SELECT at, provider, verdict, reason, took_ms, failure, facts
FROM checks
WHERE provider = :provider
ORDER BY at DESC, id DESC
LIMIT :limit
