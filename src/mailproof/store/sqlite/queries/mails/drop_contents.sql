-- drop_contents: those of the mails with :ids.
DELETE FROM contents WHERE email_id IN (SELECT value FROM json_each(:ids));
