-- refused_minutes: how often, minute by minute from :minute on, as refused_apps names who.
SELECT kind, app, CASE app WHEN '' THEN client ELSE '' END AS whose, name, minute, sum(count)
FROM refusals
WHERE minute >= :minute
GROUP BY kind, app, whose, name, minute
ORDER BY minute;
