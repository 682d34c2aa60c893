-- move_tallied: mail is counted up to minute :until. Of two who counted from :start, one moves it.
INSERT INTO tallied (one, minute) VALUES (1, :until::bigint)
ON CONFLICT (one) DO UPDATE SET minute = excluded.minute WHERE tallied.minute = :start::bigint;
