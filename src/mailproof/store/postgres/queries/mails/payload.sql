-- What a mail says, while its content is kept.
SELECT c.payload
FROM emails e
JOIN contents c ON c.email_id = e.id
WHERE e.id = :id::uuid AND (:app::text IS NULL OR e.app = :app)
