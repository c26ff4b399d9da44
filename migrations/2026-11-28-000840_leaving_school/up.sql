-- The references wait for long writers: whoever waits too long gives up and is run again.
SET LOCAL lock_timeout = '5s';
-- 毕业离校: when the graduates of a class year confirm what is registered for them, and the last day on which they and employers may
-- change it. Days in Asia/Shanghai, each of them the last or first that still counts.
CREATE TABLE leaving_periods (
    school_id uuid NOT NULL REFERENCES schools,
    class_year smallint NOT NULL,
    opens_on date NOT NULL,
    closes_on date NOT NULL,
    cut_off_on date NOT NULL,
    -- The first day of the period of which all graduates of the class were told.
    announced_for date,
    PRIMARY KEY (school_id, class_year),
    CONSTRAINT leaving_periods_order CHECK (opens_on <= closes_on)
);

-- One row a graduate and class year, from what he first fills in or his school first does.
CREATE TABLE leaving_confirmations (
    id uuid PRIMARY KEY,
    graduate_id uuid NOT NULL REFERENCES graduates,
    class_year smallint NOT NULL,
    school_id uuid NOT NULL REFERENCES schools,
    -- Follows the graduate.
    department_id uuid NOT NULL REFERENCES departments,
    status text NOT NULL CHECK (status IN ('OPEN', 'CONFIRMED', 'DISPUTED', 'ANSWERED')),
    -- 档案户口: what he has filled in, unchecked; and what he has confirmed.
    draft jsonb NOT NULL DEFAULT '{}',
    archive jsonb,
    -- What he disputes, and what his school has answered.
    reason text,
    answer text,
    -- What he has confirmed last: the case that held him, none where nothing was registered, and the version of it and of his basic
    -- information. Whether the confirmation stands is seen by comparing, and not written when something changes.
    confirmed_at timestamptz,
    confirmed_case_id uuid,
    confirmed_case_version integer,
    confirmed_data_version integer,
    -- 转递编号, the same on all his sheets.
    transfer_number text UNIQUE,
    -- The last days on which he and employers may change something after the cut-off, and on which third parties may see his sheet.
    reopened_until date,
    authorised_until date,
    version integer NOT NULL DEFAULT 1,
    event_count integer NOT NULL DEFAULT 0,
    event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32),
    updated_at timestamptz NOT NULL,
    UNIQUE (graduate_id, class_year),
    CONSTRAINT leaving_confirmations_confirmed CHECK (
        (confirmed_at IS NULL) = (archive IS NULL) AND (confirmed_at IS NULL) = (transfer_number IS NULL)
        AND (confirmed_at IS NULL) = (confirmed_data_version IS NULL)
        AND (status <> 'CONFIRMED' OR confirmed_at IS NOT NULL)),
    CONSTRAINT leaving_confirmations_case CHECK (
        (confirmed_case_id IS NULL) = (confirmed_case_version IS NULL)
        AND (confirmed_case_id IS NULL OR confirmed_at IS NOT NULL)),
    CONSTRAINT leaving_confirmations_disputed CHECK (status NOT IN ('DISPUTED', 'ANSWERED') OR reason IS NOT NULL),
    CONSTRAINT leaving_confirmations_answered CHECK (status <> 'ANSWERED' OR answer IS NOT NULL),
    CONSTRAINT leaving_confirmations_authorised CHECK (authorised_until IS NULL OR confirmed_at IS NOT NULL)
);
CREATE INDEX leaving_confirmations_department ON leaving_confirmations (department_id, id DESC);
CREATE INDEX leaving_confirmations_school ON leaving_confirmations (school_id, id DESC);
-- Few are disputed among many.
CREATE INDEX leaving_confirmations_department_disputed ON leaving_confirmations (department_id, id DESC)
    WHERE status = 'DISPUTED';
CREATE INDEX leaving_confirmations_school_disputed ON leaving_confirmations (school_id, id DESC) WHERE status = 'DISPUTED';

-- 毕业去向登记信息表: the paper of a confirmation. Its whole content is kept, so that the PDF can be made again.
CREATE TABLE destination_sheets (
    id uuid PRIMARY KEY,
    confirmation_id uuid NOT NULL REFERENCES leaving_confirmations,
    version integer NOT NULL,
    paper jsonb NOT NULL,
    -- 核验编号
    verification_number text NOT NULL UNIQUE,
    object_key text UNIQUE,
    sha256 bytea CHECK (length(sha256) = 32),
    byte_size integer,
    ready_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (confirmation_id, version),
    CONSTRAINT destination_sheets_stored CHECK (num_nulls(object_key, sha256, byte_size, ready_at) IN (0, 4))
);
-- Sheets that are owed, for stuck work.
CREATE INDEX destination_sheets_unready ON destination_sheets (created_at, id) WHERE ready_at IS NULL;
