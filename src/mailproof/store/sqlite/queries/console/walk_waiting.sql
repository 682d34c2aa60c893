-- walk_waiting: the mails that wait and fit, in no order, where no more than :looked wait in :states:
-- else the only row is -1.
WITH looked AS MATERIALIZED (
    SELECT seq FROM (
        SELECT seq FROM emails INDEXED BY emails_waiting
        WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
          AND state IN (SELECT value FROM json_each(:states))
        LIMIT :looked + 1
    ) AS waiting
    UNION ALL
    SELECT seq FROM (
        SELECT seq FROM emails INDEXED BY emails_sending
        WHERE state = 'sending' AND 'sending' IN (SELECT value FROM json_each(:states))
        ORDER BY leased_until
        LIMIT :looked + 1
    ) AS sending
), counted AS MATERIALIZED (SELECT count(*) AS size FROM looked)
SELECT e.seq
FROM counted
JOIN looked ON counted.size <= :looked
JOIN emails AS e ON e.seq = looked.seq
WHERE e.seq > :above AND e.seq < :below
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
UNION ALL
SELECT -1 FROM counted WHERE size > :looked;
