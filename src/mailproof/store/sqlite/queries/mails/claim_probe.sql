-- claim_probe: lease the most urgent mail that is held because of the route of :provider and :sender
-- ('*': of all senders, but then not one whose own route there is closed or paused too).
-- From each lane only its first mails are looked at; emails_held gives them at once. Of those, the one
-- that has been with a provider least often: a mail whose own fault looks like the route's must not
-- be the only one that ever tries it.
UPDATE emails
SET state = 'sending', provider = :provider, lease_no = lease_no + 1, leased_by = :node,
    leased_until = :leased_until, probe = TRUE, avoid = NULL, changed_at = :now
WHERE seq = (
    SELECT first.seq
    FROM lanes AS l
    CROSS JOIN emails AS first ON first.seq = (
        SELECT few.seq FROM (
            SELECT e.seq, e.critical, e.expires_at, e.lease_no FROM emails AS e
            WHERE e.state = 'held' AND e.lane_id = l.id AND e.expires_at > :now
            ORDER BY e.critical DESC, e.expires_at, e.seq
            LIMIT 20
        ) AS few
        ORDER BY few.lease_no, few.critical DESC, few.expires_at, few.seq
        LIMIT 1
    )
    WHERE l.state = 'closed' AND l.pin IN ('', :provider)
      AND (:sender = '*' OR l.sender = :sender)
      AND (:sender <> '*' OR NOT EXISTS (
          SELECT 1 FROM routes AS r
          WHERE r.provider = :provider AND r.sender = l.sender
            AND (r.state = 'closed' OR r.paused_at IS NOT NULL)))
    ORDER BY first.lease_no, first.critical DESC, first.expires_at, first.seq
    LIMIT 1
)
RETURNING id, seq, state, app, lane_id, provider, purpose, critical, created_at, expires_at, lease_no,
          probe, unknown_since, epoch, tries, encoder, on_hold, reason, pin;
