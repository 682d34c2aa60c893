-- add_rhythms: more mail of an app and purpose on a day.
-- many: app, purpose, day, critical, accepted, first_minute, last_minute, longest_gap
INSERT INTO rhythms (app, purpose, day, critical, accepted, first_minute, last_minute, longest_gap)
VALUES :rows
ON CONFLICT (app, purpose, day) DO UPDATE
SET critical = max(rhythms.critical, excluded.critical),
    accepted = rhythms.accepted + excluded.accepted,
    last_minute = max(rhythms.last_minute, excluded.last_minute),
    longest_gap = max(rhythms.longest_gap, excluded.longest_gap);
