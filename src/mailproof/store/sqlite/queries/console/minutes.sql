-- minutes: what happened in each minute from :since_minute on, of :purpose (NULL: of all).
SELECT minute, sum(accepted), sum(sent), sum(waiting), sum(bad), sum(other)
FROM minutes
WHERE minute >= :since_minute AND (:purpose IS NULL OR purpose = :purpose)
GROUP BY minute
ORDER BY minute;
