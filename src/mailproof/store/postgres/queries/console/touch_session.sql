-- touch_session: it was used just now.
UPDATE sessions SET seen_at = :now WHERE hash = :hash AND seen_at < :now;
