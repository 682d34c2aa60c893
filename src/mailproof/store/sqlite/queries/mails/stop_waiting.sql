-- stop_waiting: the caller of mail :id does not wait any more.
UPDATE emails SET wait_until = NULL WHERE id = :id RETURNING id, state, reason;
