-- refusals_of_minute: what is counted already in minute :minute.
SELECT kind, app, key_fingerprint, path, name FROM refusals WHERE minute = :minute::bigint;
