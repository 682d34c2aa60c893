-- 0008: what a mail said is kept no longer than it is needed.

-- When to erase what a critical mail said that has ended; NULL: not by this, or it is erased.
ALTER TABLE emails ADD COLUMN erase_at INTEGER;
CREATE INDEX emails_erasing ON emails (erase_at) WHERE erase_at IS NOT NULL;

-- Contents that came before their mail, until it comes: so an orphan is found among few.
CREATE TABLE early_contents (
    email_id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX early_contents_created ON early_contents (created_at);

INSERT INTO early_contents (email_id, created_at)
SELECT email_id, created_at FROM contents
WHERE NOT EXISTS (SELECT 1 FROM emails WHERE emails.id = contents.email_id);
