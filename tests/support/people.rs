//! People and organisations for a test, all made up: written straight into the tables, signed in over HTTP.

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use chrono::{TimeDelta, Utc};
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    checks::{credit_code_check, id_card_check},
    clock::shanghai_date,
    model::{
        account::{AccountKind, NewAccount},
        employer::{Employer, EmployerMember, EmployerVerification, MemberRole},
        graduate::{Gender, NewGraduate},
        reviewer::{Operator, Reviewer},
        school::{Department, School},
    },
    tables::{accounts, departments, employer_members, employers, graduates, operators, reviewers, schools},
    workflow::{ReviewRoute, leaving::class_leaving_next},
};

use super::client::PASSWORD;

/// Of the least cost that the algorithm knows: hundreds of people log in, and what a real hash costs is no matter of theirs.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let cheap = Params::new(Params::MIN_M_COST, 1, 1, None).expect("valid parameters");
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
    hasher
        .hash_password(PASSWORD.as_bytes())
        .expect("a hash")
        .to_string()
});
static COUNT: AtomicU32 = AtomicU32::new(1);

fn next() -> u32 {
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A school with one department, and the reviewers of both.
#[derive(Clone, Debug)]
pub(crate) struct SchoolWorld {
    pub(crate) school: Uuid,
    pub(crate) department: Uuid,
    /// E-mail address of the department's reviewer.
    pub(crate) department_reviewer: String,
    /// E-mail address of the school's reviewer.
    pub(crate) school_reviewer: String,
}

/// A graduate of a test.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) student_number: String,
    pub(crate) id_card_number: String,
    pub(crate) mobile: String,
}

/// An employer of a test and the e-mail address of its member.
#[derive(Clone, Debug)]
pub(crate) struct Company {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) member: String,
}

async fn account(platform: &Platform, kind: AccountKind) -> (Uuid, String, String) {
    let number = next();
    let (id, email, mobile) = (
        Uuid::now_v7(),
        format!("person{number}@example.com"),
        format!("100{number:08}"),
    );
    let new = NewAccount {
        id,
        kind,
        mobile: Some(&mobile),
        email: Some(&email),
        wechat_open_id: None,
        password_hash: &HASH,
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(accounts::table)
        .values(&new)
        .execute(&mut conn)
        .await
        .unwrap();
    (id, email, mobile)
}

/// A school that reviews by `route`.
pub(crate) async fn school(platform: &Platform, route: ReviewRoute) -> SchoolWorld {
    let number = next();
    let school = School {
        id: Uuid::now_v7(),
        code: format!("{:05}", 10_000 + number),
        name: format!("示例大学{number}"),
        contact_phone: None,
        address: None,
        default_review_route: route,
        version: 1,
        voiding_reviewed: false,
    };
    let department = Department {
        id: Uuid::now_v7(),
        school_id: school.id,
        code: "01".into(),
        name: "示例学院".into(),
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(schools::table)
        .values(&school)
        .execute(&mut conn)
        .await
        .unwrap();
    diesel::insert_into(departments::table)
        .values(&department)
        .execute(&mut conn)
        .await
        .unwrap();
    drop(conn);
    SchoolWorld {
        school: school.id,
        department: department.id,
        department_reviewer: reviewer(platform, school.id, Some(department.id)).await,
        school_reviewer: reviewer(platform, school.id, None).await,
    }
}

/// Another department of a school; its id and its reviewer.
pub(crate) async fn department(platform: &Platform, school: Uuid) -> (Uuid, String) {
    let department = Department {
        id: Uuid::now_v7(),
        school_id: school,
        code: format!("{}", next()),
        name: "另一学院".into(),
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(departments::table)
        .values(&department)
        .execute(&mut conn)
        .await
        .unwrap();
    drop(conn);
    (
        department.id,
        reviewer(platform, school, Some(department.id)).await,
    )
}

/// Another reviewer of a school, or of one department of it: the e-mail address.
pub(crate) async fn reviewer(platform: &Platform, school_id: Uuid, department_id: Option<Uuid>) -> String {
    let (account_id, email, _) = account(platform, AccountKind::Reviewer).await;
    let row = Reviewer {
        account_id,
        school_id,
        department_id,
        name: "示例审核人".into(),
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(reviewers::table)
        .values(&row)
        .execute(&mut conn)
        .await
        .unwrap();
    email
}

/// An operator's e-mail address.
pub(crate) async fn operator(platform: &Platform) -> String {
    let (account_id, email, _) = account(platform, AccountKind::Operator).await;
    let row = Operator {
        account_id,
        name: "示例管理员".into(),
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(operators::table)
        .values(&row)
        .execute(&mut conn)
        .await
        .unwrap();
    email
}

/// The class year of every graduate here, whose cut-off is some months away: time is moved in tests.
pub(crate) fn class_year() -> i16 {
    class_leaving_next(shanghai_date(Utc::now()) + TimeDelta::days(100))
}

/// A graduate who has confirmed his data and may sign online, unless `change` says otherwise.
pub(crate) async fn graduate(
    platform: &Platform,
    school: &SchoolWorld,
    change: impl FnOnce(&mut NewGraduate),
) -> Person {
    let (account_id, email, mobile) = account(platform, AccountKind::Graduate).await;
    let number = next();
    let first = format!("000000200501{:02}{:03}", 1 + number / 1000, number % 1000);
    let id_card_number = format!("{first}{}", id_card_check(&first).unwrap());
    let mut new = NewGraduate {
        id: Uuid::now_v7(),
        account_id,
        school_id: school.school,
        department_id: school.department,
        class_year: class_year(),
        student_number: format!("2023{number:06}"),
        name: format!("林示例{number}"),
        gender: Gender::Female,
        id_card_number,
        degree_level: "31".into(),
        major: "软件工程".into(),
        training_mode: "1".into(),
        origin_region: "110108".into(),
        online_signing_allowed: true,
        confirmed_at: Some(Utc::now()),
    };
    change(&mut new);
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(graduates::table)
        .values(&new)
        .execute(&mut conn)
        .await
        .unwrap();
    Person {
        id: new.id,
        email,
        mobile,
        name: new.name,
        student_number: new.student_number,
        id_card_number: new.id_card_number,
    }
}

/// An employer with one member, its administrator.
pub(crate) async fn employer(platform: &Platform, verification: EmployerVerification) -> Company {
    let number = next();
    let first = format!("91000000MA{number:07}");
    let row = Employer {
        id: Uuid::now_v7(),
        credit_code: format!("{first}{}", credit_code_check(&first).unwrap()),
        name: format!("示例科技{number}有限公司"),
        nature: "39".into(),
        industry: "34".into(),
        region: "110108".into(),
        address: "示例路一号".into(),
        verification,
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(employers::table)
        .values(&row)
        .execute(&mut conn)
        .await
        .unwrap();
    drop(conn);
    let member = member_of_role(platform, row.id, MemberRole::Administrator).await;
    Company {
        id: row.id,
        name: row.name,
        member,
    }
}

/// Another member of an employer: the e-mail address.
pub(crate) async fn member(platform: &Platform, employer_id: Uuid) -> String {
    member_of_role(platform, employer_id, MemberRole::Member).await
}

async fn member_of_role(platform: &Platform, employer_id: Uuid, role: MemberRole) -> String {
    let (account_id, email, _) = account(platform, AccountKind::EmployerMember).await;
    let row = EmployerMember {
        account_id,
        employer_id,
        name: "示例经办人".into(),
        role,
    };
    let mut conn = platform.pool.get().await.unwrap();
    diesel::insert_into(employer_members::table)
        .values(&row)
        .execute(&mut conn)
        .await
        .unwrap();
    email
}

/// The account of an e-mail address.
pub(crate) async fn account_of(platform: &Platform, email: &str) -> Uuid {
    let mut conn = platform.pool.get().await.unwrap();
    accounts::table
        .filter(accounts::email.eq(email))
        .select(accounts::id)
        .first(&mut conn)
        .await
        .unwrap()
}
