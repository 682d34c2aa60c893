-- The newest held mails: all entries of the partial index, sorted.
SELECT seq
FROM emails INDEXED BY emails_held
WHERE state = 'held'
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:app IS NULL OR app = :app)
  AND (:purpose IS NULL OR purpose = :purpose)
  AND (:reason IS NULL
       OR coalesce((SELECT l.reason FROM lanes l WHERE l.id = lane_id), reason) = :reason)
ORDER BY seq DESC
LIMIT :limit
