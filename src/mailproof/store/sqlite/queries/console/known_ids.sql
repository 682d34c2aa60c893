-- known_ids: those of :ids that mails have.
SELECT id FROM emails WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY seq;
