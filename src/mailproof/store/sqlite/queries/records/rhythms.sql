-- rhythms: when critical mail came since day :day, by app and purpose: how many, the minutes of the
-- first and the last, and the longest silence between two, in minutes.
SELECT app, purpose, sum(accepted), min(first_minute), max(last_minute), max(longest_gap)
FROM rhythms
WHERE day >= :day
GROUP BY app, purpose
HAVING max(critical) = 1
ORDER BY app, purpose;
