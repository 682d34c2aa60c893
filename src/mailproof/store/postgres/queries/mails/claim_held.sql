-- claim_held: lease up to :most held mails of lane :lane_id, which is releasing (:critical_only: none
-- but critical ones). Of the first ones, those that have been with a provider least often: one whose
-- own fault closes the route again and again, critical or not, must not keep all that stand behind
-- it. Once more than the others is what befell whatever was under way when the route closed.
UPDATE emails
SET state = picked.becomes,
    provider = CASE WHEN picked.becomes = 'sending' THEN picked.carrier ELSE emails.provider END,
    lease_no = emails.lease_no + CASE WHEN picked.becomes = 'sending' THEN 1 ELSE 0 END,
    leased_by = CASE WHEN picked.becomes = 'sending' THEN :node::text END,
    leased_until = CASE WHEN picked.becomes = 'sending' THEN :leased_until::bigint END,
    avoid = NULL,
    changed_at = :now::bigint
FROM (
    SELECT few.seq AS picked_seq,
           few.carrier,
           CASE WHEN few.expires_at <= :now::bigint THEN 'expired' ELSE 'sending' END AS becomes
    FROM (
        SELECT first.*, min(first.lease_no) OVER () AS least
        FROM (
            SELECT e.seq, e.critical, e.lease_no, e.expires_at, l.provider AS carrier
            FROM emails AS e
            JOIN lanes AS l ON l.id = e.lane_id
            WHERE e.state = 'held' AND e.lane_id = :lane_id::bigint
              AND e.critical >= :critical_only::boolean
            ORDER BY e.critical DESC, e.expires_at, e.seq
            LIMIT greatest(:most::bigint, 20)
            FOR UPDATE OF e SKIP LOCKED
        ) AS first
    ) AS few
    WHERE few.lease_no <= few.least + 1
    ORDER BY few.critical DESC, few.lease_no, few.expires_at, few.seq
    LIMIT :most::bigint
) AS picked
WHERE emails.seq = picked.picked_seq
RETURNING emails.id::text, emails.seq, emails.state, emails.app, emails.lane_id, emails.provider,
          emails.purpose, emails.critical, emails.created_at, emails.expires_at, emails.lease_no,
          emails.probe, emails.unknown_since, emails.epoch, emails.tries, emails.encoder,
          emails.on_hold, emails.reason, emails.pin;
