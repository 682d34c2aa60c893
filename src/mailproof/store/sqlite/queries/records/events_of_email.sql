-- All that happened to a mail.
SELECT id, at, type, email_id, actor, data
FROM events
WHERE email_id = :id
ORDER BY id
