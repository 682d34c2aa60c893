-- sweep_erasing: up to :most mails whose content is to be erased by now.
UPDATE emails
SET erase_at = NULL
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE erase_at <= :now::bigint
    ORDER BY erase_at
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING id::text;
