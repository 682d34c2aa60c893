-- settled_recipients: who shall not get the mails with :ids (any more).
SELECT email_id::text, address FROM recipients
WHERE email_id = ANY (:ids::uuid[]) AND state <> 'open';
