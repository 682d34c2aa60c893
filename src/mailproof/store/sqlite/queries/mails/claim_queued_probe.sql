-- claim_queued_probe: lease the most urgent queued mail to try the closed route of :provider and
-- :sender ('*': of all senders, but then not one whose own route there is closed or paused too). Of the first
-- thousand queued ones: this is asked often, and a probe need not be exact. One that :provider has
-- just refused comes last: another mail tells more.
UPDATE emails
SET state = 'sending', provider = :provider, lease_no = lease_no + 1, leased_by = :node,
    leased_until = :leased_until, probe = TRUE, avoid = NULL, changed_at = :now
WHERE seq = (
    SELECT e.seq
    FROM (
        SELECT seq, lane_id, expires_at, critical, avoid FROM emails
        WHERE state = 'queued'
        ORDER BY critical DESC, expires_at, seq
        LIMIT 1000
    ) AS e
    CROSS JOIN lanes AS l ON l.id = e.lane_id
    WHERE e.expires_at > :now AND l.pin IN ('', :provider)
      AND (:sender = '*' OR l.sender = :sender)
      AND (:sender <> '*' OR NOT EXISTS (
          SELECT 1 FROM routes AS r
          WHERE r.provider = :provider AND r.sender = l.sender
            AND (r.state = 'closed' OR r.paused_at IS NOT NULL)))
    ORDER BY coalesce(e.avoid, '') = :provider, e.critical DESC, e.expires_at,
             e.seq
    LIMIT 1
)
RETURNING id, seq, state, app, lane_id, provider, purpose, critical, created_at, expires_at,
    lease_no, probe, unknown_since, epoch, tries, encoder, on_hold, reason, pin;
