-- tally_mails: how much mail came, its ids from :first to before :until, by app, purpose and minute.
-- Ids rise with the time, so this is a part of one index.
SELECT app, purpose, created_at / 60000 AS minute, bool_or(critical), count(*)
FROM emails
WHERE id >= :first::uuid AND id < :until::uuid
GROUP BY app, purpose, minute
ORDER BY app, purpose, minute;
