-- insert_lane: of :sender and :pin, open and without a provider until it is settled.
INSERT INTO lanes (sender, pin, state, since)
VALUES (:sender, :pin, 'open', :now)
ON CONFLICT (sender, pin) DO NOTHING;
