-- add_totals: each counter once.
-- many: name, labels, value
INSERT INTO totals (name, labels, value) VALUES :rows
ON CONFLICT (name, labels) DO UPDATE SET value = totals.value + excluded.value;
