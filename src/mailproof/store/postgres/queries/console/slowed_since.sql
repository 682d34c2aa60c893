-- slowed_since: the minutes from :since (UTC in ms) on in which :provider asked for fewer calls, among the
-- :most newest attempts that it did not accept.
SELECT DISTINCT ended_at / 60000
FROM (
    SELECT ended_at, reason
    FROM attempts
    WHERE provider = :provider AND ended_at >= :since AND outcome <> 'accepted'
    ORDER BY ended_at DESC
    LIMIT :most::bigint
) AS newest
WHERE reason = 'rate_limited';
