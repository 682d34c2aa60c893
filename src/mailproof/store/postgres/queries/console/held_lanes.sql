-- held_lanes: in how many lanes mail is held, at most :most.
SELECT count(*) FROM (
    SELECT 1 FROM lanes AS l
    WHERE (SELECT e.seq FROM emails AS e WHERE e.state = 'held' AND e.lane_id = l.id
           ORDER BY e.critical DESC, e.expires_at, e.seq LIMIT 1) IS NOT NULL
    LIMIT :most::bigint
) AS few;
