-- All that happened to a mail.
SELECT id, at, type, email_id::text, actor, data::text
FROM events
WHERE email_id = :id::uuid
ORDER BY id
