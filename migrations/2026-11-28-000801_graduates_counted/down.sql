SET LOCAL lock_timeout = '5s';
DROP TRIGGER graduates_moved ON graduates;
DROP TRIGGER graduates_entered ON graduates;
DROP FUNCTION move_placement();
DROP FUNCTION enter_placements();
DELETE FROM placements;
