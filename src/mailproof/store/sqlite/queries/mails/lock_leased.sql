-- lock_leased: which of :leases (id, lease number) still hold. Whoever lost its lease writes nothing.
SELECT e.id, e.wait_until
FROM json_each(:leases) AS l
JOIN emails AS e ON e.id = l.value ->> 0
WHERE e.lease_no = l.value ->> 1 AND e.state = 'sending';
