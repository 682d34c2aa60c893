-- recipients_told_of: those of the mails with :ids.
SELECT email_id, pos, role, address, lookup, state
FROM recipients
WHERE email_id IN (SELECT value FROM json_each(:ids))
ORDER BY email_id, pos;
