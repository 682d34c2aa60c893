-- The first mail at or after a place in the order of arrival, and when it was accepted.
SELECT seq, created_at FROM emails WHERE seq >= :seq ORDER BY seq LIMIT 1
