-- The recipients of some mails, in their order.
SELECT email_id::text, role, address, state, reason
FROM recipients
WHERE email_id = ANY (:ids::uuid[])
ORDER BY email_id, pos
