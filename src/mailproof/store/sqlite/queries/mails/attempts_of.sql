-- Every attempt of a mail, the first one first.
SELECT id, email_id, lease_no, provider, key, started_at, ended_at, outcome, reason,
       provider_message_id, failure
FROM attempts
WHERE email_id = :id
ORDER BY lease_no
