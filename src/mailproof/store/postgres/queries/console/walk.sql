-- walk: the newest mails that fit, in a range of the order of arrival that is read from end to end.
SELECT seq
FROM emails AS e
WHERE seq > :above::bigint AND seq < :below::bigint
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
ORDER BY seq DESC
LIMIT :limit::bigint;
