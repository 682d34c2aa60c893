-- drop_early_contents: the mails with :ids have come, so their contents are orphans no more.
DELETE FROM early_contents WHERE email_id = ANY (:ids::uuid[]);
