-- leave: node :id ends on purpose.
DELETE FROM nodes WHERE id = :id;
