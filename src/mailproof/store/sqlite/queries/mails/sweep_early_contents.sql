-- sweep_early_contents: up to :most that came before :before, and whose mail never did.
DELETE FROM early_contents
WHERE email_id IN (
    SELECT email_id FROM early_contents WHERE created_at < :before ORDER BY created_at LIMIT :most
)
RETURNING email_id;
