-- Which addresses mail must not go to. Critical mail is stopped by a complaint, by hand, or by hard
-- bounces of two mails within the last 7 days (604,800,000 ms); all other mail by any single fact.
SELECT lookup
FROM suppressions
WHERE lookup = ANY (:lookups::bytea[])
GROUP BY lookup
HAVING NOT :critical::boolean
    OR bool_or(cause IN ('complaint', 'manual'))
    OR count(DISTINCT CASE WHEN cause = 'hard_bounce' AND created_at > :now::bigint - 604800000
                           THEN coalesce(email_id::text, id::text) END) >= 2
