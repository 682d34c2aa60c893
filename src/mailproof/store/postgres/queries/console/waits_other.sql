-- waits_other: what waits and is not held, by state, reason and the provider that it is bound to
-- (empty: none): how many, when the first expires, when the first was accepted; of each state the
-- :most that go first, deferred and scheduled mail together.
SELECT state, reason, bound, count(*), min(expires_at), min(created_at)
FROM (
    SELECT * FROM (
        SELECT state, reason, CASE WHEN unknown_since IS NULL THEN pin ELSE coalesce(provider, pin) END AS bound,
               expires_at, created_at
        FROM emails
        WHERE state = 'queued'
        ORDER BY critical DESC, expires_at, seq
        LIMIT :most::bigint
    ) AS queued
    UNION ALL
    SELECT * FROM (
        SELECT state, reason, CASE WHEN unknown_since IS NULL THEN pin ELSE coalesce(provider, pin) END AS bound,
               expires_at, created_at
        FROM emails
        WHERE state IN ('deferred', 'scheduled')
        ORDER BY due_at
        LIMIT :most::bigint
    ) AS due
    UNION ALL
    SELECT * FROM (
        SELECT state, reason, CASE WHEN unknown_since IS NULL THEN pin ELSE coalesce(provider, pin) END AS bound,
               expires_at, created_at
        FROM emails
        WHERE state = 'sending'
        ORDER BY leased_until
        LIMIT :most::bigint
    ) AS sending
    UNION ALL
    SELECT * FROM (
        SELECT state, reason, CASE WHEN unknown_since IS NULL THEN pin ELSE coalesce(provider, pin) END AS bound,
               expires_at, created_at
        FROM emails
        WHERE state = 'unconfirmed'
        ORDER BY unknown_since
        LIMIT :most::bigint
    ) AS unconfirmed
) AS few
GROUP BY state, reason, bound;
