-- insert_session: somebody has signed in; no row when the session is there already.
INSERT INTO sessions (hash, person, created_at, seen_at)
VALUES (:hash, :person, :now, :now)
ON CONFLICT DO NOTHING;
