-- Recipients who did not get a mail that is sent again.
UPDATE recipients
SET state = 'open', reason = NULL
WHERE email_id IN (SELECT value FROM json_each(:ids))
  AND state IN ('failed', 'expired', 'canceled')
