-- status: how the newest mail for the address behind :mac stands, or :mail of :app, with when the
-- newest mail of its purpose for its address was accepted; and whether mail
-- of this :app and :purpose is stopped, which is true of everybody who asks for it. One row, whatever
-- is found. Where there is no such mail to go by, the closed lane of any sender counts.
WITH recent AS (
    SELECT lane_id
    FROM (SELECT lane_id, purpose FROM emails WHERE app = :app ORDER BY seq DESC LIMIT 1000) AS m
    WHERE m.purpose = :purpose
    LIMIT 20
)
SELECT e.id::text, e.state, e.own_state, e.reason, e.own_reason, e.changed_at, e.due_at,
       e.purpose, e.created_at, e.expires_at, e.address, coalesce(e.newest_at, e.created_at),
       EXISTS (
           SELECT 1
           FROM lanes AS l
           WHERE l.state = 'closed'
             AND (l.id IN (SELECT lane_id FROM recent) OR NOT EXISTS (SELECT 1 FROM recent))
       )
FROM (SELECT 1) AS one
LEFT JOIN (
    (
        SELECT m.id, m.state, r.state AS own_state, m.reason, r.reason AS own_reason, m.changed_at,
               m.due_at, m.purpose, m.created_at, m.expires_at, r.address, NULL::bigint AS newest_at
        FROM recipients AS r
        JOIN emails AS m ON m.id = r.email_id
        WHERE :mail::uuid IS NULL AND r.status_hash = :mac
          AND m.created_at BETWEEN :since::bigint AND :until::bigint
        ORDER BY m.seq DESC
        LIMIT 1
    )
    UNION ALL
    SELECT m.id, m.state, NULL, m.reason, NULL, m.changed_at, m.due_at, m.purpose, m.created_at,
           m.expires_at, r.address,
           (
               SELECT max(n.created_at)
               FROM recipients AS other
               JOIN emails AS n ON n.id = other.email_id
               WHERE other.status_hash = r.status_hash
           )
    FROM emails AS m
    LEFT JOIN recipients AS r
        ON r.email_id = m.id AND r.pos = 0
        AND NOT EXISTS (SELECT 1 FROM recipients AS more WHERE more.email_id = m.id AND more.pos = 1)
    WHERE m.id = :mail::uuid AND m.app = :app
) AS e ON true;
