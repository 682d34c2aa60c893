-- next_mail_from: the first mail whose id is :first or higher. Ids rise with the time.
SELECT id FROM emails WHERE id >= :first ORDER BY id LIMIT 1;
