//! The step that begins a case: an employer invites a graduate, once for each key of a request.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{prelude::*, result::Error as DieselError};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::{
    Actor, AgreementStep, Doer, StepError, claimed, flow::decide_and_apply, refused_by, trail::record_first,
};
use crate::{
    Platform,
    checks::CreditCode,
    clock::{end_of_day, format_day},
    jobs,
    messages::owed,
    model::{
        Viewer,
        agreement::{self, Agreement, AgreementView},
        employer::EmployerVerification,
        leaving_period::LastDay,
        terms::{FieldError, TermsDraft},
    },
    tables::{agreements, employers, graduates},
    workflow::{
        ActorRole, Refusal,
        agreement::{
            AgreementAction, AgreementChannel, AgreementStatus, InviteFacts, REMINDER_LEAD, decide_invite,
        },
    },
};

/// Longest time that an invitation may stay open.
pub const MAX_RESPONSE_TIME: chrono::TimeDelta = chrono::TimeDelta::days(180);

/// What an employer sends to a graduate.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Whom it is for.
    pub graduate_id: Uuid,
    /// What is offered, as filled in.
    pub terms: TermsDraft,
    /// Until when, exclusively, it may be answered.
    pub response_deadline: DateTime<Utc>,
}

/// The caller's key of a creating request, with the hash of the whole request.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// Chosen by the caller.
    pub key: String,
    /// Of the request's body.
    pub request_hash: [u8; 32],
}

/// Claims the key of a request that invites several graduates, before any of them is looked at: so that the same key with
/// another body is refused even where no part of the two is the same. Whoever may not invite claims nothing.
///
/// # Errors
/// [`StepError::KeyReused`], and the refusals of somebody who may not invite.
pub async fn claim_request(
    platform: &Platform,
    viewer: &Viewer,
    key: &IdempotencyKey,
) -> Result<(), StepError> {
    let Viewer::EmployerMember {
        account_id,
        employer_id,
    } = *viewer
    else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    let verification: EmployerVerification = employers::table
        .find(employer_id)
        .select(employers::verification)
        .first(&mut conn)
        .await?;
    if verification != EmployerVerification::Verified {
        return Err(Refusal::EmployerNotVerified.into());
    }
    let now = platform.clock.now();
    claimed(
        &mut conn,
        account_id,
        &key.key,
        &key.request_hash,
        Uuid::nil(),
        now,
    )
    .await?;
    Ok(())
}

/// Invites one graduate. An earlier invitation of the same employer whose deadline has passed is expired on the way, so
/// that it does not stand in the way when the worker is late.
///
/// # Errors
/// [`StepError`]; nothing is written then.
pub async fn invite(
    platform: &Platform,
    viewer: &Viewer,
    invitation: &Invitation,
    key: Option<&IdempotencyKey>,
) -> Result<AgreementView, StepError> {
    let Viewer::EmployerMember {
        account_id,
        employer_id,
    } = *viewer
    else {
        return Err(Refusal::NotYourRole.into());
    };
    let mut conn = platform.pool.get().await?;
    let invited = conn
        .transaction(async |conn| {
            let now = platform.clock.now();
            let id = Uuid::now_v7();
            if let Some(key) = key {
                // One key for each graduate of a request: what was committed before a crash is not done again.
                let item = format!("{}/{}", key.key, invitation.graduate_id);
                if let Some(id) = claimed(conn, account_id, &item, &key.request_hash, id, now).await? {
                    return agreement::find(conn, viewer, id)
                        .await?
                        .ok_or(StepError::NotFound);
                }
            }
            invite_in(platform, conn, viewer, employer_id, id, invitation, now).await
        })
        .await?;
    platform.waker.wake();
    Ok(invited)
}

async fn invite_in(
    platform: &Platform,
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    employer_id: Uuid,
    id: Uuid,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Result<AgreementView, StepError> {
    type EmployerRow = (String, String, EmployerVerification);
    let (name, credit_code, verification): EmployerRow = employers::table
        .find(employer_id)
        .select((employers::name, employers::credit_code, employers::verification))
        .first(conn)
        .await?;
    let verified = verification == EmployerVerification::Verified;
    if !verified {
        // Before the graduate is looked at: an employer that may not act learns nothing of anybody.
        return Err(Refusal::EmployerNotVerified.into());
    }
    let graduate: Option<(Uuid, Uuid, bool, NaiveDate)> = graduates::table
        .find(invitation.graduate_id)
        .select((
            graduates::school_id,
            graduates::department_id,
            graduates::online_signing_allowed,
            LastDay,
        ))
        // A correction that moves him to another department waits for this invitation, and takes it along.
        .for_share()
        .first(conn)
        .await
        .optional()?;
    let (school_id, department_id, online_signing_allowed, last_day) = graduate.ok_or(StepError::NotFound)?;

    let credit_code = CreditCode::parse(&credit_code)
        .map_err(|error| DieselError::DeserializationError(Box::new(error)))?;
    let doer = Doer {
        actor: Actor::Viewer(*viewer),
        role: ActorRole::Employer,
        now,
    };
    let cut_off = doer.may_begin(last_day);
    let mut wrong = Vec::new();
    let deadline = DateTime::from_timestamp_micros(invitation.response_deadline.timestamp_micros())
        .unwrap_or(invitation.response_deadline);
    if deadline <= now || deadline > now + MAX_RESPONSE_TIME {
        wrong.push(FieldError {
            field: "responseDeadline",
            message: format!("应晚于当前时间，且不超过 {} 天", MAX_RESPONSE_TIME.num_days()),
        });
    } else if cut_off.is_ok() && deadline > end_of_day(last_day) {
        // After that day he may accept nothing any more.
        wrong.push(FieldError {
            field: "responseDeadline",
            message: format!(
                "不能晚于该毕业生可签约的最后一天（{}）结束时",
                format_day(last_day)
            ),
        });
    }
    let terms = match invitation.terms.check(&name, credit_code) {
        Ok(terms) if wrong.is_empty() => terms,
        Ok(_) => return Err(StepError::Invalid(wrong)),
        Err(errors) => {
            wrong.extend(errors);
            return Err(StepError::Invalid(wrong));
        }
    };

    let mut live = agreement::lock_live(conn, employer_id, invitation.graduate_id).await?;
    if let Some(view) = &live
        && view.agreement.status == AgreementStatus::Invited
        && view
            .agreement
            .response_deadline
            .is_some_and(|deadline| deadline <= now)
    {
        let doer = Doer {
            actor: Actor::Worker,
            role: ActorRole::Worker,
            now,
        };
        decide_and_apply(platform, conn, view.clone(), &doer, &AgreementStep::Expire).await?;
        live = None;
    }
    decide_invite(InviteFacts {
        employer_verified: verified,
        online_signing_allowed,
        live: live.map(|view| view.agreement.status),
    })?;
    cut_off?;

    let inserted: Agreement = diesel::insert_into(agreements::table)
        .values((
            agreements::id.eq(id),
            agreements::channel.eq(AgreementChannel::Online),
            agreements::status.eq(AgreementStatus::Invited),
            agreements::graduate_id.eq(invitation.graduate_id),
            agreements::employer_id.eq(employer_id),
            agreements::school_id.eq(school_id),
            agreements::department_id.eq(department_id),
            agreements::terms.eq(terms),
            agreements::response_deadline.eq(deadline),
            agreements::invited_at.eq(now),
            agreements::updated_at.eq(now),
        ))
        .returning(Agreement::as_returning())
        .get_result(conn)
        .await
        // Two members of an employer may invite at the same moment.
        .map_err(refused_by(
            "agreements_one_live_per_employer",
            Refusal::AlreadyInvited,
        ))?;
    let mut view = agreement::find(conn, viewer, inserted.id)
        .await?
        .ok_or(StepError::NotFound)?;
    let action = AgreementAction::Invite;
    let owed = owed(inserted.channel, action, inserted.status);
    record_first(conn, &mut view, &doer, (action.as_str(), json!({})), owed).await?;
    jobs::enqueue(conn, &jobs::ExpireInvitation { agreement_id: id }, deadline).await?;
    let reminder = deadline - REMINDER_LEAD;
    if reminder > now {
        jobs::enqueue(conn, &jobs::RemindInvitation { agreement_id: id }, reminder).await?;
    }
    Ok(view)
}
