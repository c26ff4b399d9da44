-- People, organisations, the online agreement, and what every step of a case writes.
-- Closed lists of values are text with a CHECK: a value is added by a new CHECK that the old release tolerates.

-- Who reviews -------------------------------------------------------------------------------------------------------

CREATE TABLE schools (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[0-9]{5}$'),
    name text NOT NULL,
    contact_phone text,
    address text,
    default_review_route text NOT NULL
        CHECK (default_review_route IN ('DEPARTMENT_ONLY', 'SCHOOL_ONLY', 'DEPARTMENT_THEN_SCHOOL')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE school_review_routes (
    school_id uuid NOT NULL REFERENCES schools,
    workflow text NOT NULL CHECK (workflow IN ('ONLINE_SIGNING')),
    review_route text NOT NULL CHECK (review_route IN ('DEPARTMENT_ONLY', 'SCHOOL_ONLY', 'DEPARTMENT_THEN_SCHOOL')),
    PRIMARY KEY (school_id, workflow)
);

CREATE TABLE departments (
    id uuid PRIMARY KEY,
    school_id uuid NOT NULL REFERENCES schools,
    code text NOT NULL,
    name text NOT NULL,
    UNIQUE (school_id, code),
    UNIQUE (school_id, id)
);

-- Accounts and sessions ---------------------------------------------------------------------------------------------

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('GRADUATE', 'EMPLOYER_MEMBER', 'REVIEWER', 'OPERATOR')),
    mobile text UNIQUE,
    email text UNIQUE CHECK (email = lower(email)),
    wechat_open_id text UNIQUE,
    password_hash text NOT NULL,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_agent text,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX sessions_account ON sessions (account_id, id DESC) WHERE ended_at IS NULL;

-- The roles ---------------------------------------------------------------------------------------------------------

CREATE TABLE graduates (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL UNIQUE REFERENCES accounts,
    school_id uuid NOT NULL REFERENCES schools,
    department_id uuid NOT NULL,
    class_year smallint NOT NULL CHECK (class_year BETWEEN 2000 AND 2100),
    student_number text NOT NULL,
    name text NOT NULL,
    gender text NOT NULL CHECK (gender IN ('MALE', 'FEMALE')),
    id_card_number text NOT NULL UNIQUE,
    degree_level text NOT NULL,
    major text NOT NULL,
    training_mode text NOT NULL,
    origin_region text NOT NULL,
    online_signing_allowed boolean NOT NULL,
    confirmed_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (school_id, department_id) REFERENCES departments (school_id, id),
    UNIQUE (school_id, student_number)
);
CREATE INDEX graduates_department ON graduates (department_id, id);
CREATE INDEX graduates_school ON graduates (school_id, id);
CREATE INDEX graduates_student_number ON graduates (student_number);

CREATE TABLE employers (
    id uuid PRIMARY KEY,
    credit_code text NOT NULL UNIQUE,
    name text NOT NULL,
    nature text NOT NULL,
    industry text NOT NULL,
    region text NOT NULL,
    address text NOT NULL,
    verification text NOT NULL DEFAULT 'PENDING' CHECK (verification IN ('PENDING', 'VERIFIED', 'REFUSED')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE employer_members (
    account_id uuid PRIMARY KEY REFERENCES accounts,
    employer_id uuid NOT NULL REFERENCES employers,
    name text NOT NULL
);
CREATE INDEX employer_members_employer ON employer_members (employer_id);

-- A reviewer belongs to a school, or to one department of it.
CREATE TABLE reviewers (
    account_id uuid PRIMARY KEY REFERENCES accounts,
    school_id uuid NOT NULL REFERENCES schools,
    department_id uuid,
    name text NOT NULL,
    FOREIGN KEY (school_id, department_id) REFERENCES departments (school_id, id)
);

CREATE TABLE operators (
    account_id uuid PRIMARY KEY REFERENCES accounts,
    name text NOT NULL
);

-- Agreements --------------------------------------------------------------------------------------------------------

CREATE TABLE agreements (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('ONLINE')),
    status text NOT NULL CHECK (status IN
        ('INVITED', 'CANCELLED', 'DECLINED', 'EXPIRED', 'SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED')),
    graduate_id uuid NOT NULL REFERENCES graduates,
    employer_id uuid NOT NULL REFERENCES employers,
    school_id uuid NOT NULL REFERENCES schools,
    department_id uuid NOT NULL REFERENCES departments,
    terms jsonb NOT NULL,
    response_deadline timestamptz NOT NULL,
    -- The route is pinned when the case is submitted: a school that changes its route strands nobody.
    review_route text CHECK (review_route IN ('DEPARTMENT_ONLY', 'SCHOOL_ONLY', 'DEPARTMENT_THEN_SCHOOL')),
    awaiting_review text CHECK (awaiting_review IN ('DEPARTMENT', 'SCHOOL')),
    waiting_since timestamptz,
    submitted_by uuid REFERENCES accounts,
    agreement_number text UNIQUE,
    reason text,
    version integer NOT NULL DEFAULT 1,
    -- The end of the case's chain of events, so that a shortened trail shows as well.
    event_count integer NOT NULL DEFAULT 0,
    event_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(event_hash) = 32),
    reminded_at timestamptz,
    invited_at timestamptz NOT NULL,
    accepted_at timestamptz,
    department_approved_at timestamptz,
    school_approved_at timestamptz,
    signed_at timestamptz,
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'SIGNING_REVIEW') = (awaiting_review IS NOT NULL)),
    CHECK ((awaiting_review IS NULL) = (waiting_since IS NULL)),
    CHECK ((status = 'SIGNED') = (signed_at IS NOT NULL)),
    CHECK ((signed_at IS NULL) = (agreement_number IS NULL)),
    CHECK (status NOT IN ('SIGNING_REVIEW', 'SIGNED', 'SIGNING_REJECTED')
        OR (accepted_at IS NOT NULL AND review_route IS NOT NULL AND submitted_by IS NOT NULL))
);
-- One live agreement of one employer with one graduate (DOMAIN.md, W1).
CREATE UNIQUE INDEX agreements_one_live_per_employer ON agreements (employer_id, graduate_id)
    WHERE channel = 'ONLINE' AND status IN ('INVITED', 'SIGNING_REVIEW', 'SIGNED');
CREATE INDEX agreements_graduate ON agreements (graduate_id, id DESC);
CREATE INDEX agreements_employer ON agreements (employer_id, id DESC);
CREATE INDEX agreements_department ON agreements (department_id, id DESC);
CREATE INDEX agreements_school ON agreements (school_id, id DESC);
CREATE INDEX agreements_department_queue ON agreements (department_id, waiting_since, id)
    WHERE awaiting_review = 'DEPARTMENT';
CREATE INDEX agreements_school_queue ON agreements (school_id, waiting_since, id) WHERE awaiting_review = 'SCHOOL';

-- The one case that holds a graduate: the primary key is the guarantee (DOMAIN.md, Engagement).
CREATE TABLE engagements (
    graduate_id uuid PRIMARY KEY REFERENCES graduates,
    case_kind text NOT NULL CHECK (case_kind IN ('AGREEMENT')),
    case_id uuid NOT NULL UNIQUE,
    taken_at timestamptz NOT NULL
);

-- Serials of agreement numbers; a number is never reused, so a row is only ever counted up.
CREATE TABLE agreement_serials (
    school_id uuid NOT NULL REFERENCES schools,
    class_year smallint NOT NULL,
    last_serial integer NOT NULL,
    PRIMARY KEY (school_id, class_year)
);

-- The paper: its whole content is kept, so that the same bytes can be made again at any time.
CREATE TABLE documents (
    id uuid PRIMARY KEY,
    agreement_id uuid NOT NULL REFERENCES agreements,
    version integer NOT NULL,
    paper jsonb NOT NULL,
    verification_code text NOT NULL UNIQUE,
    object_key text UNIQUE,
    sha256 bytea CHECK (length(sha256) = 32),
    byte_size integer,
    ready_at timestamptz,
    superseded_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (agreement_id, version),
    CHECK ((ready_at IS NULL) = (object_key IS NULL)),
    CHECK ((ready_at IS NULL) = (sha256 IS NULL)),
    CHECK ((ready_at IS NULL) = (byte_size IS NULL))
);

-- Events, messages, jobs --------------------------------------------------------------------------------------------

CREATE TABLE case_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The transaction that wrote the row: the live feed reads rows in (txid, id) order below the oldest running one.
    txid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    occurred_at timestamptz NOT NULL,
    case_kind text NOT NULL CHECK (case_kind IN ('AGREEMENT')),
    case_id uuid NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    actor_role text NOT NULL CHECK (actor_role IN
        ('GRADUATE', 'EMPLOYER', 'DEPARTMENT_REVIEWER', 'SCHOOL_REVIEWER', 'WORKER')),
    actor_account_id uuid REFERENCES accounts,
    action text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    reason text,
    changes jsonb NOT NULL DEFAULT '{}',
    graduate_id uuid NOT NULL,
    employer_id uuid,
    school_id uuid NOT NULL,
    department_id uuid NOT NULL,
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    UNIQUE (case_id, sequence),
    CHECK ((actor_role = 'WORKER') = (actor_account_id IS NULL))
);
CREATE UNIQUE INDEX case_events_feed ON case_events (txid, id);
CREATE INDEX case_events_graduate ON case_events (graduate_id, txid, id);
CREATE INDEX case_events_employer ON case_events (employer_id, txid, id) WHERE employer_id IS NOT NULL;
CREATE INDEX case_events_department ON case_events (department_id, txid, id);
CREATE INDEX case_events_school ON case_events (school_id, txid, id);

CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'case_events is append-only';
END
$$;
CREATE TRIGGER case_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

-- One message per event, person and channel (DOMAIN.md, Messages). The in-app inbox is the channel IN_APP.
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    event_id bigint NOT NULL REFERENCES case_events,
    account_id uuid NOT NULL REFERENCES accounts,
    channel text NOT NULL CHECK (channel IN ('IN_APP', 'WECHAT', 'SMS', 'EMAIL')),
    template text NOT NULL,
    params jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('PENDING', 'SENT', 'NO_ADDRESS', 'PARKED')),
    provider_reference text,
    last_error text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    read_at timestamptz,
    UNIQUE (event_id, account_id, channel),
    CHECK (channel = 'IN_APP' OR read_at IS NULL)
);
CREATE INDEX messages_inbox ON messages (account_id, id DESC) WHERE channel = 'IN_APP';
CREATE INDEX messages_unread ON messages (account_id) WHERE channel = 'IN_APP' AND read_at IS NULL;

CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    payload jsonb NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'READY' CHECK (state IN ('READY', 'RUNNING', 'DONE', 'PARKED')),
    run_at timestamptz NOT NULL DEFAULT now(),
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL CHECK (max_attempts > 0),
    -- While a job with this key is unfinished, a second one of the queue is not taken in; afterwards the key is free.
    unique_key text,
    lease_token uuid,
    lease_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK ((state = 'RUNNING') = (lease_token IS NOT NULL AND lease_until IS NOT NULL)),
    CHECK ((state IN ('DONE', 'PARKED')) = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX jobs_unique_key ON jobs (queue, unique_key) WHERE unique_key IS NOT NULL AND state IN ('READY', 'RUNNING');
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, run_at, id) WHERE state = 'READY';
CREATE INDEX jobs_running ON jobs (queue, lease_until) WHERE state = 'RUNNING';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state = 'DONE';
CREATE INDEX jobs_parked ON jobs (queue, id) WHERE state = 'PARKED';

-- The first answer to a creating mutation, kept under the caller's key.
CREATE TABLE idempotency_keys (
    account_id uuid NOT NULL REFERENCES accounts,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    response jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
