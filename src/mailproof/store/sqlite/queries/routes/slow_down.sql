-- slow_down: no call of :provider before :until.
UPDATE limits SET slow_until = max(slow_until, :until) WHERE provider = :provider;
