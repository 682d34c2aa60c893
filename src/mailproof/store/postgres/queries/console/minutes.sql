-- minutes: what happened in each minute from :since_minute on, of :purpose (NULL: of all).
SELECT minute, sum(accepted)::bigint, sum(sent)::bigint, sum(waiting)::bigint, sum(bad)::bigint,
       sum(other)::bigint
FROM minutes
WHERE minute >= :since_minute AND (:purpose::text IS NULL OR purpose = :purpose)
GROUP BY minute
ORDER BY minute;
