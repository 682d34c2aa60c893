-- lost_leases: up to :most whose lease ran out.
SELECT id::text, lease_no, lane_id, pin, provider, epoch, leased_by, changed_at, begun
FROM emails
WHERE state = 'sending' AND leased_until <= :now::bigint
ORDER BY leased_until
LIMIT :most::bigint
FOR UPDATE SKIP LOCKED;
