-- drop_alert_messages: those of the alerts with :ids.
DELETE FROM alert_messages WHERE alert_id = ANY (:ids::bigint[]);
