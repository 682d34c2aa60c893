-- The position from which the last :count events follow.
SELECT coalesce(min(id), 1) - 1 FROM (SELECT id FROM events ORDER BY id DESC LIMIT :count) AS last
