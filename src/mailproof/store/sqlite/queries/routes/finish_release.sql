-- finish_release: no mail of lane :id is held any more.
UPDATE lanes
SET state = 'open', since = :now, release_began_at = NULL, released = 0
WHERE id = :id AND state = 'releasing'
  AND NOT EXISTS (SELECT 1 FROM emails WHERE state = 'held' AND lane_id = :id);
