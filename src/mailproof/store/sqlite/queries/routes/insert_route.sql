-- insert_route: of :provider and :sender, open, unless it is there.
INSERT INTO routes (provider, sender, state, since)
VALUES (:provider, :sender, 'open', :now)
ON CONFLICT (provider, sender) DO NOTHING;
