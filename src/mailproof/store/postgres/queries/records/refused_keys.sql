-- refused_keys: requests with a wrong key or with a From that is no sender, since minute :minute, by
-- client or, where the key is or was an app's, by app.
SELECT kind, app, CASE app WHEN '' THEN client ELSE '' END AS whose, max(path), max(name),
       max(message), sum(count), min(first_at), max(last_at)
FROM refusals
WHERE minute >= :minute::bigint
  AND kind IN ('placeholder', 'once_valid', 'unknown_key', 'sender_invalid')
GROUP BY kind, app, whose
ORDER BY min(first_at), kind, app, whose;
