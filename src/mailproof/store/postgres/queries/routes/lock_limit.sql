-- lock_limit: that of :provider, until this transaction ends.
SELECT free_at_us, slow_until FROM limits WHERE provider = :provider FOR UPDATE;
