//! Steps on the accounts of a school's reviewers. No password is ever made for them: each sets his own by a code that goes to
//! his address.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Held, changes, claim};
use crate::{
    Platform,
    messages::MessageTemplate,
    model::{
        Viewer,
        account::{self, AccountKind, NewAccount},
        message::{self, Channel, OwedBy},
        registration::check_member_name,
        reviewer::{self, Reviewer, ReviewerAccount, ReviewerDetails, ReviewerDraft},
        school, session,
        terms::FieldError,
    },
    password,
    step::{IdempotencyKey, StepError, role_of_person, taken_by_constraint},
    tables::{accounts, reviewers},
    workflow::school::{SchoolAction, SchoolFacts, decide, permit},
};

/// A reviewer to be added.
#[derive(Clone, Debug)]
pub struct NewReviewer {
    /// Who he is.
    pub reviewer: ReviewerDraft,
    /// The department for which he reviews; `None` for the whole school, which he then also runs.
    pub department_id: Option<Uuid>,
}

/// Opens the account of a reviewer, who is told. The same key with the same input gives the same reviewer.
///
/// # Errors
/// [`StepError`]: [`StepError::AlreadyTaken`] of `email` or `mobile` where it is an account's; nothing is written then.
pub async fn add_reviewer(
    platform: &Platform,
    viewer: &Viewer,
    school_id: Option<Uuid>,
    new: &NewReviewer,
    key: &IdempotencyKey,
) -> Result<ReviewerAccount, StepError> {
    let action = SchoolAction::AddReviewer;
    let school_id = Held::school(viewer, school_id, action)?;
    let details = new.reviewer.check().map_err(StepError::Invalid)?;
    let mut conn = platform.pool.get().await?;
    let added = conn
        .transaction(async |conn| {
            let mut held = Held::lock(platform, conn, viewer, school_id).await?;
            let id = Uuid::now_v7();
            let seen = claim(conn, viewer, key, id, held.doer.now).await?;
            if seen.is_none() {
                open_account(conn, &mut held, id, &details, new.department_id).await?;
            }
            reviewer::find(conn, viewer, seen.unwrap_or(id))
                .await?
                .ok_or(StepError::NotFound)
        })
        .await?;
    platform.waker.wake();
    Ok(added)
}

/// Opens an account that no password fits, with its event and the messages that say how a password is set.
pub(super) async fn open_account(
    conn: &mut AsyncPgConnection,
    held: &mut Held,
    account_id: Uuid,
    details: &ReviewerDetails,
    department_id: Option<Uuid>,
) -> Result<(), StepError> {
    let school_id = held.school.id;
    let place = match department_id {
        Some(id) => department_name(conn, school_id, id).await?,
        None => "全校".to_owned(),
    };
    let account = NewAccount {
        id: account_id,
        kind: AccountKind::Reviewer,
        mobile: details.mobile.as_ref().map(|mobile| mobile.as_str()),
        email: details.email.as_ref().map(|email| email.as_str()),
        wechat_open_id: None,
        password_hash: password::NOBODYS_HASH,
    };
    diesel::insert_into(accounts::table)
        .values(&account)
        .execute(conn)
        .await
        .map_err(taken_by_constraint(&[
            ("accounts_email_key", "email"),
            ("accounts_mobile_key", "mobile"),
        ]))?;
    let row = Reviewer {
        account_id,
        school_id,
        department_id,
        name: details.name.clone(),
    };
    diesel::insert_into(reviewers::table)
        .values(&row)
        .execute(conn)
        .await?;
    // No name and no address: events outlive corrections.
    let changes = json!({ "reviewer": account_id, "department": department_id });
    let event_id = held.record(conn, SchoolAction::AddReviewer, &changes).await?;
    let channels: Vec<Channel> = [
        account.email.map(|_| Channel::Email),
        account.mobile.map(|_| Channel::Sms),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (now, template) = (held.doer.now, MessageTemplate::ReviewerAdded);
    let params = json!({ "name": details.name, "school": held.school.name, "place": place });
    let messages = message::addressed(
        OwedBy::Event(event_id),
        &[account_id],
        &channels,
        template,
        &params,
        now,
    );
    message::owe(conn, &messages).await?;
    Ok(())
}

async fn department_name(
    conn: &mut AsyncPgConnection,
    school_id: Uuid,
    id: Uuid,
) -> Result<String, StepError> {
    match school::department_of(conn, school_id, id).await? {
        Some(department) => Ok(department.name),
        None => Err(StepError::Invalid(vec![FieldError {
            field: "place.departmentId",
            message: "本校没有此院系".to_owned(),
        }])),
    }
}

/// Gives a reviewer another name, or has him review for something else: `Some(None)` for the whole school. Whoever is moved has to
/// log in again. One that changes nothing does nothing.
///
/// # Errors
/// [`StepError`]: [`StepError::NotFound`] for whoever is no reviewer of the viewer's school; nothing is written then.
pub async fn update_reviewer(
    platform: &Platform,
    viewer: &Viewer,
    account_id: Uuid,
    name: Option<&str>,
    place: Option<Option<Uuid>>,
) -> Result<ReviewerAccount, StepError> {
    let action = SchoolAction::UpdateReviewer;
    let school_id = Held::school(viewer, None, action)?;
    let name = name
        .map(check_member_name)
        .transpose()
        .map_err(StepError::Invalid)?;
    let mut conn = platform.pool.get().await?;
    let updated = conn
        .transaction(async |conn| {
            let mut held = Held::lock(platform, conn, viewer, school_id).await?;
            let before = of_school(conn, viewer, school_id, account_id).await?;
            let department_id = place.unwrap_or(before.department_id);
            let moves = department_id != before.department_id;
            let facts = SchoolFacts {
                moves,
                ..facts(conn, viewer, &before).await?
            };
            decide(action, held.doer.role, facts)?;
            if let (true, Some(id)) = (moves, department_id) {
                department_name(conn, school_id, id).await?;
            }
            let after = ReviewerAccount {
                name: name.unwrap_or_else(|| before.name.clone()),
                department_id,
                ..before.clone()
            };
            let renamed = after.name != before.name;
            let moved = changes(&[(
                "department",
                &json!(before.department_id),
                &json!(after.department_id),
            )]);
            if !renamed && moved.is_none() {
                return Ok(before);
            }
            diesel::update(reviewers::table.find(account_id))
                .set((
                    reviewers::name.eq(&after.name),
                    reviewers::department_id.eq(after.department_id),
                ))
                .execute(conn)
                .await?;
            if moves {
                // Held, so that no log-in of this moment is left over.
                account::lock(conn, account_id).await?;
                session::end_all(conn, account_id, None, held.doer.now).await?;
            }
            let mut changes = moved.unwrap_or_else(|| json!({}));
            changes["reviewer"] = json!(account_id);
            if renamed {
                changes["renamed"] = Value::Bool(true);
            }
            held.record(conn, action, &changes).await?;
            Ok::<_, StepError>(after)
        })
        .await?;
    platform.waker.wake();
    Ok(updated)
}

/// Disables a reviewer's account, which ends its sessions at once, or enables it again.
///
/// # Errors
/// [`StepError::NotFound`] for whoever is no reviewer of the viewer's school, and the refusals; nothing is written then.
pub async fn set_reviewer_enabled(
    platform: &Platform,
    viewer: &Viewer,
    account_id: Uuid,
    enabled: bool,
) -> Result<ReviewerAccount, StepError> {
    let action = match enabled {
        true => SchoolAction::EnableReviewer,
        false => SchoolAction::DisableReviewer,
    };
    permit(action, role_of_person(viewer))?;
    let mut conn = platform.pool.get().await?;
    let set = conn
        .transaction(async |conn| {
            let found = reviewer::find(conn, viewer, account_id)
                .await?
                .ok_or(StepError::NotFound)?;
            let mut held = Held::lock(platform, conn, viewer, found.school_id).await?;
            let before = of_school(conn, viewer, found.school_id, account_id).await?;
            decide(action, held.doer.role, facts(conn, viewer, &before).await?)?;
            let disabled_at = account::set_enabled(conn, account_id, enabled, held.doer.now).await?;
            let changes = json!({ "reviewer": account_id });
            held.record(conn, action, &changes).await?;
            Ok::<_, StepError>(ReviewerAccount {
                disabled_at,
                ..before
            })
        })
        .await?;
    platform.waker.wake();
    Ok(set)
}

/// A reviewer of a school that this transaction holds.
async fn of_school(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    school_id: Uuid,
    account_id: Uuid,
) -> Result<ReviewerAccount, StepError> {
    let found = reviewer::find(conn, viewer, account_id).await?;
    found
        .filter(|reviewer| reviewer.school_id == school_id)
        .ok_or(StepError::NotFound)
}

/// What the rules look at of a reviewer who stays where he is.
async fn facts(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    reviewer: &ReviewerAccount,
) -> Result<SchoolFacts, StepError> {
    let ReviewerAccount {
        account_id,
        school_id,
        ..
    } = *reviewer;
    let enabled = reviewer.disabled_at.is_none();
    let runs_the_school = enabled && reviewer.department_id.is_none();
    Ok(SchoolFacts {
        own_account: account_id == viewer.account_id(),
        reviewer_enabled: enabled,
        last_of_school: runs_the_school && !reviewer::another_of_school(conn, school_id, account_id).await?,
        ..SchoolFacts::default()
    })
}
