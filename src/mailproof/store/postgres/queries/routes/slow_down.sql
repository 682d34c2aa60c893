-- slow_down: no call of :provider before :until.
UPDATE limits SET slow_until = greatest(slow_until, :until::bigint) WHERE provider = :provider;
