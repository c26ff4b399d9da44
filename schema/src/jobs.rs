//! The jobs' payloads, and how one is enqueued inside the transaction of the step that owes it. Taking and running
//! them is the worker's business.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::{Kept, tables::jobs, text_enum::text_enum};

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

/// Makes the manual of a release and stores it. Idempotent: the same text goes under the same key, and gives the same bytes. What is asked for by a
/// release that is not the worker's own is left alone: whoever needs it asks again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishManual {
    /// SHA-256 of its text and data, in hexadecimal.
    pub source_sha256: String,
}

impl Job for PublishManual {
    const QUEUE: &'static str = "publish_manual";
    const MAX_ATTEMPTS: i32 = 10;

    fn unique_key(&self) -> Option<String> {
        Some(self.source_sha256.clone())
    }
}

/// Renders the paper kept in `destination_sheets` to a PDF and stores it; otherwise like [`RenderDocument`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderSheet {
    /// The row of `destination_sheets`.
    pub sheet_id: Uuid,
}

impl Job for RenderSheet {
    const QUEUE: &'static str = "render_sheet";
    const MAX_ATTEMPTS: i32 = 15;

    fn unique_key(&self) -> Option<String> {
        Some(self.sheet_id.to_string())
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

/// Makes the link by which an employer's contact hands the stamped copy in, and sends it through one channel. A repetition makes
/// and sends a new one, and the one before is good for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendStampedCopyLink {
    /// The row of `stamped_copy_links`.
    pub link_id: Uuid,
}

impl Job for SendStampedCopyLink {
    const QUEUE: &'static str = "send_stamped_copy_link";
    const MAX_ATTEMPTS: i32 = 15;

    fn unique_key(&self) -> Option<String> {
        Some(self.link_id.to_string())
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

/// Writes an export into a file and stores it. Idempotent: a run that is begun again writes all of it anew under a key of its own, and only
/// the last one to begin makes the export ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportRecords {
    /// The row of `record_exports`.
    pub export_id: Uuid,
}

impl Job for ExportRecords {
    const QUEUE: &'static str = "export_records";
    const MAX_ATTEMPTS: i32 = 10;

    fn unique_key(&self) -> Option<String> {
        Some(self.export_id.to_string())
    }
}

/// Looks at a file that was handed in for a case, and stores a clean copy of it where no link reaches it. Idempotent: what is stored
/// is noted before, the same file gives the same copy under the same key, and only an upload that is still looked at becomes ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckUpload {
    /// The row of `uploads`.
    pub upload_id: Uuid,
}

impl Job for CheckUpload {
    const QUEUE: &'static str = "check_upload";
    const MAX_ATTEMPTS: i32 = 15;

    fn unique_key(&self) -> Option<String> {
        Some(self.upload_id.to_string())
    }
}

text_enum! {
    /// What is kept for a while only.
    pub enum Pruned {
        /// Jobs that were done.
        DoneJobs = "DONE_JOBS",
        /// Counts of attempts to log in and of requests.
        Throttles = "THROTTLES",
        /// Codes that ran out, with the addresses to which they went.
        Passcodes = "PASSCODES",
        /// Invitations to join an employer that are over.
        MemberInvitations = "MEMBER_INVITATIONS",
        /// Assignments of cases to reviewers that are over.
        ReviewAssignments = "REVIEW_ASSIGNMENTS",
        /// Links for the stamped copy that are over.
        StampedCopyLinks = "STAMPED_COPY_LINKS",
        /// Files that were handed in and not used.
        Uploads = "UPLOADS",
        /// Exports that have expired, with their files.
        RecordExports = "RECORD_EXPORTS",
        /// Callers' keys of creating mutations and of registrations.
        IdempotencyKeys = "IDEMPOTENCY_KEYS",
        /// Sessions whose lives ended.
        Sessions = "SESSIONS",
    }
}

/// Deletes what was kept long enough. Idempotent: what is gone is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prune {
    /// Of what.
    pub what: Pruned,
}

impl Job for Prune {
    const QUEUE: &'static str = "prune";
    const MAX_ATTEMPTS: i32 = 10;
}

/// Tells each reviewer what waits for him on a day. Idempotent: a reviewer is told once a day through each channel, and nobody once the
/// day is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestReviews {
    /// The day in Asia/Shanghai.
    pub day: NaiveDate,
}

impl Job for DigestReviews {
    const QUEUE: &'static str = "digest_reviews";
    const MAX_ATTEMPTS: i32 = 10;
}

/// Tells the graduates of the classes whose confirmation period is open by a day, those who have not been told of it. Idempotent: a graduate
/// is told once of a period through each channel, and nobody once the day is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnounceLeaving {
    /// The day in Asia/Shanghai.
    pub day: NaiveDate,
    /// Of this school alone; of all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_id: Option<Uuid>,
}

impl Job for AnnounceLeaving {
    const QUEUE: &'static str = "announce_leaving";
    const MAX_ATTEMPTS: i32 = 10;
}

/// Folds changes of the figures into the counts. Idempotent: a change is in one of both tables, and a run that is broken off leaves the
/// rest to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldFigures {}

impl Job for FoldFigures {
    const QUEUE: &'static str = "fold_figures";
    const MAX_ATTEMPTS: i32 = 10;
}

/// Keeps the figures as those of a day. Idempotent: a school of which there is a snapshot of the day keeps it, and nothing is taken once
/// the day is too long over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotFigures {
    /// The day in Asia/Shanghai.
    pub day: NaiveDate,
}

impl Job for SnapshotFigures {
    const QUEUE: &'static str = "snapshot_figures";
    const MAX_ATTEMPTS: i32 = 10;
    const PRIORITY: i16 = 1;
}

/// What the key of a recurring job's tick begins with. By the index `jobs_tick` such a key holds for as long as the row is
/// kept, and not only while the job is unfinished.
pub const TICK_PREFIX: &str = "cron:";

/// Inserts of at most so many jobs are kept prepared, each number a statement of its own.
const FEW: usize = 32;

/// Inserts a job that becomes due at `run_at`, in the caller's transaction: it exists exactly if the step does.
///
/// # Errors
/// The database's; a duplicate of an unfinished unique key is no error and leaves the first job as it is.
pub async fn enqueue<J: Job>(conn: &AsyncPgConnection, job: &J, run_at: DateTime<Utc>) -> QueryResult<()> {
    enqueue_all(conn, std::slice::from_ref(job), run_at).await?;
    Ok(())
}

/// Has a job run at once that waits for a later time, or inserts it where there is none.
///
/// # Errors
/// The database's.
pub async fn hurry<J: Job>(conn: &AsyncPgConnection, job: &J, now: DateTime<Utc>) -> QueryResult<()> {
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
) -> QueryResult<usize> {
    if all.is_empty() {
        return Ok(0);
    }
    let rows = all
        .iter()
        .map(|job| NewJob::of(job, job.unique_key(), run_at))
        .collect::<QueryResult<Vec<_>>>()?;
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

/// Inserts the job of a tick of the recurring job `name`, unless the cluster has it: waiting, running, done or parked. Says
/// whether it did.
///
/// # Errors
/// The database's.
pub async fn enqueue_tick<J: Job>(
    conn: &mut AsyncPgConnection,
    job: &J,
    name: &str,
    tick: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let tick = tick.to_rfc3339_opts(SecondsFormat::Secs, true);
    let key = format!("{TICK_PREFIX}{name}:{tick}");
    let inserted = diesel::insert_into(jobs::table)
        .values(NewJob::of(job, Some(key), now)?)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

#[derive(Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
struct NewJob {
    queue: &'static str,
    payload: Value,
    priority: i16,
    max_attempts: i32,
    unique_key: Option<String>,
    run_at: DateTime<Utc>,
}

impl NewJob {
    fn of<J: Job>(job: &J, unique_key: Option<String>, run_at: DateTime<Utc>) -> QueryResult<Self> {
        let payload = serde_json::to_value(job)
            .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
        Ok(Self {
            queue: J::QUEUE,
            payload,
            priority: J::PRIORITY,
            max_attempts: J::MAX_ATTEMPTS,
            unique_key,
            run_at,
        })
    }
}
