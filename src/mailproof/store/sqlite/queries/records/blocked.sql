-- Which addresses mail must not go to. Critical mail is stopped by a complaint, by hand, or by hard
-- bounces of two mails within the last 7 days (604,800,000 ms); all other mail by any single fact.
SELECT lookup
FROM suppressions
WHERE lookup IN (
    SELECT substr(@lookups_bytes, value ->> 0, value ->> 1) FROM json_each(:lookups)
)
GROUP BY lookup
HAVING NOT :critical
    OR sum(cause IN ('complaint', 'manual')) > 0
    OR count(DISTINCT CASE WHEN cause = 'hard_bounce' AND created_at > :now - 604800000
                           THEN coalesce(email_id, id) END) >= 2
