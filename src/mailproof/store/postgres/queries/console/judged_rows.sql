-- judged_rows: what decides whether some mails may be moved by hand, and the sender of their lanes.
SELECT e.id::text, e.state, e.purpose, e.unknown_since, e.due_at, e.expires_at, l.state, l.reason, l.sender
FROM emails AS e
JOIN lanes AS l ON l.id = e.lane_id
WHERE e.id = ANY (:ids::uuid[])
ORDER BY e.seq;
