-- sweep_samples: what is too old to say what is usual.
DELETE FROM samples WHERE minute < :before;
