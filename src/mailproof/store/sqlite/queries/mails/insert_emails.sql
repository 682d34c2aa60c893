-- insert_emails: the hot, narrow part of accepted mails.
-- many: id, app, key_id, endpoint, idempotency_key, lane_id, pin, state, purpose, critical, due_at, expires_at, created_at, changed_at, encoder, supersede_key, on_hold, wait_until, reason, sender, subject
INSERT INTO emails (
    id, app, key_id, endpoint, idempotency_key, lane_id, pin, state, purpose, critical, due_at,
    expires_at, created_at, changed_at, encoder, supersede_key, on_hold, wait_until, reason, sender,
    subject
)
VALUES :rows;
