-- partly_sent: which of the mails with :ids somebody has already.
SELECT DISTINCT email_id FROM recipients
WHERE email_id IN (SELECT value FROM json_each(:ids)) AND state = 'sent';
