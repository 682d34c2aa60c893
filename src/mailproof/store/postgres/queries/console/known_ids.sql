-- known_ids: those of :ids that mails have.
SELECT id::text FROM emails WHERE id = ANY (:ids::uuid[]) ORDER BY seq;
