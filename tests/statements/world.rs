//! The people whose lists are read, and a story that makes each of them longer by one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::Request;
use chrono::TimeDelta;
use diesel::connection::InstrumentationEvent;
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Hook, Pool},
    },
};
use serde_json::Value;
use uuid::Uuid;
use wangqian_api::{
    batches::Batches,
    context::{App, Caller},
    feed::Feed,
    graphql,
    loaders::Loader,
};
use wangqian_schema::{
    Platform,
    model::{
        Viewer,
        account::{self, Credentials, Identifier},
        document::{self, StoredPdf},
        employer::EmployerVerification,
        leaving_period::{self, LeavingPeriod},
        session::{self, Session},
        terms::TermsDraft,
    },
    step::{
        self, Actor, AgreementStep, DestinationStep, IdempotencyKey, Invitation, TerminationForm,
        TerminationRequest, TerminationStep,
    },
    workflow::ReviewRoute,
};

use super::lists::{ALL_FIELDS, Asker};
use crate::support::{people, server, signing};

pub(super) struct World {
    pub(super) schema: graphql::ApiSchema,
    pub(super) app: App,
    pub(super) statements: Arc<AtomicUsize>,
    pub(super) school: people::SchoolWorld,
    pub(super) employer: Viewer,
    pub(super) reviewer: Viewer,
    pub(super) operator: Viewer,
    pub(super) graduate: (people::Person, Viewer),
    pub(super) member: String,
}

pub(super) async fn viewer(platform: &Platform, email: &str) -> Viewer {
    let mut conn = platform.pool.get().await.unwrap();
    let identifier = Identifier::parse(email).unwrap();
    let found = account::find_credentials(&mut conn, &identifier)
        .await
        .unwrap()
        .unwrap();
    let now = platform.clock.now();
    let (_, token) = session::begin(&mut conn, &found, None, now)
        .await
        .unwrap()
        .unwrap();
    session::authenticate(&mut conn, &token, now)
        .await
        .unwrap()
        .unwrap()
        .1
}

/// An event of a school's history, of somebody and about something.
async fn add_department(platform: &Platform, reviewer: &Viewer) {
    let key = IdempotencyKey {
        key: "9000".into(),
        request_hash: [0; 32],
    };
    step::add_department(platform, reviewer, "9000", "第九千学院", &key)
        .await
        .unwrap();
}

/// The period in which the graduates of the class confirm.
async fn open_period(platform: &Platform, school_id: Uuid) {
    let day = |day: &str| day.parse().unwrap();
    let period = LeavingPeriod {
        school_id,
        class_year: people::class_year(),
        opens_on: day("2020-01-01"),
        closes_on: day("2099-01-01"),
        cut_off_on: day("2099-01-01"),
    };
    let mut conn = platform.pool.get().await.unwrap();
    leaving_period::set_period(&mut conn, &period).await.unwrap();
}

impl World {
    pub(super) async fn begin_session(&self, viewer: Viewer) -> Session {
        let platform = &self.app.platform;
        let mut conn = platform.pool.get().await.unwrap();
        let account_id = viewer.account_id();
        let password_hash = account::password_hash(&mut conn, account_id).await.unwrap();
        let proved = Credentials {
            account_id,
            password_hash,
        };
        let begun = session::begin(&mut conn, &proved, None, platform.clock.now()).await;
        begun.unwrap().unwrap().0
    }

    pub(super) async fn new() -> Self {
        let (mut platform, url) = server::platform().await;
        let statements = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&statements);
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        platform.pool = Pool::builder(manager)
            .post_create(Hook::sync_fn(move |conn: &mut AsyncPgConnection, _| {
                let count = Arc::clone(&count);
                conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    if let InstrumentationEvent::StartQuery { .. } = event {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
                Ok(())
            }))
            .build()
            .unwrap();
        let school = people::school(&platform, ReviewRoute::SchoolOnly).await;
        let company = people::employer(&platform, EmployerVerification::Verified).await;
        let employer = viewer(&platform, &company.member).await;
        let reviewer = viewer(&platform, &school.school_reviewer).await;
        add_department(&platform, &reviewer).await;
        let operator = viewer(&platform, &people::operator(&platform).await).await;
        let person = people::graduate(&platform, &school, |_| {}).await;
        let graduate = viewer(&platform, &person.email).await;
        let graduate = (person, graduate);
        open_period(&platform, school.school).await;
        let feed = Feed::open(platform.clone(), 256).await.unwrap();
        let app = server::app(platform, feed);
        let schema = graphql::builder().data(app.clone()).finish();
        Self {
            schema,
            app,
            statements,
            school,
            employer,
            reviewer,
            operator,
            graduate,
            member: company.member,
        }
    }

    /// One row more in every list, of which nothing stands in another row already: loaders ask for a key only once, so rows that
    /// share a school or an employer would hide a statement for each.
    pub(super) async fn grow(&self) {
        let platform = &self.app.platform;
        let campus = people::school(platform, ReviewRoute::SchoolOnly).await;
        let namesake = people::graduate(platform, &campus, |new| {
            new.name = "林同名".into();
            new.student_number = "2023900001".into();
        });
        let namesake = namesake.await;
        let reviewer = viewer(platform, &campus.school_reviewer).await;
        add_department(platform, &reviewer).await;
        open_period(platform, campus.school).await;
        let signed = self.sign(self.employer, &namesake, Some(reviewer)).await;
        self.ask_to_end(self.employer, signed).await;

        let company = people::employer(platform, EmployerVerification::Verified).await;
        let member = viewer(platform, &company.member).await;
        for reviewer in [Some(self.reviewer), None] {
            let (department, _) = people::department(platform, self.school.school).await;
            let student = people::graduate(platform, &self.school, |new| {
                new.department_id = department;
                new.confirmed_at = None;
            });
            let student = student.await;
            let himself = viewer(platform, &student.email).await;
            step::confirm_data(platform, &himself, 1).await.unwrap();
            let signed = self.sign(member, &student, reviewer).await;
            if reviewer.is_some() {
                let termination = self.ask_to_end(member, signed).await;
                let actor = Actor::Viewer(himself);
                step::take_termination(platform, actor, termination, TerminationStep::Accept, None)
                    .await
                    .unwrap();
                self.confirm(himself, &student).await;
            }
        }
        self.invite(member, &self.graduate.0).await;
        viewer(platform, &self.member).await;
        people::employer(platform, EmployerVerification::Pending).await;
        if let Viewer::EmployerMember { employer_id, .. } = self.employer {
            people::member(platform, employer_id).await;
        }
        // A destination of a graduate of his own, changed by the reviewer, with a file.
        let (department, _) = people::department(platform, self.school.school).await;
        let person = people::graduate(platform, &self.school, |new| new.department_id = department).await;
        let himself = viewer(platform, &person.email).await;
        let draft = |remark: &str| -> wangqian_schema::destination::DestinationDraft {
            serde_json::from_value(serde_json::json!({
                "national_code": "701", "remark": remark, "truthful": true, "details": { "type": "SEEKING" },
            }))
            .unwrap()
        };
        let key = IdempotencyKey {
            key: person.id.to_string(),
            request_hash: [0; 32],
        };
        let begun = step::create_destination_draft(platform, &himself, &draft("一"), &key).await;
        let id = begun.unwrap().destination.id;
        for (who, step) in [
            (himself, DestinationStep::Submit(Vec::new())),
            (
                self.reviewer,
                DestinationStep::Change(Box::new(draft("二")), None),
            ),
        ] {
            step::take_destination(platform, Actor::Viewer(who), id, step, None)
                .await
                .unwrap();
        }
        let mut conn = platform.pool.get().await.unwrap();
        conn.batch_execute(
            "INSERT INTO figure_snapshots SELECT school_id, date '2027-01-01' + (pg_current_xact_id()::text::bigint % 1000000)::int,
                2100, school_id, '', 1, now() FROM reviewers WHERE department_id IS NULL ON CONFLICT DO NOTHING;
            WITH import AS (INSERT INTO graduate_imports (id, school_id, created_by, file_name, file_format, byte_size,
                object_key, status, created_at, upload_until, progressed_at, finished_at)
                SELECT gen_random_uuid(), school_id, account_id, 'a', 'CSV', 1, gen_random_uuid(), 'DONE', now(), now(), now(),
                now() FROM reviewers WHERE department_id IS NULL RETURNING id)
            INSERT INTO graduate_import_problems SELECT id, 2, 1, 'NAME', 'REQUIRED' FROM import;
            WITH made AS (INSERT INTO record_exports (id, number, school_id, department_id, created_by, subject, file_format,
                class_year, personal_data, status, rows_total, byte_size, sha256, created_at, progressed_at, finished_at, expires_at)
                SELECT gen_random_uuid(), gen_random_uuid(), school_id, (SELECT id FROM departments
                    WHERE departments.school_id = reviewers.school_id ORDER BY random() LIMIT 1), account_id, 'CASES', 'CSV', 2100,
                false, 'READY', 0, 1, sha256(''), now(), now(), now(), now() + interval '1 year'
                FROM reviewers WHERE department_id IS NULL RETURNING *)
            INSERT INTO record_export_log SELECT gen_random_uuid(), id, number, 'LINK_GIVEN', now(), created_by, '示例', school_id,
                department_id, subject, file_format, class_year, personal_data, 0 FROM made;
            INSERT INTO member_invitations (id, employer_id, email, name, role, created_at, expires_at)
                SELECT gen_random_uuid(), employer_id, gen_random_uuid() || '@example.com', '示例同事', 'MEMBER', now(),
                now() + interval '7 days' FROM employer_members WHERE role = 'ADMINISTRATOR';
            INSERT INTO case_events (occurred_at, case_kind, case_id, sequence, actor_role, actor_account_id, action,
                to_status, changes, employer_id, previous_hash, hash)
                SELECT now(), 'EMPLOYER', id, 1, 'OPERATOR', (SELECT account_id FROM operators LIMIT 1), 'REFUSE', 'PENDING',
                '{}', id, sha256(''), sha256('') FROM employers WHERE verification = 'PENDING'
                ON CONFLICT DO NOTHING",
        )
        .await
        .unwrap();
        // An amendment and files of every agreement that is signed, and one that the graduate fills in, with the links for its stamped copy.
        let filed = format!(
            "INSERT INTO case_events (occurred_at, case_kind, case_id, sequence, actor_role, actor_account_id, action, from_status,
                to_status, reason, changes, graduate_id, employer_id, school_id, department_id, previous_hash, hash)
                SELECT now(), 'AGREEMENT', id, 1000, 'SCHOOL_REVIEWER', (SELECT account_id FROM reviewers LIMIT 1), 'AMEND', 'SIGNED',
                'SIGNED', '示例', '{{\"files\": [], \"changed\": [\"regularSalary\"], \"sha256\": \"0\"}}', graduate_id, employer_id, school_id,
                department_id, sha256(''), sha256('') FROM agreements WHERE signed_at IS NOT NULL
                ON CONFLICT DO NOTHING;
            INSERT INTO field_changes (case_id, sequence, changes)
                SELECT id, 1000, '[{{\"path\": \"regularSalary\", \"old\": \"1\", \"new\": \"2\"}}]' FROM agreements
                WHERE signed_at IS NOT NULL ON CONFLICT DO NOTHING;
            UPDATE agreements SET event_count = 1000 WHERE signed_at IS NOT NULL;
            INSERT INTO case_files (id, case_kind, case_id, sequence, position, file_name, content_type, byte_size, sha256,
                original_sha256, object_key, thumbnail_key, created_at)
                SELECT gen_random_uuid(), 'AGREEMENT', id, 1000, 0, 'a', 'image/png', 1, sha256(''), sha256(''),
                gen_random_uuid()::text, gen_random_uuid()::text, now() FROM agreements WHERE signed_at IS NOT NULL
                ON CONFLICT DO NOTHING;
            INSERT INTO case_files (id, case_kind, case_id, sequence, position, file_name, content_type, byte_size, sha256,
                original_sha256, object_key, thumbnail_key, created_at)
                SELECT gen_random_uuid(), 'DESTINATION', id, 1, 0, 'a', 'image/png', 1, sha256(''), sha256(''),
                gen_random_uuid()::text, gen_random_uuid()::text, now() FROM destinations
                ON CONFLICT DO NOTHING;
            INSERT INTO case_files (id, case_kind, case_id, sequence, position, file_name, content_type, byte_size, sha256,
                original_sha256, object_key, thumbnail_key, created_at)
                SELECT gen_random_uuid(), 'TERMINATION', id, 1, 0, 'a', 'image/png', 1, sha256(''), sha256(''),
                gen_random_uuid()::text, gen_random_uuid()::text, now() FROM terminations
                ON CONFLICT DO NOTHING;
            WITH filed AS (INSERT INTO agreements (id, channel, status, graduate_id, school_id, department_id, terms, draft,
                review_route, submitted_at, agreement_number, updated_at)
                SELECT '{}', 'OFFLINE', 'TERMS_APPROVED', id, school_id, department_id,
                (SELECT terms FROM agreements WHERE terms IS NOT NULL LIMIT 1),
                '{{\"employer_name\": \"\", \"credit_code\": \"\", \"terms\": {draft}}}', 'SCHOOL_ONLY', now(), gen_random_uuid(), now()
                FROM graduates WHERE id = '{}' RETURNING id)
            INSERT INTO stamped_copy_links (id, agreement_id, channel, delivery, created_at, expires_at)
                SELECT gen_random_uuid(), id, 'SMS', 'SENT', now(), now() + interval '1 day' FROM filed",
            // Between the invitations, as ids of the time are.
            Uuid::now_v7(),
            self.graduate.0.id,
            draft = serde_json::to_string(&TermsDraft::default()).unwrap(),
        );
        conn.batch_execute(&filed).await.unwrap();
        drop(conn);
    }

    /// A graduate confirms what is registered for him, and his sheet is stored.
    async fn confirm(&self, himself: Viewer, person: &people::Person) {
        let platform = &self.app.platform;
        let archive =
            serde_json::json!({ "route": "KEPT_AT_SCHOOL", "accepted": true, "household_moves": false });
        let archive = serde_json::from_value(archive).unwrap();
        let saved = step::save_leaving_draft(platform, &himself, &archive, None)
            .await
            .unwrap();
        let seen = saved.standing.registered.map(|case| (case.case_id, case.version));
        assert!(seen.is_some(), "{} has signed", person.email);
        step::confirm_leaving(platform, &himself, seen, None)
            .await
            .unwrap();
        let id = saved.confirmation.id;
        let mut conn = platform.pool.get().await.unwrap();
        let stored = format!(
            "UPDATE destination_sheets SET object_key = id::text, sha256 = sha256(''), byte_size = 1, ready_at = now()
                WHERE confirmation_id = '{id}'"
        );
        conn.batch_execute(&stored).await.unwrap();
    }

    pub(super) async fn invite(&self, member: Viewer, person: &people::Person) -> Uuid {
        let platform = &self.app.platform;
        let invitation = Invitation {
            graduate_id: person.id,
            terms: signing::draft(),
            response_deadline: platform.clock.now() + TimeDelta::days(3),
        };
        let view = step::invite(platform, &member, &invitation, None).await.unwrap();
        view.agreement.id
    }

    async fn ask_to_end(&self, member: Viewer, agreement_id: Uuid) -> Uuid {
        let request = TerminationRequest {
            agreement_id,
            form: TerminationForm {
                reason_code: "MUTUAL".into(),
                explanation: "示例".into(),
                files: Vec::new(),
            },
        };
        let key = IdempotencyKey {
            key: agreement_id.to_string(),
            request_hash: [0; 32],
        };
        let asked = step::request_termination(&self.app.platform, &member, &request, None, Some(&key)).await;
        asked.unwrap().termination.id
    }

    /// Invited and accepted; with a reviewer also signed, and its paper stored.
    pub(super) async fn sign(
        &self,
        member: Viewer,
        person: &people::Person,
        reviewer: Option<Viewer>,
    ) -> Uuid {
        let platform = &self.app.platform;
        let id = self.invite(member, person).await;
        let take = async |actor, step| step::take(platform, actor, id, step, None).await.unwrap();
        let graduate = viewer(platform, &person.email).await;
        take(Actor::Viewer(graduate), AgreementStep::Accept).await;
        let Some(reviewer) = reviewer else { return id };
        take(Actor::Viewer(reviewer), AgreementStep::Approve).await;
        let mut conn = platform.pool.get().await.unwrap();
        let documents = document::of_agreements(&mut conn, &[id]).await.unwrap();
        drop(conn);
        let stored = StoredPdf {
            object_key: format!("documents/{id}.pdf"),
            sha256: [0; 32],
            byte_size: 1,
        };
        take(
            Actor::Worker,
            AgreementStep::StoreDocument(documents[0].id, stored),
        )
        .await;
        id
    }

    pub(super) async fn cost(&self, asker: Asker, query: &str) -> (usize, Value) {
        let viewer = match asker {
            Asker::Employer => self.employer,
            Asker::School => self.reviewer,
            Asker::Operator => self.operator,
            Asker::Graduate => self.graduate.1,
        };
        let session = self.begin_session(viewer).await;
        let query = if query.contains("...all") {
            format!("{query}{ALL_FIELDS}")
        } else {
            query.to_owned()
        };
        let caller = Caller {
            signed_in: Some((session, viewer)),
            ..Caller::default()
        };
        let (spawner, batches) = Batches::new();
        let loader = Loader::new(self.app.platform.clone(), Some(viewer), spawner);
        let request = Request::new(query).data(caller).data(loader);
        let before = self.statements.load(Ordering::Relaxed);
        let answer = batches.drive(self.schema.execute(request)).await;
        let cost = self.statements.load(Ordering::Relaxed) - before;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        (cost, answer.data.into_json().unwrap())
    }
}
