-- insert_attempts: each with its evidence.
-- many: email_id, lease_no, provider, key, node, started_at, ended_at, outcome, reason, provider_message_id, body_hash, failure
INSERT INTO attempts (
    email_id, lease_no, provider, key, node, started_at, ended_at, outcome, reason,
    provider_message_id, body_hash, failure
)
SELECT * FROM unnest(
    :email_id::uuid[], :lease_no::integer[], :provider::text[], :key::text[], :node::text[],
    :started_at::bigint[], :ended_at::bigint[], :outcome::text[], :reason::text[],
    :provider_message_id::text[], :body_hash::bytea[], :failure::jsonb[]
);
