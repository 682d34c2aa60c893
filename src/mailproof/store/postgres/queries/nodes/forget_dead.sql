-- forget_dead: nodes that have said nothing since :before.
DELETE FROM nodes WHERE seen_at < :before;
