-- 0009: who may look at the console, and who is signed in.

CREATE TABLE people (
    name text PRIMARY KEY,
    role text NOT NULL CHECK (role IN ('viewer', 'admin')),
    password text NOT NULL,         -- scrypt, with its cost and its salt
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL      -- of the password
);

CREATE TABLE sessions (
    hash bytea PRIMARY KEY,         -- SHA-256 of the token, which is 256 random bits
    person text NOT NULL,
    created_at bigint NOT NULL,
    seen_at bigint NOT NULL         -- to half a minute
);
CREATE INDEX sessions_person ON sessions (person);
