-- The newest mails in a range of order of arrival; filters that no index serves.
SELECT seq
FROM emails
WHERE seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:state::text IS NULL OR state = :state)
  AND (:purpose::text IS NULL OR purpose = :purpose)
  AND (:reason::text IS NULL OR reason = :reason)
ORDER BY seq DESC
LIMIT :limit
