-- 0009: who may look at the console, and who is signed in.

CREATE TABLE people (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'admin')),
    password TEXT NOT NULL,         -- scrypt, with its cost and its salt
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL     -- of the password
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,          -- SHA-256 of the token, which is 256 random bits
    person TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL        -- to half a minute
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (person);
