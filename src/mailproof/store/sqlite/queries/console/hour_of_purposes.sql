-- hour_of_purposes: what happened in each minute from :since_minute on, by purpose.
SELECT purpose, minute, accepted, sent, waiting, bad, other
FROM minutes
WHERE minute >= :since_minute
ORDER BY minute, purpose;
