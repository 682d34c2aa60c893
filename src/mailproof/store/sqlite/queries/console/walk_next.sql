-- walk_next: the oldest mails that fit, in a range of the order of arrival that is read from end to end.
SELECT seq
FROM emails AS e
WHERE seq > :above AND seq < :below
  AND created_at >= :since AND created_at < :until
  AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
  AND (:app IS NULL OR app = :app)
  AND (:purpose IS NULL OR purpose = :purpose)
  AND (:reason IS NULL OR :reason = CASE state
       WHEN 'held' THEN coalesce((SELECT l.reason FROM lanes AS l WHERE l.id = e.lane_id), e.reason)
       ELSE e.reason END)
  AND (:pattern IS NULL OR subject LIKE :pattern ESCAPE '!' OR coalesce((
       SELECT 1 FROM recipients AS r
       WHERE r.email_id = e.id AND r.address LIKE :pattern ESCAPE '!'
       LIMIT 1), 0))
ORDER BY seq ASC
LIMIT :limit;
