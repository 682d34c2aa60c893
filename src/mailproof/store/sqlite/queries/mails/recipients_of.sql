-- The recipients of some mails, in their order.
SELECT email_id, role, address, state, reason
FROM recipients
WHERE email_id IN (SELECT value FROM json_each(:ids))
ORDER BY email_id, pos
