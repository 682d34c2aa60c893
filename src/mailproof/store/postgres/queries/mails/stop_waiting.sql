-- stop_waiting: the caller of mail :id does not wait any more.
UPDATE emails SET wait_until = NULL WHERE id = :id::uuid RETURNING id::text, state, reason;
