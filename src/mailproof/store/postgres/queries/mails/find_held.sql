-- The newest held mails: all entries of the partial index, sorted.
SELECT seq
FROM emails AS e
WHERE state = 'held'
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:app::text IS NULL OR app = :app)
  AND (:purpose::text IS NULL OR purpose = :purpose)
  AND (:reason::text IS NULL
       OR coalesce((SELECT l.reason FROM lanes l WHERE l.id = e.lane_id), e.reason) = :reason)
ORDER BY seq DESC
LIMIT :limit
