-- sweep_orphans: up to :most large contents whose mail never came.
DELETE FROM contents
WHERE email_id = ANY (ARRAY(
    SELECT c.email_id FROM contents AS c
    WHERE c.created_at < :before::bigint
      AND NOT EXISTS (SELECT 1 FROM emails AS e WHERE e.id = c.email_id)
    ORDER BY c.created_at
    LIMIT :most::bigint
));
