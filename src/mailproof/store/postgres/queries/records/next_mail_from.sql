-- next_mail_from: the first mail whose id is :first or higher. Ids rise with the time.
SELECT id::text FROM emails WHERE id >= :first::uuid ORDER BY id LIMIT 1;
