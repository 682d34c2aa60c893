-- volumes: apps that sent at least :least mails in hour :recent or the next: the most in such an hour,
-- the most in an hour from :start to before :before, and the first hour that is known of them.
SELECT v.app, max(v.accepted),
       (SELECT max(b.accepted) FROM volumes AS b
        WHERE b.app = v.app AND b.hour >= :start AND b.hour < :before),
       (SELECT min(b.hour) FROM volumes AS b WHERE b.app = v.app)
FROM volumes AS v
WHERE v.hour IN (:recent, :recent + 1)
GROUP BY v.app
HAVING max(v.accepted) >= :least
ORDER BY v.app;
