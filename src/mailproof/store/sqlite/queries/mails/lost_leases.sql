-- lost_leases: up to :most whose lease ran out.
SELECT id, lease_no, lane_id, pin, provider, epoch, leased_by, changed_at, begun
FROM emails
WHERE state = 'sending' AND leased_until <= :now
ORDER BY leased_until
LIMIT :most;
