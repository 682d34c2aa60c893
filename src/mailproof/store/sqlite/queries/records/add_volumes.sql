-- add_volumes: more mail of an app in an hour.
-- many: app, hour, accepted
INSERT INTO volumes (app, hour, accepted) VALUES :rows
ON CONFLICT (app, hour) DO UPDATE SET accepted = volumes.accepted + excluded.accepted;
