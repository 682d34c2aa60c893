-- counters: the counters called :names, by their labels.
SELECT name, labels, value FROM totals WHERE name = ANY (:names::text[]);
