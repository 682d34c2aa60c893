-- The newest mails in a range of order of arrival; filters that no index serves.
SELECT seq
FROM emails
WHERE seq > :above
  AND seq < :below
  AND created_at >= :since
  AND (:state IS NULL OR state = :state)
  AND (:purpose IS NULL OR purpose = :purpose)
  AND (:reason IS NULL OR reason = :reason)
ORDER BY seq DESC
LIMIT :limit
