-- note_refusal: count it; of client, recipient, purpose and message the last one stays.
INSERT INTO refusals (minute, kind, app, key_fingerprint, path, name, status, count,
                      first_at, last_at, client, recipient, purpose, message)
VALUES (:minute, :kind, :app, :key_fingerprint, :path, :name, :status, :count, :first_at,
        :last_at, :client, :recipient, :purpose, :message)
ON CONFLICT (minute, kind, app, key_fingerprint, path, name) DO UPDATE
SET status = excluded.status, count = refusals.count + excluded.count,
    last_at = excluded.last_at, client = excluded.client, recipient = excluded.recipient,
    purpose = excluded.purpose, message = excluded.message;
