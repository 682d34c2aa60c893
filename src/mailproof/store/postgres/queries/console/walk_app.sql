-- walk_app: as walk, along the mails of :app, of which :looked are read at most: then a last
-- row names the place of the last one, below zero.
-- A range of one app: for an equal one PostgreSQL may rather read the mails of all.
WITH looked AS MATERIALIZED (
    SELECT seq FROM emails
    WHERE app >= :app::text AND app <= :app::text
      AND seq > :above::bigint AND seq < :below::bigint
    ORDER BY app DESC, seq DESC
    LIMIT :looked::bigint
)
SELECT seq FROM (
SELECT e.seq
FROM looked
JOIN emails AS e ON e.seq = looked.seq
WHERE true
  AND created_at >= :since::bigint AND created_at < :until::bigint
  AND (cardinality(:states::text[]) = 0 OR state = ANY (:states::text[]))
  AND (:app::text IS NULL OR app = :app::text)
  AND (:purpose::text IS NULL OR purpose = :purpose::text)
  AND (:reason::text IS NULL OR :reason::text = CASE state
       WHEN 'held' THEN coalesce((SELECT l.reason FROM lanes AS l WHERE l.id = e.lane_id), e.reason)
       ELSE e.reason END)
  AND (:pattern::text IS NULL OR subject ILIKE :pattern::text ESCAPE '!' OR coalesce((
       SELECT true FROM recipients AS r
       WHERE r.email_id = e.id AND r.address ILIKE :pattern::text ESCAPE '!'
       LIMIT 1), false))
ORDER BY e.seq DESC
LIMIT :limit::bigint
) AS fits
UNION ALL
SELECT -min(seq) FROM looked HAVING count(*) = :looked::bigint;
