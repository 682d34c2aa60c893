-- claim: lease up to :most queued mails (:critical_only: or none but critical ones) that :provider
-- may carry to :node until :leased_until.
-- One whose lane has closed since becomes `held` (`canceled`, if its caller still waits and wants no
-- promise), one that has expired ends: each mail is met once.
-- CROSS JOIN keeps the order of the loops: along emails_queued, one look at lanes for each.
UPDATE emails
SET state = picked.becomes,
    provider = CASE WHEN picked.becomes = 'sending' THEN :provider ELSE emails.provider END,
    lease_no = lease_no + (picked.becomes = 'sending'),
    leased_by = CASE WHEN picked.becomes = 'sending' THEN :node END,
    leased_until = CASE WHEN picked.becomes = 'sending' THEN :leased_until END,
    reason = CASE WHEN picked.becomes IN ('held', 'canceled') THEN picked.lane_reason
                  ELSE emails.reason END,
    changed_at = :now
FROM (
    SELECT e.seq AS picked_seq,
           l.reason AS lane_reason,
           CASE WHEN e.expires_at <= :now THEN 'expired'
                WHEN l.state = 'closed' AND e.on_hold = 'refuse' AND e.wait_until > :now
                     AND e.unknown_since IS NULL THEN 'canceled'
                WHEN l.state = 'closed' THEN 'held'
                ELSE 'sending' END AS becomes
    FROM emails AS e
    CROSS JOIN lanes AS l ON l.id = e.lane_id
    WHERE e.state = 'queued' AND e.critical >= :critical_only
      AND (l.state = 'closed'
           OR CASE WHEN e.avoid = l.provider THEN coalesce(l.second, l.provider)
                   ELSE l.provider END = :provider)
    ORDER BY e.critical DESC, e.expires_at, e.seq
    LIMIT :most
) AS picked
WHERE emails.seq = picked.picked_seq
RETURNING id, seq, state, app, lane_id, provider, purpose, critical, created_at, expires_at, lease_no,
          probe, unknown_since, epoch, tries, encoder, on_hold, reason, pin;
