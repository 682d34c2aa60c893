-- begin_release_anew: all that release through :provider start again with one mail.
UPDATE lanes
SET release_began_at = :now, released = 0
WHERE id = ANY (ARRAY(
    SELECT id FROM lanes WHERE state = 'releasing' AND provider = :provider ORDER BY id FOR UPDATE
));
