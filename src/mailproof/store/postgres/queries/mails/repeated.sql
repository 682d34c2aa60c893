-- repeated: which of the mails with :ids their app has sent again under the same key, and as which.
-- A key that had run out before (:key_life) stands for another request.
SELECT e.id::text, i.email_ids ->> 0
FROM emails AS e
JOIN idempotency AS i
  ON i.app = e.app AND i.endpoint = e.endpoint AND i.key = e.idempotency_key
WHERE e.id = ANY (:ids::uuid[])
  AND i.email_ids ->> 0 <> e.id::text
  AND i.expires_at < e.created_at + 2 * :key_life::bigint;
