//! One school, one graduate, one employer, the reviewer between them, and the workers of the product at their service.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wangqian_embedded::{ObjectStore, ObjectStoreOptions};
use wangqian_schema::{
    Platform,
    checks::credit_code_check,
    clock::{Clock, shanghai_date},
    db::{self, DatabaseSettings},
    model::{
        Viewer,
        terms::{HouseholdRegistration, TermsDraft},
    },
    step::{self, Actor, AgreementStep, Invitation},
    wake::Waker,
    workflow::leaving::class_leaving_next,
};
use wangqian_storage::{Storage, StorageSettings};
use wangqian_worker::WorkerSettings;

use crate::support::{Db, eventually, fresh_database};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: WorkerSettings,
    #[command(flatten)]
    storage: StorageSettings,
}

pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) db: Db,
    pub(crate) graduate: Viewer,
    pub(crate) employer: Viewer,
    pub(crate) reviewer: Viewer,
    pub(crate) outbox: tempfile::TempDir,
    pub(crate) store: ObjectStore,
    pub(crate) storage: Storage,
    objects: tempfile::TempDir,
}

/// The workers; end with the test.
pub(crate) struct Workers {
    shutdown: CancellationToken,
    running: JoinHandle<Result<(), wangqian_worker::WorkerError>>,
}

impl Workers {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap().unwrap();
    }
}

/// The class year of the graduate: tests act as late as in the first days of 2030.
pub(crate) fn class_year() -> i16 {
    class_leaving_next(shanghai_date(Utc::now()) + TimeDelta::days(100)).max(2030)
}

impl World {
    pub(crate) async fn new() -> Self {
        let url = fresh_database().await;
        let settings = DatabaseSettings {
            database_url: None,
            database_connections: 10,
            statement_timeout_ms: 10_000,
        };
        let pool = db::pool(&url, &settings).unwrap();
        let platform = Platform {
            pool: pool.clone(),
            clock: Clock::default(),
            waker: Waker::default(),
            public_url: "https://wangqian.example".into(),
        };
        let [
            school,
            department,
            student,
            student_account,
            company,
            member_account,
            reviewer_account,
        ] = [(); 7].map(|()| Uuid::now_v7());
        let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
        let credit_code = format!(
            "91000000MA0000001{}",
            credit_code_check("91000000MA0000001").unwrap()
        );
        // The region 000000 does not exist, so this is nobody's ID-card number.
        conn.batch_execute(&format!(
            "INSERT INTO schools (id, code, name, default_review_route) \
             VALUES ('{school}', '90001', '示例大学', 'SCHOOL_ONLY'); \
             INSERT INTO departments (id, school_id, code, name) VALUES ('{department}', '{school}', '01', '示例学院'); \
             INSERT INTO accounts (id, kind, email, password_hash) VALUES \
               ('{student_account}', 'GRADUATE', 'lin@example.com', '-'), \
               ('{member_account}', 'EMPLOYER_MEMBER', 'hr@example.com', '-'), \
               ('{reviewer_account}', 'REVIEWER', NULL, '-'); \
             INSERT INTO graduates (id, account_id, school_id, department_id, class_year, student_number, name, gender, \
               id_card_number, degree_level, major, training_mode, origin_region, online_signing_allowed, confirmed_at) \
             VALUES ('{student}', '{student_account}', '{school}', '{department}', {}, 'S1', '林示例', 'FEMALE', \
               '000000200001010009', '31', '示例专业', '1', '110108', true, now()); \
             INSERT INTO employers (id, credit_code, name, nature, industry, region, address, verification) \
             VALUES ('{company}', '{credit_code}', '示例科技有限公司', '31', '34', '110108', '示例路一号', 'VERIFIED'); \
             INSERT INTO employer_members (account_id, employer_id, name) \
             VALUES ('{member_account}', '{company}', '示例联系人'); \
             INSERT INTO reviewers (account_id, school_id, name) VALUES ('{reviewer_account}', '{school}', '示例老师')",
            class_year()
        ))
        .await
        .unwrap();
        let objects = tempfile::tempdir().unwrap();
        let store = ObjectStore::start(ObjectStoreOptions::new(objects.path(), "wangqian"))
            .await
            .unwrap();
        let settings = Cli::parse_from([
            "worker",
            "--s3-endpoint",
            &store.endpoint(),
            "--s3-access-key-id",
            store.access_key_id(),
            "--s3-secret-access-key",
            store.secret_access_key(),
        ]);
        Self {
            storage: Storage::new(&settings.storage).unwrap(),
            store,
            objects,
            platform,
            db: Db { url, pool },
            graduate: Viewer::Graduate {
                account_id: student_account,
                graduate_id: student,
                school_id: school,
                department_id: department,
            },
            employer: Viewer::EmployerMember {
                account_id: member_account,
                employer_id: company,
            },
            reviewer: Viewer::Reviewer {
                account_id: reviewer_account,
                school_id: school,
                department_id: None,
            },
            outbox: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn work(&self, more: &[&str]) -> Workers {
        self.work_on(&self.platform, more)
    }

    /// Workers with a clock of their own.
    pub(crate) fn work_on(&self, platform: &Platform, more: &[&str]) -> Workers {
        let outbox = self.outbox.path().join("outbox");
        let arguments = ["worker", "--poll-ms", "20", "--outbox", outbox.to_str().unwrap()];
        let settings = Cli::parse_from(arguments.iter().chain(more)).settings;
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(wangqian_worker::run(
            platform.clone(),
            self.db.url.clone(),
            self.storage.clone(),
            settings,
            shutdown.clone(),
        ));
        Workers { shutdown, running }
    }

    pub(crate) async fn invite(&self, deadline: DateTime<Utc>) -> Uuid {
        let Viewer::Graduate { graduate_id, .. } = self.graduate else {
            unreachable!()
        };
        let invitation = Invitation {
            graduate_id,
            terms: TermsDraft {
                nature: "31".into(),
                industry: "34".into(),
                region: "110108".into(),
                address: "示例路一号".into(),
                position_category: "13".into(),
                position_title: "软件工程师".into(),
                contact_person: "示例联系人".into(),
                contact_mobile: "10000000001".into(),
                contact_email: "hr@example.com".into(),
                household_registration: Some(HouseholdRegistration::None),
                supplementary_terms: Some("试用期内按国家规定缴纳社会保险。".into()),
                ..TermsDraft::default()
            },
            response_deadline: deadline,
        };
        step::invite(&self.platform, &self.employer, &invitation, None)
            .await
            .unwrap()
            .agreement
            .id
    }

    pub(crate) async fn take(&self, viewer: Viewer, agreement: Uuid, step: AgreementStep) {
        step::take(&self.platform, Actor::Viewer(viewer), agreement, step, None)
            .await
            .unwrap();
    }

    /// Where the objects of the bucket lie.
    pub(crate) fn objects(&self) -> std::path::PathBuf {
        self.objects.path().join("objects/wangqian")
    }

    pub(crate) fn in_days(&self, days: i64) -> DateTime<Utc> {
        self.platform.clock.now() + TimeDelta::days(days)
    }

    /// Waits until a query counts so many.
    pub(crate) async fn comes_to(&self, expected: i64, query: &str) {
        eventually(&format!("{expected} = {query}"), async || {
            (self.db.number(query).await == expected).then_some(())
        })
        .await;
    }

    /// The files of a channel in the outbox.
    pub(crate) fn sent(&self, channel: &str) -> Vec<Vec<u8>> {
        match std::fs::read_dir(self.outbox.path().join("outbox").join(channel)) {
            Ok(files) => files
                .map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect(),
            Err(_) => Vec::new(),
        }
    }
}
