-- lanes_unexplained: closed lanes without a closed or paused route: no provider is there that could carry
-- them. With the number of their held mails, at most :count_max.
SELECT l.sender, l.reason, l.since,
       (SELECT count(*) FROM (
            SELECT 1 FROM emails AS e WHERE e.lane_id = l.id AND e.state = 'held' LIMIT :count_max
        ) AS held)
FROM lanes AS l
WHERE l.state = 'closed'
  AND NOT EXISTS (
      SELECT 1 FROM routes AS r
      WHERE (r.state = 'closed' OR r.paused_at IS NOT NULL) AND l.pin IN ('', r.provider) AND r.sender IN ('*', l.sender)
  )
ORDER BY l.since, l.sender
LIMIT 100;
