-- What decides whether some mails may be moved by hand. Locked, so that nothing moves them meanwhile.
SELECT e.id::text, e.state, e.purpose, e.unknown_since, e.due_at, e.expires_at, l.state, l.reason
FROM emails e
JOIN lanes l ON l.id = e.lane_id
WHERE e.id = ANY (:ids::uuid[])
  AND (:app::text IS NULL OR e.app = :app)
ORDER BY e.seq
FOR UPDATE OF e
