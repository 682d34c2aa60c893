-- 0007: what is usual, so that alerts can tell what is not. Few rows, each of a time of counting.

-- When mail of an app and purpose comes, by the day. Minutes and days since 1970.
CREATE TABLE rhythms (
    app text NOT NULL,
    purpose text NOT NULL,
    day bigint NOT NULL,
    critical boolean NOT NULL,
    accepted bigint NOT NULL,
    first_minute bigint NOT NULL,  -- of the first and the last mail of the day
    last_minute bigint NOT NULL,
    longest_gap bigint NOT NULL,   -- minutes: the longest silence that ended on this day
    PRIMARY KEY (app, purpose, day)
) WITH (fillfactor = 70);

-- How much mail of an app comes, by the hour since 1970.
CREATE TABLE volumes (
    app text NOT NULL,
    hour bigint NOT NULL,
    accepted bigint NOT NULL,
    PRIMARY KEY (app, hour)
) WITH (fillfactor = 70);
CREATE INDEX volumes_hour ON volumes (hour, app, accepted);

-- Up to which minute mail is counted in these two.
CREATE TABLE tallied (
    one integer PRIMARY KEY CHECK (one = 1),
    minute bigint NOT NULL
);

-- What counters stood at, in minutes in which they had risen: a rate is a difference of two.
CREATE TABLE samples (
    name text NOT NULL,
    minute bigint NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (name, minute)
) WITH (fillfactor = 70);
