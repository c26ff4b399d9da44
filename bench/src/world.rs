//! What all measurements share: a database like that of a large school, filled by SQL, and an API process on it.

use std::{
    collections::HashMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use chrono::{TimeDelta, Utc};
use diesel::{
    QueryableByName,
    sql_types::{self, Array, BigInt, Double},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tempfile::TempDir;
use uuid::Uuid;
use wangqian_embedded::{ObjectStore, ObjectStoreOptions, Postgres, PostgresOptions};
use wangqian_schema::{
    Platform,
    clock::{Clock, shanghai_date},
    db::{self, DatabaseSettings},
    model::{
        Viewer,
        terms::{HouseholdRegistration, TermsDraft},
    },
    step::{self, Invitation},
    wake::Waker,
    workflow::leaving::class_leaving_next,
};

/// Connections of every client that is measured.
pub(crate) const CONNECTIONS: usize = 8;

/// The numbers of the graduates who have agreements, messages and a session, by whose invitations are accepted where.
pub(crate) const BUSY: Range<u32> = 2..40_000;
pub(crate) const ACCEPTED_BY_HAND: Range<u32> = 2..20_000;
pub(crate) const ACCEPTED_OVER_HTTP: Range<u32> = 20_000..32_000;
pub(crate) const ACCEPTED_IN_FEED: Range<u32> = 32_000..BUSY.end;

pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) platform: Platform,
    postgres: Postgres,
    store: ObjectStore,
    files: TempDir,
}

/// The id of something that has a number: the same as SQL's `pg_temp.numbered(kind, number)`.
pub(crate) fn id(kind: &str, number: u32) -> Uuid {
    let mut bytes = [b'.'; 16];
    for (to, from) in bytes[..12].iter_mut().zip(kind.bytes()) {
        *to = from;
    }
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    Uuid::from_bytes(bytes)
}

/// The open invitation of a busy graduate.
pub(crate) fn agreement(graduate: u32) -> Uuid {
    id("agreement", graduate * 10 + 1)
}

/// The token of a busy graduate's session.
pub(crate) fn token(number: u32) -> String {
    format!("bench-{number}")
}

/// The token of the session of an employer's member.
pub(crate) fn member_token(number: u32) -> String {
    format!("bench-member-{number}")
}

const FILL: &str = "
INSERT INTO schools (id, code, name, default_review_route) VALUES (ID('school', 1), '99001', '示例大学', 'SCHOOL_ONLY');
INSERT INTO departments (id, school_id, code, name)
    SELECT ID('department', n), ID('school', 1), n::text, '示例学院' || n FROM generate_series(1, 20) n;
INSERT INTO accounts (id, kind, email, password_hash)
    SELECT ID('account', n), 'GRADUATE', 'graduate' || n || '@example.com', '-' FROM generate_series(1, :graduates) n
    UNION ALL SELECT ID('member', n), 'EMPLOYER_MEMBER', 'member' || n || '@example.com', '-' FROM generate_series(1, 6) n;
INSERT INTO graduates (id, account_id, school_id, department_id, class_year, student_number, name, gender, id_card_number,
        degree_level, major, training_mode, origin_region, online_signing_allowed, confirmed_at)
    SELECT ID('graduate', n), ID('account', n), ID('school', 1), ID('department', 1 + n % 20), :class_year, 'S' || n,
        '林示例' || n, 'FEMALE', lpad(n::text, 18, '0'), '31', '软件工程', '1', '110108', true, now()
    FROM generate_series(1, :graduates) n;
INSERT INTO employers (id, credit_code, name, nature, industry, region, address, verification)
    SELECT ID('employer', n), CODE(n), '示例科技' || n || '有限公司', '39', '34', '110108', '示例路一号', 'VERIFIED'
    FROM generate_series(1, 6) n;
INSERT INTO employer_members (account_id, employer_id, name)
    SELECT ID('member', n), ID('employer', n), '示例经办人' FROM generate_series(1, 6) n;
INSERT INTO sessions (id, account_id, token_hash, created_at, last_seen_at, expires_at)
    SELECT ID('session', n), ID('account', n), sha256(('bench-' || n)::bytea), now(), now(), now() + interval '6 days'
    FROM generate_series(:first_busy, :last_busy) n
    UNION ALL SELECT ID('session-m', n), ID('member', n), sha256(('bench-member-' || n)::bytea), now(), now(), now() + interval '6 days'
    FROM generate_series(1, 6) n;
";

/// Each busy graduate has four expired agreements and one open invitation, with their events and messages.
const BUSY_ROWS: &str = "
INSERT INTO agreements (id, channel, status, graduate_id, employer_id, school_id, department_id, terms, response_deadline,
        event_count, event_hash, invited_at, updated_at)
    SELECT ID('agreement', n * 10 + e), 'ONLINE', CASE e WHEN 1 THEN 'INVITED' ELSE 'EXPIRED' END, ID('graduate', n),
        ID('employer', e), ID('school', 1), ID('department', 1 + n % 20), sample.terms,
        now() + CASE e WHEN 1 THEN interval '5 days' ELSE interval '-5 days' END, 1, sha256('bench'), now(), now()
    FROM generate_series(:first_busy, :last_busy) n, generate_series(1, 5) e, (SELECT terms FROM agreements LIMIT 1) sample;
INSERT INTO case_events (occurred_at, case_kind, case_id, sequence, actor_role, actor_account_id, action, to_status,
        graduate_id, employer_id, school_id, department_id, previous_hash, hash)
    SELECT now(), 'AGREEMENT', id, 1, 'EMPLOYER', ID('member', 1), 'INVITE', 'INVITED', graduate_id, employer_id, school_id,
        department_id, decode(repeat('00', 32), 'hex'), sha256('bench')
    FROM agreements WHERE event_hash = sha256('bench');
INSERT INTO messages (id, event_id, account_id, channel, template, params, status, created_at, sent_at)
    SELECT gen_random_uuid(), e.id, g.account_id, 'IN_APP', 'INVITATION_RECEIVED', '{}', 'SENT', now(), now()
    FROM case_events e JOIN graduates g ON g.id = e.graduate_id WHERE e.hash = sha256('bench');
";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Committed {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    at: f64,
}

impl World {
    pub(crate) async fn new(graduates: u32) -> Result<Self> {
        ensure!(
            graduates >= BUSY.end,
            "at least {} graduates are needed",
            BUSY.end
        );
        let files = tempfile::tempdir()?;
        let options = || PostgresOptions::durable(files.path().join("postgres"));
        let postgres = Postgres::start(options()).await?;
        // So that it can be told when exactly an event was committed. Needs a new start.
        let mut conn = AsyncPgConnection::establish(&postgres.url("postgres")).await?;
        conn.batch_execute("ALTER SYSTEM SET track_commit_timestamp = on")
            .await?;
        drop(conn);
        postgres.stop().await;
        let postgres = Postgres::start(options()).await?;
        postgres.create_database("wangqian").await?;
        let url = postgres.url("wangqian");
        db::migrate(&url).await?;
        let store = ObjectStoreOptions::new(files.path().join("objects"), "wangqian");
        let store = ObjectStore::start(store).await?;
        let settings = DatabaseSettings {
            database_url: None,
            database_connections: 16,
            statement_timeout_ms: 60_000,
        };
        let world = Self {
            platform: Platform {
                pool: db::pool(&url, &settings)?,
                clock: Clock::default(),
                waker: Waker::default(),
                public_url: Arc::from("http://127.0.0.1"),
            },
            url,
            postgres,
            store,
            files,
        };
        world.fill(FILL, graduates).await?;
        // The first one is made by the program itself, as the pattern of the others.
        let employer = Viewer::EmployerMember {
            account_id: id("member", 1),
            employer_id: id("employer", 1),
        };
        let invitation = Invitation {
            graduate_id: id("graduate", 1),
            terms: terms(),
            response_deadline: Utc::now() + TimeDelta::days(5),
        };
        step::invite(&world.platform, &employer, &invitation, None)
            .await
            .context("the pattern")?;
        world.fill(BUSY_ROWS, graduates).await?;
        world.run("VACUUM ANALYZE").await?;
        Ok(world)
    }

    async fn fill(&self, statements: &str, graduates: u32) -> Result<()> {
        let codes = (1..=6)
            .map(|number| {
                let first = format!("91000000MA{number:07}");
                let check = wangqian_schema::checks::credit_code_check(&first).context("17 characters")?;
                Ok(format!("WHEN {number} THEN '{first}{check}'"))
            })
            .collect::<Result<Vec<_>>>()?
            .join(" ");
        let functions = format!(
            "CREATE OR REPLACE FUNCTION pg_temp.numbered(kind text, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
                $$SELECT (encode(rpad(kind, 12, '.')::bytea, 'hex') || lpad(to_hex(n), 8, '0'))::uuid$$;
            CREATE OR REPLACE FUNCTION pg_temp.credit_code(n int) RETURNS text LANGUAGE sql IMMUTABLE AS
                $$SELECT CASE n {codes} END$$;"
        );
        let class_year = class_leaving_next(shanghai_date(Utc::now()) + TimeDelta::days(100));
        let statements = statements
            .replace("ID(", "pg_temp.numbered(")
            .replace("CODE(", "pg_temp.credit_code(")
            .replace(":graduates", &graduates.to_string())
            .replace(":class_year", &class_year.to_string())
            .replace(":first_busy", &BUSY.start.to_string())
            .replace(":last_busy", &(BUSY.end - 1).to_string());
        self.run(&format!("{functions}{statements}")).await
    }

    pub(crate) async fn run(&self, statements: &str) -> Result<()> {
        let mut conn = AsyncPgConnection::establish(&self.url).await?;
        Ok(conn.batch_execute(statements).await?)
    }

    pub(crate) async fn number(&self, query: &str) -> Result<i64> {
        let mut conn = AsyncPgConnection::establish(&self.url).await?;
        let row: Number = diesel::sql_query(format!("SELECT ({query}) AS number"))
            .get_result(&mut conn)
            .await?;
        Ok(row.number)
    }

    /// When the acceptances of these graduates were committed, in seconds of the epoch, by the events' ids.
    pub(crate) async fn commit_times(&self, graduates: Range<u32>) -> Result<HashMap<i64, f64>> {
        let mut conn = AsyncPgConnection::establish(&self.url).await?;
        let cases: Vec<Uuid> = graduates.map(agreement).collect();
        let rows: Vec<Committed> = diesel::sql_query(
            "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at
             FROM case_events WHERE case_id = ANY($1) AND action = 'ACCEPT'",
        )
        .bind::<Array<sql_types::Uuid>, _>(cases)
        .load(&mut conn)
        .await?;
        Ok(rows.into_iter().map(|row| (row.id, row.at)).collect())
    }

    /// Starts `wangqian api`, the executable that was built with this one.
    pub(crate) async fn api(&self) -> Result<Api> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        drop(listener);
        let child = Command::new(executable()?)
            .args(["api", "--listen", &address])
            .env("DATABASE_URL", &self.url)
            .env("S3_ENDPOINT", self.store.endpoint())
            .env("S3_ACCESS_KEY_ID", self.store.access_key_id())
            .env("S3_SECRET_ACCESS_KEY", self.store.secret_access_key())
            .env("WANGQIAN_PUBLIC_URL", format!("http://{address}"))
            .env("WANGQIAN_DATABASE_CONNECTIONS", CONNECTIONS.to_string())
            .env("WANGQIAN_CONNECTIONS_PER_VIEWER", "100000")
            .env("WANGQIAN_LOG", "warn")
            .stdin(Stdio::null())
            .stderr(fs::File::create(self.files.path().join("api.log"))?)
            .spawn()?;
        let api = Api { child, address };
        for _ in 0..400 {
            if tokio::net::TcpStream::connect(&api.address).await.is_ok() {
                return Ok(api);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        bail!(
            "the API does not start: {}",
            fs::read_to_string(self.files.path().join("api.log"))?
        )
    }

    pub(crate) async fn stop(self) {
        drop(self.platform);
        self.postgres.stop().await;
    }
}

/// A process of the API; killed when it is dropped.
pub(crate) struct Api {
    child: Child,
    pub(crate) address: String,
}

impl Api {
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        resident_kib(self.child.id())
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The resident memory of a process.
pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.context("no VmRSS")?.parse().context("VmRSS is a number")
}

fn executable() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let path = this.parent().unwrap_or(Path::new(".")).join("wangqian");
    if !path.exists() {
        bail!(
            "{} is not there: run `make bench`, which builds it",
            path.display()
        );
    }
    Ok(path)
}

pub(crate) fn terms() -> TermsDraft {
    TermsDraft {
        nature: "39".into(),
        industry: "34".into(),
        region: "110108".into(),
        address: "示例路一号院二号楼".into(),
        position_category: "13".into(),
        position_title: "软件工程师".into(),
        contact_person: "示例联系人".into(),
        contact_mobile: "10000000001".into(),
        contact_email: "hr@example.com".into(),
        household_registration: Some(HouseholdRegistration::None),
        ..TermsDraft::default()
    }
}
