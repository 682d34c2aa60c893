-- leases_of_dead: up to :most that :nodes held; none named: everybody.
SELECT id::text, lease_no, lane_id, pin, provider, epoch, leased_by, changed_at, begun
FROM emails
WHERE state = 'sending'
  AND (cardinality(:nodes::text[]) = 0 OR leased_by = ANY (:nodes::text[]))
ORDER BY leased_until
LIMIT :most::bigint
FOR UPDATE SKIP LOCKED;
