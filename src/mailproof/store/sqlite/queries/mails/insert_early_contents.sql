-- insert_early_contents: large contents that are here before their mail.
-- many: email_id, created_at
INSERT INTO early_contents (email_id, created_at) VALUES :rows
ON CONFLICT (email_id) DO NOTHING;
