-- held_unknown_of: up to :most of :purposes that are held in a closed lane which binds them to a
-- provider that may have them, while the lane that would not bind them is not closed.
SELECT e.id, e.lease_no, e.lane_id, e.pin, coalesce(e.provider, ''), e.epoch, e.leased_by,
       e.changed_at, e.begun
FROM lanes AS l
CROSS JOIN emails AS e ON e.lane_id = l.id AND e.state = 'held'
JOIN lanes AS own ON own.sender = l.sender AND own.pin = e.pin AND own.state <> 'closed'
WHERE l.state = 'closed' AND l.pin <> '' AND e.pin <> l.pin AND e.expires_at > :now
  AND e.purpose IN (SELECT value FROM json_each(:purposes))
LIMIT :most;
