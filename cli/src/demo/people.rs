//! Writes the demo schools, employers and people: all of them or none.

use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use wangqian_schema::{
    model::{
        account::{AccountKind, NewAccount},
        employer::{EmployerMember, MemberRole},
        reviewer::{Operator, Reviewer},
    },
    tables::{accounts, departments, employer_members, employers, graduates, operators, reviewers, schools},
};

use super::{
    DemoError,
    graduates::{CONFIRMED_BEFORE, Who},
    places::{self, Company, Staff},
};

/// Writes everybody but the operator, in one transaction.
pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    conn.transaction(async |conn| {
        diesel::insert_into(schools::table)
            .values(&places::schools()[..])
            .execute(conn)
            .await?;
        diesel::insert_into(departments::table)
            .values(&places::departments()[..])
            .execute(conn)
            .await?;
        let rows: Vec<_> = Company::ALL
            .into_iter()
            .map(Company::row)
            .collect::<Result<_, _>>()?;
        diesel::insert_into(employers::table)
            .values(rows)
            .execute(conn)
            .await?;
        for staff in Staff::BEFORE_THE_STORY {
            insert_staff(conn, staff, password_hash).await?;
        }
        insert_graduates(conn, password_hash, now - CONFIRMED_BEFORE).await
    })
    .await
}

/// Writes the operator, in one transaction.
pub(super) async fn insert_operator(
    conn: &mut AsyncPgConnection,
    password_hash: &str,
) -> Result<(), DemoError> {
    conn.transaction(async |conn| insert_staff(conn, Staff::Operator, password_hash).await)
        .await
}

async fn insert_staff(
    conn: &mut AsyncPgConnection,
    staff: Staff,
    password_hash: &str,
) -> Result<(), DemoError> {
    let account_id = staff.account_id();
    let name = staff.name().to_owned();
    diesel::insert_into(accounts::table)
        .values(NewAccount {
            id: account_id,
            kind: match staff {
                Staff::Member(..) => AccountKind::EmployerMember,
                Staff::Department(_) | Staff::School(_) => AccountKind::Reviewer,
                Staff::Operator => AccountKind::Operator,
            },
            mobile: Some(&staff.mobile()),
            email: Some(staff.email()),
            wechat_open_id: None,
            password_hash,
        })
        .execute(conn)
        .await?;
    let reviewer = |place: places::Place, department_id| Reviewer {
        account_id,
        school_id: place.school_id(),
        department_id,
        name: name.clone(),
    };
    match staff {
        Staff::Member(company, number) => {
            let row = EmployerMember {
                account_id,
                employer_id: company.id(),
                name,
                role: match number {
                    1 => MemberRole::Administrator,
                    _ => MemberRole::Member,
                },
            };
            diesel::insert_into(employer_members::table)
                .values(row)
                .execute(conn)
                .await?;
        }
        Staff::Department(place) => {
            diesel::insert_into(reviewers::table)
                .values(reviewer(place, Some(place.department_id())))
                .execute(conn)
                .await?;
        }
        Staff::School(place) => {
            diesel::insert_into(reviewers::table)
                .values(reviewer(place, None))
                .execute(conn)
                .await?;
        }
        Staff::Operator => {
            diesel::insert_into(operators::table)
                .values(Operator { account_id, name })
                .execute(conn)
                .await?;
        }
    }
    Ok(())
}

async fn insert_graduates(
    conn: &mut AsyncPgConnection,
    password_hash: &str,
    confirmed_at: DateTime<Utc>,
) -> Result<(), DemoError> {
    for who in Who::all() {
        // Every fifth has not bound WeChat, so that the status NO_ADDRESS is seen as well.
        let wechat = (who.number() % 5 != 0).then(|| format!("demo-wechat-{:04}", who.number()));
        diesel::insert_into(accounts::table)
            .values(NewAccount {
                id: who.account_id(),
                kind: AccountKind::Graduate,
                mobile: Some(&who.mobile()),
                email: Some(&who.email()),
                wechat_open_id: wechat.as_deref(),
                password_hash,
            })
            .execute(conn)
            .await?;
    }
    let rows: Vec<_> = Who::all()
        .map(|who| who.row(confirmed_at))
        .collect::<Result<_, _>>()?;
    diesel::insert_into(graduates::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}
