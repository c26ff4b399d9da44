-- Who writes graduates waits until all are counted, so that none is missed and none counted twice; who reads them does not.
SET LOCAL lock_timeout = '5s';
-- A graduate is counted where his row says, from when it is there, whoever writes it.
CREATE FUNCTION enter_placements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO placements (graduate_id, school_id, class_year, department_id, degree_level, major)
    SELECT id, school_id, class_year, department_id, degree_level, major FROM entered;
    RETURN NULL;
END
$$;
CREATE TRIGGER graduates_entered AFTER INSERT ON graduates REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION enter_placements();
CREATE FUNCTION move_placement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE placements SET school_id = NEW.school_id, class_year = NEW.class_year, department_id = NEW.department_id,
        degree_level = NEW.degree_level, major = NEW.major
    WHERE graduate_id = NEW.id;
    RETURN NULL;
END
$$;
-- For each row that moves, which are few: most updates only write the end of a trail.
CREATE TRIGGER graduates_moved AFTER UPDATE ON graduates FOR EACH ROW
    WHEN ((OLD.school_id, OLD.class_year, OLD.department_id, OLD.degree_level, OLD.major)
        IS DISTINCT FROM (NEW.school_id, NEW.class_year, NEW.department_id, NEW.degree_level, NEW.major))
    EXECUTE FUNCTION move_placement();

-- Those who are there, as they stand: counted like everybody else, by the trigger of the placements.
INSERT INTO placements (graduate_id, school_id, class_year, department_id, degree_level, major, destination_code, credit_code)
SELECT graduates.id, graduates.school_id, graduates.class_year, graduates.department_id, graduates.degree_level, graduates.major,
    CASE WHEN agreements.id IS NOT NULL THEN '10' ELSE coalesce(destinations.form ->> 'national_code', '') END,
    coalesce(agreements.terms ->> 'credit_code', destinations.form -> 'details' -> 'employer' ->> 'credit_code')
FROM graduates
LEFT JOIN engagements ON engagements.graduate_id = graduates.id
LEFT JOIN agreements ON engagements.case_kind = 'AGREEMENT' AND agreements.id = engagements.case_id
    AND agreements.status = 'SIGNED'
LEFT JOIN destinations ON engagements.case_kind = 'DESTINATION' AND destinations.id = engagements.case_id
    AND destinations.status IN ('REGISTERED', 'VOIDING_REVIEW');
