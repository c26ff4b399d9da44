SET LOCAL lock_timeout = '5s';
-- What a reviewer or a school changed in what somebody else had filled in, field by field, old and new. Beside the trail and not in
-- it: these are also numbers and addresses of people, and events outlive corrections. The event has the names of the fields and
-- the hash of this.
CREATE TABLE field_changes (
    case_id uuid NOT NULL,
    -- The number of the case's event.
    sequence integer NOT NULL CHECK (sequence > 0),
    changes jsonb NOT NULL,
    PRIMARY KEY (case_id, sequence)
);
