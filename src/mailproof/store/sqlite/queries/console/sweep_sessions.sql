-- sweep_sessions: those that are over.
DELETE FROM sessions WHERE created_at <= :created_before OR seen_at <= :seen_before;
