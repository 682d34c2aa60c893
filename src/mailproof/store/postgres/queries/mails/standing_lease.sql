-- standing_lease: where the mails with :ids are, and the lease of their last attempt.
SELECT e.id::text, e.state, e.reason,
       (SELECT max(lease_no) FROM attempts AS a WHERE a.email_id = e.id)
FROM emails AS e
WHERE e.id = ANY (:ids::uuid[]);
