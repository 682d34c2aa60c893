-- lock_leased: which of :leases (id, lease number) still hold. Whoever lost its lease writes nothing.
-- Locked in one order everywhere, so that two nodes never wait for each other.
SELECT e.id::text, e.wait_until
FROM jsonb_array_elements(:leases::jsonb) AS l
JOIN emails AS e ON e.id = (l.value ->> 0)::uuid
WHERE e.lease_no = (l.value ->> 1)::integer AND e.state = 'sending'
ORDER BY e.id
FOR UPDATE OF e;
