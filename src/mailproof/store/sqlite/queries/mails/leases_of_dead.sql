-- leases_of_dead: up to :most that :nodes held; none named: everybody.
SELECT id, lease_no, lane_id, pin, provider, epoch, leased_by, changed_at, begun
FROM emails
WHERE state = 'sending'
  AND (json_array_length(:nodes) = 0 OR leased_by IN (SELECT value FROM json_each(:nodes)))
ORDER BY leased_until
LIMIT :most;
