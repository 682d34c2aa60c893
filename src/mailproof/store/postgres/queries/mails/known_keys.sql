-- known_keys: who has the :keys (app, endpoint, key).
SELECT i.app, i.endpoint, i.key, i.payload_hash, i.email_ids::text
FROM jsonb_array_elements(:keys::jsonb) AS k
JOIN idempotency AS i
  ON i.app = k.value ->> 0 AND i.endpoint = k.value ->> 1 AND i.key = k.value ->> 2
WHERE i.expires_at > :now::bigint AND NOT i.freed;
