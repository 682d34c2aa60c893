-- origins: the web pages that may use the good keys of :app.
SELECT DISTINCT origin FROM api_keys
WHERE name = :app AND origin <> '' AND revoked_at IS NULL;
