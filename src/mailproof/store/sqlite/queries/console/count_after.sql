-- count_after: how many mails came after :above, at most :most.
SELECT count(*) FROM (SELECT 1 FROM emails WHERE seq > :above ORDER BY seq LIMIT :most) AS few;
