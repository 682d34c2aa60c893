-- claim_probe: lease the most urgent mail that is held because of the route of :provider and :sender
-- ('*': of all senders, but then not one whose own route there is closed too).
-- From each lane only its first mail is looked at; emails_held gives it at once.
UPDATE emails
SET state = 'sending', provider = :provider, lease_no = lease_no + 1, leased_by = :node,
    leased_until = :leased_until, probe = TRUE, avoid = NULL, changed_at = :now
WHERE seq = (
    SELECT first.seq
    FROM lanes AS l
    CROSS JOIN emails AS first ON first.seq = (
        SELECT e.seq FROM emails AS e
        WHERE e.state = 'held' AND e.lane_id = l.id AND e.expires_at > :now
        ORDER BY e.critical DESC, e.expires_at, e.seq
        LIMIT 1
    )
    WHERE l.state = 'closed' AND l.pin IN ('', :provider)
      AND (:sender = '*' OR l.sender = :sender)
      AND (:sender <> '*' OR NOT EXISTS (
          SELECT 1 FROM routes AS r
          WHERE r.provider = :provider AND r.sender = l.sender AND r.state = 'closed'))
    ORDER BY first.critical DESC, first.expires_at, first.seq
    LIMIT 1
)
RETURNING id, seq, state, app, lane_id, provider, purpose, critical, created_at, expires_at, lease_no,
          probe, unknown_since, epoch, tries, encoder, on_hold, reason, pin;
