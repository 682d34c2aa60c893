-- promise: somebody has the mails with :ids already, so they cannot be refused to their caller.
UPDATE emails SET wait_until = NULL WHERE id = ANY (:ids::uuid[]);
