-- insert_events: the last thing that a transaction writes.
-- many: at, type, email_id, actor, data
--
-- From here to COMMIT one transaction writes events at a time, so that the order of their ids is the
-- order in which they become visible: whoever has read event 8 need not come back for event 7.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(7025, 1))
INSERT INTO events (at, type, email_id, actor, data)
SELECT told.*
FROM turn
CROSS JOIN unnest(:at::bigint[], :type::text[], :email_id::uuid[], :actor::text[], :data::jsonb[])
    AS told;
