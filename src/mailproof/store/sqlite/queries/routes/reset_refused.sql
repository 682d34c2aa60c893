-- reset_refused: a mail was accepted in between.
UPDATE routes SET refused = 0, last_refused = NULL
WHERE provider = :provider AND sender = :sender;
