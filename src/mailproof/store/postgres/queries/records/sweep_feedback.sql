-- sweep_feedback: the minutes before :before.
DELETE FROM feedback WHERE minute < :before::bigint;
