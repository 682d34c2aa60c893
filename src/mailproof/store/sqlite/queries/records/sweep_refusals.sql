-- sweep_refusals: up to :most refusals from before :before.
DELETE FROM refusals
WHERE (minute, kind, app, key_fingerprint, path, name) IN (
    SELECT minute, kind, app, key_fingerprint, path, name FROM refusals
    WHERE minute < :before / 60000
    ORDER BY minute
    LIMIT :most
);
