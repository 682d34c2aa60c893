-- kept_contents: of which of the mails with :ids the content is kept.
SELECT email_id FROM contents WHERE email_id IN (SELECT value FROM json_each(:ids));
