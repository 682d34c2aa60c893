-- count_lanes: how many there are.
SELECT count(*) FROM lanes;
