-- walk_state: as walk_app, along the mails that ended in :state or are unconfirmed.
WITH looked AS MATERIALIZED (
    SELECT seq FROM (
        SELECT seq FROM emails INDEXED BY emails_ended
        WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained', 'suppressed',
                        'canceled', 'superseded')
          AND state = :state AND seq > :above AND seq < :below
        ORDER BY seq DESC
        LIMIT :looked
    ) AS ended
    UNION ALL
    SELECT seq FROM (
        SELECT seq FROM emails INDEXED BY emails_sandboxed
        WHERE state = 'sandboxed' AND :state = 'sandboxed'
          AND seq > :above AND seq < :below
        ORDER BY seq DESC
        LIMIT :looked
    ) AS sandboxed
)
SELECT seq FROM (
SELECT e.seq
FROM looked
CROSS JOIN emails AS e ON e.seq = looked.seq
WHERE true
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
ORDER BY e.seq DESC
LIMIT :limit
) AS fits
UNION ALL
SELECT -min(seq) FROM looked HAVING count(*) = :looked;
