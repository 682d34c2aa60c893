-- begin_release_anew: all that release through :provider start again with one mail.
UPDATE lanes
SET release_began_at = :now, released = 0
WHERE state = 'releasing' AND provider = :provider;
