-- The reference to graduates waits for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 去向落实 how each graduate stands in the figures: the place in which he is counted, and the destination that he is counted with. A row
-- of its own for each, so that steps on different graduates never wait for each other, and steps on the same one count him once.
CREATE TABLE placements (
    graduate_id uuid PRIMARY KEY REFERENCES graduates ON DELETE CASCADE,
    -- These follow the graduate's own row.
    school_id uuid NOT NULL,
    class_year smallint NOT NULL,
    department_id uuid NOT NULL,
    degree_level text NOT NULL,
    major text NOT NULL,
    -- The national code of what is signed or registered; '' for whoever has neither.
    destination_code text NOT NULL DEFAULT '',
    -- Of the employer at which that places him, where it has one.
    credit_code text
);
-- How many of a class are placed at one employer.
CREATE INDEX placements_employer ON placements (school_id, class_year, credit_code) WHERE credit_code IS NOT NULL;

-- Graduates by place and destination, as far as changes are folded in. No step writes here.
CREATE TABLE figure_counts (
    school_id uuid NOT NULL,
    class_year smallint NOT NULL,
    department_id uuid NOT NULL,
    degree_level text NOT NULL,
    major text NOT NULL,
    destination_code text NOT NULL,
    graduates integer NOT NULL,
    PRIMARY KEY (school_id, class_year, department_id, degree_level, major, destination_code)
);
-- Changes that are not folded in yet: appended by each transaction that changes a placement, so that none waits for another. A figure
-- is the sum of both tables.
CREATE TABLE figure_deltas (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    school_id uuid NOT NULL,
    class_year smallint NOT NULL,
    department_id uuid NOT NULL,
    degree_level text NOT NULL,
    major text NOT NULL,
    destination_code text NOT NULL,
    graduates integer NOT NULL CHECK (graduates <> 0)
);
CREATE INDEX figure_deltas_school ON figure_deltas (school_id, class_year);

-- The figures as they were on a day of Asia/Shanghai.
CREATE TABLE figure_snapshots (
    school_id uuid NOT NULL,
    day date NOT NULL,
    class_year smallint NOT NULL,
    department_id uuid NOT NULL,
    destination_code text NOT NULL,
    graduates integer NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (school_id, day, class_year, department_id, destination_code)
);

-- Whatever changes a placement, by whatever way, changes the figures by as much, in the same transaction.
CREATE FUNCTION count_placements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO figure_deltas (school_id, class_year, department_id, degree_level, major, destination_code, graduates)
        SELECT school_id, class_year, department_id, degree_level, major, destination_code, count(*)
        FROM after GROUP BY school_id, class_year, department_id, degree_level, major, destination_code;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO figure_deltas (school_id, class_year, department_id, degree_level, major, destination_code, graduates)
        SELECT school_id, class_year, department_id, degree_level, major, destination_code, -count(*)
        FROM before GROUP BY school_id, class_year, department_id, degree_level, major, destination_code;
    ELSE
        INSERT INTO figure_deltas (school_id, class_year, department_id, degree_level, major, destination_code, graduates)
        SELECT school_id, class_year, department_id, degree_level, major, destination_code, sum(change)
        FROM (SELECT *, 1 AS change FROM after UNION ALL SELECT *, -1 FROM before) AS moved
        GROUP BY school_id, class_year, department_id, degree_level, major, destination_code
        HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER placements_entered AFTER INSERT ON placements REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_placements();
CREATE TRIGGER placements_changed AFTER UPDATE ON placements REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_placements();
CREATE TRIGGER placements_left AFTER DELETE ON placements REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION count_placements();
