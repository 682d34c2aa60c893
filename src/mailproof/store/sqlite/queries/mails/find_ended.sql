-- The newest mails in one of the states that people look for, along the index emails_ended.
SELECT seq
FROM emails INDEXED BY emails_ended
WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained', 'suppressed',
                'canceled', 'superseded')
  AND state = :state
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:app IS NULL OR app = :app)
  AND (:purpose IS NULL OR purpose = :purpose)
  AND (:reason IS NULL OR reason = :reason)
ORDER BY seq DESC
LIMIT :limit
