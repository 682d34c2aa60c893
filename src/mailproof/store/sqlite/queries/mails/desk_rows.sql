-- What decides whether some mails may be moved by hand.
SELECT e.id, e.state, e.purpose, e.unknown_since, e.due_at, e.expires_at, l.state, l.reason
FROM emails e
JOIN lanes l ON l.id = e.lane_id
WHERE e.id IN (SELECT value FROM json_each(:ids))
  AND (:app IS NULL OR e.app = :app)
