-- add_volumes: more mail of an app in an hour.
-- many: app, hour, accepted
INSERT INTO volumes (app, hour, accepted)
SELECT added.* FROM unnest(:app::text[], :hour::bigint[], :accepted::bigint[]) AS added
ON CONFLICT (app, hour) DO UPDATE SET accepted = volumes.accepted + excluded.accepted;
