-- sweep_contents: up to :most contents of mails that ended before :before. Their mails are locked, so
-- that nobody sends one of them again meanwhile.
DELETE FROM contents
WHERE email_id = ANY (ARRAY(
    SELECT c.email_id FROM contents AS c
    JOIN emails AS e ON e.id = c.email_id
    WHERE c.created_at < :before::bigint AND e.changed_at < :before::bigint
      AND e.state NOT IN ('scheduled', 'queued', 'deferred', 'held', 'sending', 'unconfirmed')
    ORDER BY c.created_at
    LIMIT :most::bigint
    FOR UPDATE OF e SKIP LOCKED
));
