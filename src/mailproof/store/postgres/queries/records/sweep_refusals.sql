-- sweep_refusals: up to :most refusals from before :before.
DELETE FROM refusals
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM refusals
    WHERE minute < :before::bigint / 60000
    ORDER BY minute
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
));
