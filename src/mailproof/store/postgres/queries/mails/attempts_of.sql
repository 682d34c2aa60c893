-- Every attempt of a mail, the first one first.
SELECT id, email_id::text, lease_no, provider, key, started_at, ended_at, outcome, reason,
       provider_message_id, failure::text
FROM attempts
WHERE email_id = :id::uuid
ORDER BY lease_no
