-- claim_queued_probe: lease the most urgent queued mail to try the closed route of :provider and
-- :sender ('*': of all senders, but then not one whose own route there is closed or paused too). Of the first
-- thousand queued ones: this is asked often, and a probe need not be exact. One that :provider has
-- just refused comes last: another mail tells more.
UPDATE emails
SET state = 'sending', provider = :provider::text, lease_no = lease_no + 1, leased_by = :node::text,
    leased_until = :leased_until::bigint, probe = TRUE, avoid = NULL, changed_at = :now::bigint
WHERE seq = (
    SELECT e.seq
    FROM (
        SELECT first.seq
        FROM (
            SELECT seq, lane_id, expires_at, critical, avoid FROM emails
            WHERE state = 'queued'
            ORDER BY critical DESC, expires_at, seq
            LIMIT 1000
        ) AS first
        JOIN lanes AS l ON l.id = first.lane_id
        WHERE first.expires_at > :now::bigint AND l.pin IN ('', :provider::text)
          AND (:sender::text = '*' OR l.sender = :sender::text)
          AND (:sender::text <> '*' OR NOT EXISTS (
          SELECT 1 FROM routes AS r
          WHERE r.provider = :provider::text AND r.sender = l.sender
            AND (r.state = 'closed' OR r.paused_at IS NOT NULL)))
        ORDER BY coalesce(first.avoid, '') = :provider::text, first.critical DESC,
                 first.expires_at, first.seq
        LIMIT 1
    ) AS urgent
    JOIN emails AS e ON e.seq = urgent.seq
    WHERE e.state = 'queued'
    FOR UPDATE OF e SKIP LOCKED
)
RETURNING emails.id::text, emails.seq, emails.state, emails.app, emails.lane_id, emails.provider,
          emails.purpose, emails.critical, emails.created_at, emails.expires_at, emails.lease_no,
          emails.probe, emails.unknown_since, emails.epoch, emails.tries, emails.encoder,
          emails.on_hold, emails.reason, emails.pin;
