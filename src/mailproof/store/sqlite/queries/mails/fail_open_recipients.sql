-- fail_open_recipients: of the mails of :rows (id, reason), which others have, whoever is left.
UPDATE recipients
SET state = 'failed', reason = o.reason
FROM (SELECT value ->> 0 AS email_id, value ->> 1 AS reason FROM json_each(:rows)) AS o
WHERE recipients.email_id = o.email_id AND recipients.state = 'open';
