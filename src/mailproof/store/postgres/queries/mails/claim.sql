-- claim: lease up to :most queued mails (:critical_only: or none but critical ones) that :provider
-- may carry to :node until :leased_until.
-- One whose lane has closed since becomes `held` (`canceled`, if its caller still waits and wants no
-- promise), one that has expired ends: each mail is met once.
-- Those that another node is claiming at this moment are passed over.
UPDATE emails
SET state = picked.becomes,
    provider = CASE WHEN picked.becomes = 'sending' THEN :provider::text ELSE emails.provider END,
    lease_no = emails.lease_no + CASE WHEN picked.becomes = 'sending' THEN 1 ELSE 0 END,
    leased_by = CASE WHEN picked.becomes = 'sending' THEN :node::text END,
    leased_until = CASE WHEN picked.becomes = 'sending' THEN :leased_until::bigint END,
    reason = CASE WHEN picked.becomes IN ('held', 'canceled') THEN picked.lane_reason
                  ELSE emails.reason END,
    changed_at = :now::bigint
FROM (
    SELECT e.seq AS picked_seq,
           l.reason AS lane_reason,
           CASE WHEN e.expires_at <= :now::bigint THEN 'expired'
                WHEN l.state = 'closed' AND e.on_hold = 'refuse' AND e.wait_until > :now::bigint
                     AND e.unknown_since IS NULL THEN 'canceled'
                WHEN l.state = 'closed' THEN 'held'
                ELSE 'sending' END AS becomes
    FROM emails AS e
    JOIN lanes AS l ON l.id = e.lane_id
    WHERE e.state = 'queued' AND e.critical >= :critical_only::boolean
      AND (l.state = 'closed'
           OR CASE WHEN e.avoid = l.provider THEN coalesce(l.second, l.provider)
                   ELSE l.provider END = :provider::text)
    ORDER BY e.critical DESC, e.expires_at, e.seq
    LIMIT :most::bigint
    FOR UPDATE OF e SKIP LOCKED
) AS picked
WHERE emails.seq = picked.picked_seq
RETURNING emails.id::text, emails.seq, emails.state, emails.app, emails.lane_id, emails.provider,
          emails.purpose, emails.critical, emails.created_at, emails.expires_at, emails.lease_no,
          emails.probe, emails.unknown_since, emails.epoch, emails.tries, emails.encoder,
          emails.on_hold, emails.reason, emails.pin;
