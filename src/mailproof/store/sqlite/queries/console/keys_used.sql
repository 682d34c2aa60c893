-- keys_used: when a mail came last with each key, among the :looked newest mails of :app.
SELECT key_id, max(created_at)
FROM (
    SELECT key_id, created_at FROM emails WHERE app = :app ORDER BY seq DESC LIMIT :looked
) AS newest
GROUP BY key_id
ORDER BY key_id;
