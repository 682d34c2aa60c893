-- insert_contents: what is sent. A large one may be here since before its mail.
-- many: email_id, payload, created_at
INSERT INTO contents (email_id, payload, created_at) VALUES :rows
ON CONFLICT (email_id) DO NOTHING;
