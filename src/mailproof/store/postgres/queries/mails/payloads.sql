-- payloads: what the mails with :ids hold.
SELECT email_id::text, payload FROM contents WHERE email_id = ANY (:ids::uuid[]);
