-- insert_lane: of :sender and :pin, open and without a provider until it is settled.
-- One transaction at a time moves routes and lanes: what two of them found out together must add up.
SELECT pg_advisory_xact_lock(7025, 2);
INSERT INTO lanes (sender, pin, state, since)
VALUES (:sender, :pin, 'open', :now)
ON CONFLICT (sender, pin) DO NOTHING;
