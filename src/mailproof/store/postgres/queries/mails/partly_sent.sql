-- partly_sent: which of the mails with :ids somebody has already.
SELECT DISTINCT email_id::text FROM recipients
WHERE email_id = ANY (:ids::uuid[]) AND state = 'sent';
