-- Recipients who did not get a mail that is sent again.
UPDATE recipients
SET state = 'open', reason = NULL
WHERE email_id = ANY (:ids::uuid[])
  AND state IN ('failed', 'expired', 'canceled')
