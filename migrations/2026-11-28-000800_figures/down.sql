SET LOCAL lock_timeout = '5s';
DROP TABLE placements;
DROP FUNCTION count_placements();
DROP TABLE figure_snapshots;
DROP TABLE figure_deltas;
DROP TABLE figure_counts;
