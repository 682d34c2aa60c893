-- insert_events: the last thing that a transaction writes.
-- many: at, type, email_id, actor, data
INSERT INTO events (at, type, email_id, actor, data) VALUES :rows;
