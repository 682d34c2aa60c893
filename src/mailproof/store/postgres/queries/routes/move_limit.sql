-- move_limit: the next call of :provider after those that were reserved now.
UPDATE limits SET free_at_us = :free_at_us WHERE provider = :provider;
