-- begin: from now on the bytes of the :leases (id, lease number) may go out. Whoever lost its lease
-- is not in the answer, and sends nothing.
UPDATE emails
SET begun = emails.lease_no
FROM (SELECT value ->> 0 AS id, value ->> 1 AS lease_no FROM json_each(:leases)) AS l
WHERE emails.id = l.id AND emails.lease_no = l.lease_no AND emails.state = 'sending'
RETURNING emails.id, emails.lease_no, emails.provider;
