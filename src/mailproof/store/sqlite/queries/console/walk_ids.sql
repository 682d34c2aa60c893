-- walk_ids: the mails that fit and whose ids are from :first to :last, the :looked newest ids at most.
SELECT seq FROM (
    SELECT seq FROM emails
    WHERE id >= :first AND id <= :last
    ORDER BY id DESC
    LIMIT :looked
) AS looked
JOIN emails AS e USING (seq)
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
       LIMIT 1), 0));
