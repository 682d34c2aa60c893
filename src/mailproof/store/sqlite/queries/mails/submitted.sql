-- submitted: how the mails with :ids stand now.
SELECT id, state, reason FROM emails WHERE id IN (SELECT value FROM json_each(:ids));
