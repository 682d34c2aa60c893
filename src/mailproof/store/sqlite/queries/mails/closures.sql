-- What closed the routes that could carry the mails of some lanes.
SELECT l.id, r.reason, r.failure
FROM lanes l
JOIN routes r ON r.sender IN (l.sender, '*') AND (l.pin = '' OR r.provider = l.pin)
WHERE l.id IN (SELECT value FROM json_each(:lanes))
  AND r.state = 'closed'
  AND r.failure IS NOT NULL
ORDER BY l.id, r.since, r.provider
