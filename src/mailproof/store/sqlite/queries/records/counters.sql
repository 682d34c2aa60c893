-- counters: the counters called :names, by their labels.
SELECT name, labels, value FROM totals WHERE name IN (SELECT value FROM json_each(:names));
