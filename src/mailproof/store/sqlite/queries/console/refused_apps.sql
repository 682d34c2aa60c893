-- refused_apps: who was refused, by kind, app (or client, where no app is known) and error, among the
-- :looked last rows; the words of the last one. Who was refused last stands first.
SELECT kind, app, client, path, name, status, key_fingerprint, recipient, purpose, message,
       requests, begun_at, last_at
FROM (
    SELECT *,
           sum(count) OVER whole AS requests,
           min(first_at) OVER whole AS begun_at,
           row_number() OVER (PARTITION BY kind, app, whose, name ORDER BY last_at DESC) AS place
    FROM (
        SELECT *, CASE app WHEN '' THEN client ELSE '' END AS whose
        FROM refusals
        ORDER BY minute DESC
        LIMIT :looked
    ) AS latest
    WINDOW whole AS (PARTITION BY kind, app, whose, name)
) AS ranked
WHERE place = 1
ORDER BY last_at DESC, kind, app, client, name
LIMIT :most;
