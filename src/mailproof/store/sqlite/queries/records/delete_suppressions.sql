-- Nothing speaks against an address any more.
DELETE FROM suppressions WHERE lookup = :lookup RETURNING cause
