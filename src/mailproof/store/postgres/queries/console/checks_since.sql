-- checks_since: when :provider was checked from :since on, and how; the :most newest, newest first.
SELECT at, verdict
FROM checks
WHERE provider = :provider AND at >= :since
ORDER BY at DESC
LIMIT :most::bigint;
