-- set_erasing: when to erase what those of the mails with :ids said that are critical and have ended:
-- now, or once it is of no use to send it again by hand.
UPDATE emails
SET erase_at = CASE WHEN state IN ('failed', 'expired', 'canceled') THEN max(expires_at, :now)
                    ELSE :now END
WHERE id IN (SELECT value FROM json_each(:ids))
  AND critical
  AND state IN ('failed', 'expired', 'canceled', 'superseded', 'suppressed', 'bounced',
                'complained', 'sandboxed');
