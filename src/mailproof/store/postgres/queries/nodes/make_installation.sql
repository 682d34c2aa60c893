-- make_installation: once in a database's life.
INSERT INTO installation (one, id, secret, created_at) VALUES (1, :id, :secret, :now)
ON CONFLICT (one) DO NOTHING;
