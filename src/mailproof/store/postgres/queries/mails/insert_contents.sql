-- insert_contents: what is sent. A large one may be here since before its mail.
-- many: email_id, payload, created_at
INSERT INTO contents (email_id, payload, created_at)
SELECT * FROM unnest(:email_id::uuid[], :payload::bytea[], :created_at::bigint[])
ON CONFLICT (email_id) DO NOTHING;
