-- claim_held: lease up to :most held mails of lane :lane_id, which is releasing (:critical_only: none
-- but critical ones). Of the first ones, those that have been with a provider least often: one whose
-- own fault closes the route again and again, critical or not, must not keep all that stand behind
-- it. Once more than the others is what befell whatever was under way when the route closed.
UPDATE emails
SET state = picked.becomes,
    provider = CASE WHEN picked.becomes = 'sending' THEN picked.carrier ELSE emails.provider END,
    lease_no = lease_no + (picked.becomes = 'sending'),
    leased_by = CASE WHEN picked.becomes = 'sending' THEN :node END,
    leased_until = CASE WHEN picked.becomes = 'sending' THEN :leased_until END,
    avoid = NULL,
    changed_at = :now
FROM (
    SELECT few.seq AS picked_seq,
           few.carrier,
           CASE WHEN few.expires_at <= :now THEN 'expired' ELSE 'sending' END AS becomes
    FROM (
        SELECT first.*, min(first.lease_no) OVER () AS least
        FROM (
            SELECT e.seq, e.critical, e.lease_no, e.expires_at, l.provider AS carrier
            FROM emails AS e
            CROSS JOIN lanes AS l ON l.id = e.lane_id
            WHERE e.state = 'held' AND e.lane_id = :lane_id
              AND e.critical >= :critical_only
            ORDER BY e.critical DESC, e.expires_at, e.seq
            LIMIT max(:most, 20)
        ) AS first
    ) AS few
    WHERE few.lease_no <= few.least + 1
    ORDER BY few.critical DESC, few.lease_no, few.expires_at, few.seq
    LIMIT :most
) AS picked
WHERE emails.seq = picked.picked_seq
RETURNING id, seq, state, app, lane_id, provider, purpose, critical, created_at, expires_at, lease_no,
          probe, unknown_since, epoch, tries, encoder, on_hold, reason, pin;
