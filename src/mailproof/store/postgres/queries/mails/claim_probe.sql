-- claim_probe: lease the most urgent mail that is held because of the route of :provider and :sender
-- ('*': of all senders, but then not one whose own route there is closed or paused too).
-- From each lane only its first mails are looked at; emails_held gives them at once. Of those, the one
-- that has been with a provider least often: a mail whose own fault looks like the route's must not
-- be the only one that ever tries it.
UPDATE emails
SET state = 'sending', provider = :provider::text, lease_no = lease_no + 1, leased_by = :node::text,
    leased_until = :leased_until::bigint, probe = TRUE, avoid = NULL, changed_at = :now::bigint
WHERE seq = (
    SELECT e.seq
    FROM (
        SELECT first.seq
        FROM lanes AS l
        CROSS JOIN LATERAL (
            SELECT few.seq, few.critical, few.expires_at, few.lease_no
            FROM (
                SELECT h.seq, h.critical, h.expires_at, h.lease_no FROM emails AS h
                WHERE h.state = 'held' AND h.lane_id = l.id AND h.expires_at > :now::bigint
                ORDER BY h.critical DESC, h.expires_at, h.seq
                LIMIT 20
            ) AS few
            ORDER BY few.lease_no, few.critical DESC, few.expires_at, few.seq
            LIMIT 1
        ) AS first
        WHERE l.state = 'closed' AND l.pin IN ('', :provider::text)
          AND (:sender::text = '*' OR l.sender = :sender::text)
          AND (:sender::text <> '*' OR NOT EXISTS (
          SELECT 1 FROM routes AS r
          WHERE r.provider = :provider::text AND r.sender = l.sender
            AND (r.state = 'closed' OR r.paused_at IS NOT NULL)))
        ORDER BY first.lease_no, first.critical DESC, first.expires_at, first.seq
        LIMIT 1
    ) AS urgent
    JOIN emails AS e ON e.seq = urgent.seq
    WHERE e.state = 'held'
    FOR UPDATE OF e SKIP LOCKED
)
RETURNING emails.id::text, emails.seq, emails.state, emails.app, emails.lane_id, emails.provider,
          emails.purpose, emails.critical, emails.created_at, emails.expires_at, emails.lease_no,
          emails.probe, emails.unknown_since, emails.epoch, emails.tries, emails.encoder,
          emails.on_hold, emails.reason, emails.pin;
