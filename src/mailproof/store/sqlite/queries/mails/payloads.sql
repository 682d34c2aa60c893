-- payloads: what the mails with :ids hold.
SELECT email_id, payload FROM contents WHERE email_id IN (SELECT value FROM json_each(:ids));
