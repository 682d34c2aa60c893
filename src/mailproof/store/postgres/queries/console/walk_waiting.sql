-- walk_waiting: the mails that wait and fit, in no order, where no more than :looked wait in :states:
-- else the only row is -1.
WITH looked AS MATERIALIZED (
    SELECT each.seq
    FROM unnest(:states::text[]) AS wanted (state)
    CROSS JOIN LATERAL (
        SELECT seq FROM emails
        WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
          AND state = wanted.state
        ORDER BY purpose, CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
        LIMIT :looked::bigint + 1
    ) AS each
    UNION ALL
    SELECT seq FROM (
        SELECT seq FROM emails
        WHERE state = 'sending' AND 'sending' = ANY (:states::text[])
        ORDER BY leased_until
        LIMIT :looked::bigint + 1
    ) AS sending
), counted AS MATERIALIZED (SELECT count(*) AS size FROM looked)
SELECT e.seq
FROM counted
JOIN looked ON counted.size <= :looked::bigint
JOIN emails AS e ON e.seq = looked.seq
WHERE e.seq > :above::bigint AND e.seq < :below::bigint
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
UNION ALL
SELECT -1 FROM counted WHERE size > :looked::bigint;
