-- return_limit: some of the calls that were reserved last are not needed.
UPDATE limits SET free_at_us = max(free_at_us - :unused_us, :now_us) WHERE provider = :provider;
