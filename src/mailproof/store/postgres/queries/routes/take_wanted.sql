-- take_wanted: one mail of :sender and :pin may try a closed route that has waited for one since
-- :before; the next may after :next_at.
UPDATE routes SET next_probe_at = :next_at::bigint
WHERE (provider, sender) = (
    SELECT provider, sender FROM routes
    WHERE state = 'closed' AND sender IN ('*', :sender) AND (:pin::text = '' OR provider = :pin::text)
      AND next_probe_at <= :before::bigint AND paused_at IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM routes AS whole
          WHERE whole.provider = routes.provider AND whole.sender = '*'
            AND whole.paused_at IS NOT NULL)
    ORDER BY next_probe_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
);
