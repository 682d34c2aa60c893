-- The newest mails in one of the states that people look for, along the index emails_ended.
SELECT seq
FROM emails
WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained', 'suppressed',
                'canceled', 'superseded')
  AND state = :state
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:app::text IS NULL OR app = :app)
  AND (:purpose::text IS NULL OR purpose = :purpose)
  AND (:reason::text IS NULL OR reason = :reason)
ORDER BY seq DESC
LIMIT :limit
