//! The jobs' payloads, and how one is enqueued inside the transaction of the step that owes it. Taking and running
//! them is the worker's business.

use chrono::{DateTime, Utc};
use diesel::ExpressionMethods;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Kept, tables::jobs};

/// What a row of the table `jobs` carries: one payload type a queue.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue's name; also the name in metrics and logs.
    const QUEUE: &'static str;
    /// How often the job may be begun, crashes included, before it is parked for an operator.
    const MAX_ATTEMPTS: i32;
    /// Higher runs first within the queue.
    const PRIORITY: i16 = 0;

    /// While a job with this key is unfinished a second one is not enqueued; `None` never deduplicates.
    fn unique_key(&self) -> Option<String> {
        None
    }
}

/// Ends an invitation at its deadline. Idempotent: an answered invitation is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpireInvitation {
    /// The agreement that is an invitation.
    pub agreement_id: Uuid,
}

impl Job for ExpireInvitation {
    const QUEUE: &'static str = "expire_invitation";
    const MAX_ATTEMPTS: i32 = 25;
    const PRIORITY: i16 = 2;

    fn unique_key(&self) -> Option<String> {
        Some(self.agreement_id.to_string())
    }
}

/// Reminds the graduate 24 hours before the deadline. Idempotent: the reminder is an event that exists once a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemindInvitation {
    /// The agreement that is an invitation.
    pub agreement_id: Uuid,
}

impl Job for RemindInvitation {
    const QUEUE: &'static str = "remind_invitation";
    const MAX_ATTEMPTS: i32 = 25;

    fn unique_key(&self) -> Option<String> {
        Some(self.agreement_id.to_string())
    }
}

/// Renders the paper kept in `documents` to a PDF and stores it. Idempotent: the same paper gives the same bytes under
/// the same key, and only the first to finish marks the document as ready. Of one that is ready it puts the PDF there again if
/// the store has lost it, and changes nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderDocument {
    /// The row of `documents`.
    pub document_id: Uuid,
}

impl Job for RenderDocument {
    const QUEUE: &'static str = "render_document";
    const MAX_ATTEMPTS: i32 = 15;

    fn unique_key(&self) -> Option<String> {
        Some(self.document_id.to_string())
    }
}

/// Sends one message to one person through one outside channel. Idempotent as far as the provider lets it be: the
/// message's id travels along (Message-ID of a mail, file name in the outbox), and a sent one is not sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// The row of `messages`.
    pub message_id: Uuid,
}

impl Job for SendMessage {
    const QUEUE: &'static str = "send_message";
    const MAX_ATTEMPTS: i32 = 20;

    fn unique_key(&self) -> Option<String> {
        Some(self.message_id.to_string())
    }
}

/// Makes a code and sends it to the address that it is to prove. A repetition makes and sends a new one, and the one before
/// is good for nothing: so the code need not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendPasscode {
    /// The row of `passcodes`.
    pub passcode_id: Uuid,
}

impl Job for SendPasscode {
    const QUEUE: &'static str = "send_passcode";
    const MAX_ATTEMPTS: i32 = 8;
    const PRIORITY: i16 = 2;

    fn unique_key(&self) -> Option<String> {
        Some(self.passcode_id.to_string())
    }
}

/// Sends a notice about an account to one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendNotice {
    /// The row of `account_notices`.
    pub notice_id: Uuid,
}

impl Job for SendNotice {
    const QUEUE: &'static str = "send_notice";
    const MAX_ATTEMPTS: i32 = 20;

    fn unique_key(&self) -> Option<String> {
        Some(self.notice_id.to_string())
    }
}

/// Makes the link with which a colleague joins an employer and sends it. A repetition makes and sends a new one, and the one
/// before is good for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendMemberInvitation {
    /// The row of `member_invitations`.
    pub invitation_id: Uuid,
}

impl Job for SendMemberInvitation {
    const QUEUE: &'static str = "send_member_invitation";
    const MAX_ATTEMPTS: i32 = 15;

    fn unique_key(&self) -> Option<String> {
        Some(self.invitation_id.to_string())
    }
}

/// Works through a roster that a school handed in, or puts an import away whose file never came. Idempotent: each batch of
/// rows is one transaction with the count of rows done, so a second run goes on where the first stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportGraduates {
    /// The row of `graduate_imports`.
    pub import_id: Uuid,
}

impl Job for ImportGraduates {
    const QUEUE: &'static str = "import_graduates";
    const MAX_ATTEMPTS: i32 = 10;

    fn unique_key(&self) -> Option<String> {
        Some(self.import_id.to_string())
    }
}

/// Inserts of at most so many jobs are kept prepared, each number a statement of its own.
const FEW: usize = 32;

/// Inserts a job that becomes due at `run_at`, in the caller's transaction: it exists exactly if the step does.
///
/// # Errors
/// The database's; a duplicate of an unfinished unique key is no error and leaves the first job as it is.
pub async fn enqueue<J: Job>(
    conn: &AsyncPgConnection,
    job: &J,
    run_at: DateTime<Utc>,
) -> diesel::QueryResult<()> {
    enqueue_all(conn, std::slice::from_ref(job), run_at).await?;
    Ok(())
}

/// Has a job run at once that waits for a later time, or inserts it where there is none.
///
/// # Errors
/// The database's.
pub async fn hurry<J: Job>(conn: &AsyncPgConnection, job: &J, now: DateTime<Utc>) -> diesel::QueryResult<()> {
    let mut of_job = conn;
    let waiting = diesel::update(jobs::table)
        .filter(jobs::queue.eq(J::QUEUE))
        .filter(jobs::unique_key.eq(job.unique_key()))
        .filter(jobs::state.eq("READY"))
        .set(jobs::run_at.eq(now))
        .execute(&mut of_job)
        .await?;
    if waiting == 0 {
        enqueue(conn, job, now).await?;
    }
    Ok(())
}

/// Inserts several jobs of one kind in one statement, and gives how many were no duplicates; otherwise like [`enqueue`].
///
/// # Errors
/// The database's.
pub async fn enqueue_all<J: Job>(
    mut conn: &AsyncPgConnection,
    all: &[J],
    run_at: DateTime<Utc>,
) -> diesel::QueryResult<usize> {
    if all.is_empty() {
        return Ok(0);
    }
    let rows = all
        .iter()
        .map(|job| {
            let payload = serde_json::to_value(job)
                .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
            Ok((
                jobs::queue.eq(J::QUEUE),
                jobs::payload.eq(payload),
                jobs::priority.eq(J::PRIORITY),
                jobs::max_attempts.eq(J::MAX_ATTEMPTS),
                jobs::unique_key.eq(job.unique_key()),
                jobs::run_at.eq(run_at),
            ))
        })
        .collect::<diesel::QueryResult<Vec<_>>>()?;
    let few = rows.len() <= FEW;
    let insert = diesel::insert_into(jobs::table)
        .values(rows)
        .on_conflict_do_nothing();
    if few {
        Kept(insert).execute(&mut conn).await
    } else {
        insert.execute(&mut conn).await
    }
}
