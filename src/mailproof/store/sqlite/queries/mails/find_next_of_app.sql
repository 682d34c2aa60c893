-- As find_of_app, from the other end: what came just after `above`.
SELECT seq
FROM emails INDEXED BY emails_app
WHERE app = :app
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:state IS NULL OR state = :state)
  AND (:purpose IS NULL OR purpose = :purpose)
  AND (:reason IS NULL OR reason = :reason)
ORDER BY seq ASC
LIMIT :limit
