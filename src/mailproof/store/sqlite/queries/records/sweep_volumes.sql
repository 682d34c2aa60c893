-- sweep_volumes: what is too old to say what is usual.
DELETE FROM volumes WHERE hour < :before;
