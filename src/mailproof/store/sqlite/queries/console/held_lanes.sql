-- held_lanes: in how many lanes mail is held, at most :most.
SELECT count(*) FROM (
    SELECT 1 FROM lanes AS l
    WHERE EXISTS (SELECT 1 FROM emails INDEXED BY emails_held WHERE state = 'held' AND lane_id = l.id)
    LIMIT :most
) AS few;
