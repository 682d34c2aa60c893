-- insert_attempts: each with its evidence.
-- many: email_id, lease_no, provider, key, node, started_at, ended_at, outcome, reason, provider_message_id, body_hash, failure
INSERT INTO attempts (
    email_id, lease_no, provider, key, node, started_at, ended_at, outcome, reason,
    provider_message_id, body_hash, failure
)
VALUES :rows;
