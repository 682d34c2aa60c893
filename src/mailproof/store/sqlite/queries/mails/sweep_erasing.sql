-- sweep_erasing: up to :most mails whose content is to be erased by now.
UPDATE emails
SET erase_at = NULL
WHERE seq IN (SELECT seq FROM emails WHERE erase_at <= :now ORDER BY erase_at LIMIT :most)
RETURNING id;
