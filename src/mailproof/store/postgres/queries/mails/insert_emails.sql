-- insert_emails: the hot, narrow part of accepted mails.
-- many: id, app, key_id, endpoint, idempotency_key, lane_id, pin, state, purpose, critical, due_at, expires_at, created_at, changed_at, encoder, supersede_key, on_hold, wait_until, reason, sender, subject
INSERT INTO emails (
    id, app, key_id, endpoint, idempotency_key, lane_id, pin, state, purpose, critical, due_at,
    expires_at, created_at, changed_at, encoder, supersede_key, on_hold, wait_until, reason, sender,
    subject
)
SELECT * FROM unnest(
    :id::uuid[], :app::text[], :key_id::text[], :endpoint::text[], :idempotency_key::text[],
    :lane_id::bigint[], :pin::text[], :state::text[], :purpose::text[], :critical::boolean[],
    :due_at::bigint[], :expires_at::bigint[], :created_at::bigint[], :changed_at::bigint[],
    :encoder::integer[], :supersede_key::bytea[], :on_hold::text[], :wait_until::bigint[],
    :reason::text[], :sender::text[], :subject::text[]
);
