-- revoke_key: it opens nothing any more; no row when that is so already.
UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL;
