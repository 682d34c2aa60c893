-- submitted: how the mails with :ids stand now.
SELECT id::text, state, reason FROM emails WHERE id = ANY (:ids::uuid[]);
