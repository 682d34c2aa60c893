-- sweep_early_contents: up to :most that came before :before, and whose mail never did.
DELETE FROM early_contents
WHERE email_id = ANY (ARRAY(
    SELECT email_id FROM early_contents
    WHERE created_at < :before::bigint
    ORDER BY created_at
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING email_id::text;
