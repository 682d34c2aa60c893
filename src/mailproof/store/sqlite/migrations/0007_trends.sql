-- 0007: what is usual, so that alerts can tell what is not. Few rows, each of a time of counting.

-- When mail of an app and purpose comes, by the day. Minutes and days since 1970.
CREATE TABLE rhythms (
    app TEXT NOT NULL,
    purpose TEXT NOT NULL,
    day INTEGER NOT NULL,
    critical INTEGER NOT NULL CHECK (critical IN (0, 1)),
    accepted INTEGER NOT NULL,
    first_minute INTEGER NOT NULL,  -- of the first and the last mail of the day
    last_minute INTEGER NOT NULL,
    longest_gap INTEGER NOT NULL,   -- minutes: the longest silence that ended on this day
    PRIMARY KEY (app, purpose, day)
) STRICT, WITHOUT ROWID;

-- How much mail of an app comes, by the hour since 1970.
CREATE TABLE volumes (
    app TEXT NOT NULL,
    hour INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    PRIMARY KEY (app, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX volumes_hour ON volumes (hour, app, accepted);

-- Up to which minute mail is counted in these two.
CREATE TABLE tallied (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    minute INTEGER NOT NULL
) STRICT;

-- What counters stood at, in minutes in which they had risen: a rate is a difference of two.
CREATE TABLE samples (
    name TEXT NOT NULL,
    minute INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name, minute)
) STRICT, WITHOUT ROWID;
