-- drop_recipients: those of the mails with :ids.
DELETE FROM recipients WHERE email_id IN (SELECT value FROM json_each(:ids));
