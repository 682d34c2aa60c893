-- add_rhythms: more mail of an app and purpose on a day.
-- many: app, purpose, day, critical, accepted, first_minute, last_minute, longest_gap
INSERT INTO rhythms (app, purpose, day, critical, accepted, first_minute, last_minute, longest_gap)
SELECT added.*
FROM unnest(:app::text[], :purpose::text[], :day::bigint[], :critical::boolean[],
            :accepted::bigint[], :first_minute::bigint[], :last_minute::bigint[],
            :longest_gap::bigint[]) AS added
ON CONFLICT (app, purpose, day) DO UPDATE
SET critical = rhythms.critical OR excluded.critical,
    accepted = rhythms.accepted + excluded.accepted,
    last_minute = greatest(rhythms.last_minute, excluded.last_minute),
    longest_gap = greatest(rhythms.longest_gap, excluded.longest_gap);
