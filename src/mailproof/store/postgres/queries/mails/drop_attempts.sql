-- drop_attempts: those of the mails with :ids.
DELETE FROM attempts WHERE email_id = ANY (:ids::uuid[]);
