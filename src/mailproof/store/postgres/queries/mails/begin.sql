-- begin: from now on the bytes of the :leases (id, lease number) may go out. Whoever lost its lease
-- is not in the answer, and sends nothing.
UPDATE emails
SET begun = lease_no
WHERE seq = ANY (ARRAY(
    SELECT e.seq
    FROM jsonb_array_elements(:leases::jsonb) AS l
    JOIN emails AS e ON e.id = (l.value ->> 0)::uuid
    WHERE e.lease_no = (l.value ->> 1)::integer AND e.state = 'sending'
    ORDER BY e.id
    FOR UPDATE OF e
))
RETURNING id::text, lease_no, provider;
