//! A world of made-up schools, graduates, employers and reviewers, in a database of its own, in which a test acts.

mod database;
mod ending;
mod sql;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    checks::{credit_code_check, id_card_check},
    clock::{Clock, shanghai_date},
    db::{self, DatabaseSettings},
    model::{
        Viewer,
        account::{AccountKind, NewAccount},
        agreement::{self, AgreementView},
        employer::{Employer, EmployerMember, EmployerVerification, MemberRole},
        graduate::{Gender, NewGraduate},
        reviewer::{Operator, Reviewer},
        school::{Department, School},
        terms::{HouseholdRegistration, TermsDraft},
    },
    step::{self, Actor, AgreementStep, Invitation, StepError},
    tables,
    wake::Waker,
    workflow::{Refusal, ReviewRoute, agreement::AgreementAction, leaving::class_leaving_next},
};

pub(crate) use database::Database;
pub(crate) use ending::{filed_ending_only, mutual};
pub(crate) use sql::{count, execute, number, text, until, until_final};

/// The degree level of every graduate here, as it stands in the agreement number.
pub(crate) const DEGREE_LEVEL: &str = "31";
/// The class year of every graduate here, whose cut-off is further away than any deadline of an invitation: time is moved in tests.
pub(crate) fn class_year() -> i16 {
    class_leaving_next(shanghai_date(Utc::now()) + TimeDelta::days(300))
}

/// The platform on a database of its own, and the people in it.
pub(crate) struct World {
    pub(crate) platform: Platform,
    database: Database,
    people: AtomicU32,
}

/// A school with its departments.
#[derive(Clone)]
pub(crate) struct Campus {
    pub(crate) id: Uuid,
    pub(crate) code: String,
    pub(crate) departments: Vec<Uuid>,
}

/// A graduate as a test needs him.
#[derive(Clone)]
pub(crate) struct Student {
    pub(crate) id: Uuid,
    pub(crate) viewer: Viewer,
    pub(crate) name: String,
    pub(crate) student_number: String,
    pub(crate) id_card_number: String,
}

/// An employer with its first member.
#[derive(Clone)]
pub(crate) struct Company {
    pub(crate) id: Uuid,
    pub(crate) viewer: Viewer,
    pub(crate) name: String,
    pub(crate) credit_code: String,
}

impl World {
    /// An empty world.
    pub(crate) async fn new() -> Self {
        let database = Database::migrated().await;
        let settings = DatabaseSettings {
            database_url: None,
            database_connections: 20,
            statement_timeout_ms: 20_000,
        };
        let platform = Platform {
            pool: db::pool(database.url(), &settings).unwrap(),
            clock: Clock::default(),
            waker: Waker::default(),
            public_url: "https://wangqian.example".into(),
        };
        Self {
            platform,
            database,
            people: AtomicU32::new(1),
        }
    }

    /// Where the database is, for connections beside the pool.
    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    /// A connection of the pool.
    pub(crate) async fn conn(&self) -> db::Connection {
        self.platform.pool.get().await.unwrap()
    }

    /// The platform's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.platform.clock.now()
    }

    fn next(&self) -> u32 {
        self.people.fetch_add(1, Ordering::Relaxed)
    }

    async fn account(&self, conn: &mut AsyncPgConnection, kind: AccountKind) -> (Uuid, u32) {
        let serial = self.next();
        let id = Uuid::now_v7();
        diesel::insert_into(tables::accounts::table)
            .values(NewAccount {
                id,
                kind,
                mobile: Some(&format!("1{serial:010}")),
                email: Some(&format!("person{serial}@example.com")),
                wechat_open_id: None,
                password_hash: "nobody logs in here",
            })
            .execute(conn)
            .await
            .unwrap();
        (id, serial)
    }

    /// A school that reviews by `route`, with two departments.
    pub(crate) async fn school(&self, route: ReviewRoute) -> Campus {
        let mut conn = self.conn().await;
        let serial = self.next();
        let school = School {
            id: Uuid::now_v7(),
            code: format!("{serial:05}"),
            name: format!("示例大学{serial}"),
            contact_phone: Some("000-00000000".into()),
            address: None,
            default_review_route: route,
            version: 1,
            voiding_reviewed: false,
        };
        diesel::insert_into(tables::schools::table)
            .values(&school)
            .execute(&mut conn)
            .await
            .unwrap();
        let departments: Vec<Department> = ["01", "02"]
            .map(|code| Department {
                id: Uuid::now_v7(),
                school_id: school.id,
                code: code.into(),
                name: format!("示例学院{code}"),
            })
            .into();
        diesel::insert_into(tables::departments::table)
            .values(&departments)
            .execute(&mut conn)
            .await
            .unwrap();
        Campus {
            id: school.id,
            code: school.code,
            departments: departments.iter().map(|department| department.id).collect(),
        }
    }

    /// A graduate of a department who has confirmed his data and may sign online.
    pub(crate) async fn graduate(&self, campus: &Campus, department: usize) -> Student {
        self.graduate_with(campus, department, |_| {}).await
    }

    /// A graduate of a department, changed before he is written.
    pub(crate) async fn graduate_with(
        &self,
        campus: &Campus,
        department: usize,
        change: impl FnOnce(&mut NewGraduate),
    ) -> Student {
        let mut conn = self.conn().await;
        let (account_id, serial) = self.account(&mut conn, AccountKind::Graduate).await;
        // The region 000000 does not exist, so this is nobody's number.
        let first = format!("000000200{}0101{:03}", serial / 1000, serial % 1000);
        let mut new = NewGraduate {
            id: Uuid::now_v7(),
            account_id,
            school_id: campus.id,
            department_id: campus.departments[department],
            class_year: class_year(),
            student_number: format!("S{serial:06}"),
            name: format!("林示例{serial}"),
            gender: Gender::Female,
            id_card_number: format!("{first}{}", id_card_check(&first).unwrap()),
            degree_level: DEGREE_LEVEL.into(),
            major: "示例专业".into(),
            training_mode: "1".into(),
            origin_region: "110108".into(),
            online_signing_allowed: true,
            confirmed_at: Some(self.now()),
        };
        change(&mut new);
        diesel::insert_into(tables::graduates::table)
            .values(&new)
            .execute(&mut conn)
            .await
            .unwrap();
        Student {
            id: new.id,
            viewer: Viewer::Graduate {
                account_id,
                graduate_id: new.id,
                school_id: new.school_id,
                department_id: new.department_id,
            },
            name: new.name,
            student_number: new.student_number,
            id_card_number: new.id_card_number,
        }
    }

    /// A verified employer with one member.
    pub(crate) async fn employer(&self) -> Company {
        self.employer_with(EmployerVerification::Verified).await
    }

    /// An employer with one member.
    pub(crate) async fn employer_with(&self, verification: EmployerVerification) -> Company {
        let mut conn = self.conn().await;
        let serial = self.next();
        let first = format!("91000000MA{serial:07}");
        let employer = Employer {
            id: Uuid::now_v7(),
            credit_code: format!("{first}{}", credit_code_check(&first).unwrap()),
            name: format!("示例科技有限公司{serial}"),
            nature: "31".into(),
            industry: "34".into(),
            region: "110108".into(),
            address: "示例路一号院二号楼".into(),
            verification,
        };
        diesel::insert_into(tables::employers::table)
            .values(&employer)
            .execute(&mut conn)
            .await
            .unwrap();
        drop(conn);
        Company {
            id: employer.id,
            viewer: self.member(employer.id).await,
            name: employer.name,
            credit_code: employer.credit_code,
        }
    }

    /// One more member of an employer.
    pub(crate) async fn member(&self, employer_id: Uuid) -> Viewer {
        let mut conn = self.conn().await;
        let (account_id, serial) = self.account(&mut conn, AccountKind::EmployerMember).await;
        diesel::insert_into(tables::employer_members::table)
            .values(EmployerMember {
                account_id,
                employer_id,
                name: format!("示例联系人{serial}"),
                role: MemberRole::Member,
            })
            .execute(&mut conn)
            .await
            .unwrap();
        Viewer::EmployerMember {
            account_id,
            employer_id,
        }
    }

    /// A reviewer of a department.
    pub(crate) async fn department_reviewer(&self, campus: &Campus, department: usize) -> Viewer {
        self.reviewer(campus, Some(campus.departments[department])).await
    }

    /// A reviewer of the school.
    pub(crate) async fn school_reviewer(&self, campus: &Campus) -> Viewer {
        self.reviewer(campus, None).await
    }

    async fn reviewer(&self, campus: &Campus, department_id: Option<Uuid>) -> Viewer {
        let mut conn = self.conn().await;
        let (account_id, serial) = self.account(&mut conn, AccountKind::Reviewer).await;
        diesel::insert_into(tables::reviewers::table)
            .values(Reviewer {
                account_id,
                school_id: campus.id,
                department_id,
                name: format!("示例老师{serial}"),
            })
            .execute(&mut conn)
            .await
            .unwrap();
        Viewer::Reviewer {
            account_id,
            school_id: campus.id,
            department_id,
        }
    }

    /// An operator of the platform.
    pub(crate) async fn operator(&self) -> Viewer {
        let mut conn = self.conn().await;
        let (account_id, serial) = self.account(&mut conn, AccountKind::Operator).await;
        diesel::insert_into(tables::operators::table)
            .values(Operator {
                account_id,
                name: format!("示例管理员{serial}"),
            })
            .execute(&mut conn)
            .await
            .unwrap();
        Viewer::Operator { account_id }
    }

    /// Invites, to be answered within a week. Gives the agreement's id.
    pub(crate) async fn invite(&self, company: &Company, student: &Student) -> Uuid {
        let deadline = self.now() + TimeDelta::days(7);
        self.try_invite(&company.viewer, student.id, deadline)
            .await
            .unwrap()
            .agreement
            .id
    }

    /// Invites, to be answered before `deadline`.
    pub(crate) async fn try_invite(
        &self,
        viewer: &Viewer,
        graduate_id: Uuid,
        deadline: DateTime<Utc>,
    ) -> Result<AgreementView, StepError> {
        step::invite(&self.platform, viewer, &invitation(graduate_id, deadline), None).await
    }

    /// Takes a step as a person.
    pub(crate) async fn take(
        &self,
        viewer: &Viewer,
        id: Uuid,
        step: AgreementStep,
    ) -> Result<AgreementView, StepError> {
        step::take(&self.platform, Actor::Viewer(*viewer), id, step, None).await
    }

    /// Takes a step as the worker.
    pub(crate) async fn work(&self, id: Uuid, step: AgreementStep) -> Result<AgreementView, StepError> {
        step::take(&self.platform, Actor::Worker, id, step, None).await
    }

    /// An agreement as the graduate of the case sees it.
    pub(crate) async fn find(&self, viewer: &Viewer, id: Uuid) -> AgreementView {
        let found = agreement::find(&mut *self.conn().await, viewer, id).await;
        found.unwrap().unwrap()
    }
}

/// An invitation with terms that are in order.
pub(crate) fn invitation(graduate_id: Uuid, response_deadline: DateTime<Utc>) -> Invitation {
    Invitation {
        graduate_id,
        terms: TermsDraft {
            nature: "31".into(),
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
        },
        response_deadline,
    }
}

/// The refusal of a step; fails on anything else.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, StepError>) -> Refusal {
    match result {
        Err(StepError::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, not {other:?}"),
    }
}

/// A reason long enough to be one.
pub(crate) fn reason() -> Option<String> {
    Some("材料与实际情况不符".to_owned())
}

/// The values without their order; fails when one is there twice.
pub(crate) fn distinct<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let values: Vec<T> = values.into_iter().collect();
    let length = values.len();
    let set: BTreeSet<T> = values.into_iter().collect();
    assert_eq!(set.len(), length, "a value is there twice");
    set
}

/// Whether an action is done only to agreements that graduates fill in themselves.
pub(crate) const fn filed_only(action: AgreementAction) -> bool {
    matches!(
        action,
        AgreementAction::SaveDraft
            | AgreementAction::Submit
            | AgreementAction::Withdraw
            | AgreementAction::Discard
            | AgreementAction::Return
            | AgreementAction::RequestStampedCopy
            | AgreementAction::SubmitStampedCopy
    )
}
