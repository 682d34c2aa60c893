-- return_limit: some of the calls that were reserved last are not needed.
UPDATE limits SET free_at_us = greatest(free_at_us - :unused_us::bigint, :now_us::bigint) WHERE provider = :provider;
