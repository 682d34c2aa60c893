-- rhythms: when critical mail came since day :day, by app and purpose: how many, the minutes of the
-- first and the last, and the longest silence between two, in minutes.
SELECT app, purpose, sum(accepted)::bigint, min(first_minute), max(last_minute), max(longest_gap)
FROM rhythms
WHERE day >= :day::bigint
GROUP BY app, purpose
HAVING bool_or(critical)
ORDER BY app, purpose;
