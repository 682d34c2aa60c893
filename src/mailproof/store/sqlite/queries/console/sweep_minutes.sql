-- sweep_minutes: the oldest :most minutes before :before (UTC in ms).
DELETE FROM minutes
WHERE (minute, purpose) IN (
    SELECT minute, purpose FROM minutes WHERE minute < :before / 60000
    ORDER BY minute, purpose LIMIT :most
);
