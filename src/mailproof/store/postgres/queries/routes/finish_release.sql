-- finish_release: no mail of lane :id is held any more.
--
-- Another transaction may have read that the lane is closed, and be about to commit a mail held in
-- it, which nobody would release. So a release is finished only while nobody else writes: every
-- writing transaction shares this lock. Who does not get it at once tries again with the next claim.
SELECT set_config('mailproof.alone', pg_try_advisory_xact_lock(7025, 3)::text, true);
UPDATE lanes
SET state = 'open', since = :now, release_began_at = NULL, released = 0
WHERE id = :id AND state = 'releasing' AND current_setting('mailproof.alone')::boolean
  AND (
      -- Asked for in the order of emails_held: EXISTS would be looked for along the table.
      SELECT seq FROM emails WHERE state = 'held' AND lane_id = :id
      ORDER BY critical DESC, expires_at, seq LIMIT 1
  ) IS NULL;
