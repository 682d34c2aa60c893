-- paces: how many mails took at most how long, by purpose and provider, from :since_hour on.
SELECT purpose, provider, upper_ms, sum(count)::bigint
FROM paces
WHERE hour >= :since_hour
GROUP BY purpose, provider, upper_ms
ORDER BY purpose, provider, upper_ms;
