-- sweep_rhythms: what is too old to say what is usual.
DELETE FROM rhythms WHERE day < :before::bigint;
