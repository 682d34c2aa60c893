-- refused_keys: requests with a wrong key since minute :minute, by client or, where the key was
-- once an app's, by app. The kind stands before the key's fingerprint.
SELECT kind, app, CASE app WHEN '' THEN client ELSE '' END AS whose, max(path), max(name),
       sum(count), min(first_at), max(last_at)
FROM (
    SELECT substr(key_fingerprint, 1, instr(key_fingerprint, ':') - 1) AS kind, app, client, path,
           name, count, first_at, last_at
    FROM refusals
    WHERE minute >= :minute
) AS recent
WHERE kind IN ('placeholder', 'once_valid', 'unknown_key')
GROUP BY kind, app, whose
ORDER BY min(first_at), kind, app, whose;
