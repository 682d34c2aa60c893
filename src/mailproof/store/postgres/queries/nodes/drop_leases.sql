-- drop_leases: the duties of :holder are free.
DELETE FROM leases WHERE holder = :holder;
