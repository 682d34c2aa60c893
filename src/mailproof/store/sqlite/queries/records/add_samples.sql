-- add_samples: what counters stand at in a minute.
-- many: name, minute, value
INSERT INTO samples (name, minute, value) VALUES :rows
ON CONFLICT (name, minute) DO UPDATE SET value = excluded.value;
