-- walk_state_next: as walk_app_next, along the mails that ended in :state or are unconfirmed.
WITH looked AS MATERIALIZED (
    SELECT seq FROM (
        SELECT seq FROM emails
        WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained', 'suppressed',
                        'canceled', 'superseded')
          AND state = :state::text AND seq > :above::bigint AND seq < :below::bigint
        ORDER BY seq ASC
        LIMIT :looked::bigint
    ) AS ended
    UNION ALL
    SELECT seq FROM (
        SELECT seq FROM emails
        WHERE state = 'sandboxed' AND :state::text = 'sandboxed'
          AND seq > :above::bigint AND seq < :below::bigint
        ORDER BY seq ASC
        LIMIT :looked::bigint
    ) AS sandboxed
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
ORDER BY e.seq ASC
LIMIT :limit::bigint
) AS fits
UNION ALL
SELECT -max(seq) FROM looked HAVING count(*) = :looked::bigint;
