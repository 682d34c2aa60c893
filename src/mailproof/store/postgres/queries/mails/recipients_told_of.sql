-- recipients_told_of: those of the mails with :ids.
SELECT email_id::text, pos, role, address, lookup, state
FROM recipients
WHERE email_id = ANY (:ids::uuid[])
ORDER BY email_id, pos;
