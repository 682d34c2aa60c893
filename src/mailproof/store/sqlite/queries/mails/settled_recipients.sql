-- settled_recipients: who shall not get the mails with :ids (any more).
SELECT email_id, address FROM recipients
WHERE email_id IN (SELECT value FROM json_each(:ids)) AND state <> 'open';
