-- The newest queued mails: all entries of the partial index, sorted.
SELECT seq
FROM emails
WHERE state = 'queued'
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:app::text IS NULL OR app = :app)
  AND (:purpose::text IS NULL OR purpose = :purpose)
  AND (:reason::text IS NULL OR reason = :reason)
ORDER BY seq DESC
LIMIT :limit
