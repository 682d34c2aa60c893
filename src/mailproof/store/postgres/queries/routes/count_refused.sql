-- count_refused: one more mail in a row was ended for a reason of its own; the same one counts once.
UPDATE routes SET refused = refused + 1, last_refused = :email_id
WHERE provider = :provider AND sender = :sender
  AND (last_refused IS NULL OR last_refused <> :email_id);
