-- sweep_paces: the oldest :most paces before :before (UTC in ms).
DELETE FROM paces
WHERE (hour, purpose, provider, upper_ms) IN (
    SELECT hour, purpose, provider, upper_ms FROM paces WHERE hour < :before / 3600000
    ORDER BY hour, purpose, provider, upper_ms LIMIT :most
);
