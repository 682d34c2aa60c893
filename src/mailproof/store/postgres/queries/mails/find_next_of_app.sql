-- As find_of_app, from the other end: what came just after `above`.
SELECT seq
FROM emails
WHERE app = :app
  AND seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:state::text IS NULL OR state = :state)
  AND (:purpose::text IS NULL OR purpose = :purpose)
  AND (:reason::text IS NULL OR reason = :reason)
ORDER BY seq ASC
LIMIT :limit
