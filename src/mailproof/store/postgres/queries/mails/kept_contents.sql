-- kept_contents: of which of the mails with :ids the content is kept. Asked when they are locked: who
-- erases contents locks their mails as well.
SELECT email_id::text FROM contents WHERE email_id = ANY (:ids::uuid[]);
