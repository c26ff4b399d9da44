//! Stuck work: what should have been expired, reminded of, rendered, looked at, exported or sent by now and was not. Found in the cases
//! themselves and not only among the jobs, so that a job that was lost shows as well. What is found can be driven again.

mod drive;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub use self::drive::{drive, restore, retry, sweep};
use crate::{
    fixed_sql,
    jobs::{Job, RenderDocument, RenderSheet},
    model::{
        Page, PageRequest, Viewer,
        stored_paper::{PaperOf, StoredPaper},
    },
    tables::jobs as jobs_table,
    text_enum::text_enum,
    workflow::agreement::REMINDER_LEAD,
};

/// For how long work may be owed before it counts as stuck: enough for the first few attempts on a busy day.
pub const GRACE: TimeDelta = TimeDelta::minutes(2);

text_enum! {
    /// What was to be done.
    pub enum StuckWorkKind {
        /// An invitation whose deadline has passed is still open.
        Expiry = "EXPIRY",
        /// The graduate was not reminded of an invitation in its last 24 hours.
        Reminder = "REMINDER",
        /// The paper of an agreement is not rendered and stored.
        Document = "DOCUMENT",
        /// The sheet of what a graduate has confirmed is not rendered and stored.
        DestinationSheet = "DESTINATION_SHEET",
        /// A message has not left the platform.
        Message = "MESSAGE",
        /// A notice about an account has not left the platform.
        Notice = "NOTICE",
        /// The link of an invitation to join an employer has not left the platform.
        MemberInvitation = "MEMBER_INVITATION",
        /// A link for the stamped copy that was not sent to the employer's contact.
        StampedCopyLink = "STAMPED_COPY_LINK",
        /// A roster that a school handed in does not go on.
        Import = "IMPORT",
        /// A file that was handed in for a case is not looked at.
        Upload = "UPLOAD",
        /// An export that a reviewer asked for is not made.
        Export = "EXPORT",
        /// A tick of a recurring job was not done. Found among the jobs: nothing else says that it is owed. A parked tick is left
        /// out once a later one of the same job has been begun or done: each does all that is there to be done.
        Recurring = "RECURRING",
        /// The manual of a release was asked for and is not made. Found among the jobs, too; a parked one is left out once it, or a
        /// later one, was made.
        Manual = "MANUAL",
    }
}

text_enum! {
    /// How the job of a piece of work stands. One that is done does not count: a new one takes its place when the work is owed
    /// all the same.
    pub enum JobState {
        /// It waits for its time: for its first attempt, or for the next.
        Ready = "READY",
        /// A worker is at it.
        Running = "RUNNING",
        /// Its attempts are used up, or it cannot succeed as things are: it waits for an operator.
        Parked = "PARKED",
    }
}

/// Where a piece of work stands in the list: since when it is owed, and its id.
pub type StuckWorkKey = (DateTime<Utc>, Uuid);

/// A piece of work that is stuck, with its job where there is one that is not done.
#[derive(QueryableByName, Clone, Debug)]
pub struct StuckWork {
    /// The agreement, document, sheet, message, notice, invitation, import, upload or export that it is about, by its kind; made of the job's key for a
    /// recurring job and the manual.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// What was to be done.
    #[diesel(sql_type = Text)]
    pub kind: StuckWorkKind,
    /// The case whose step owes it: an agreement, of a sheet the confirmation, or for messages also a termination, a graduate or an employer; of a notice and of a daily digest
    /// the account, of an invitation to join the employer. An import, an upload, an export, a recurring job and the manual are their own.
    #[diesel(sql_type = SqlUuid)]
    pub case_id: Uuid,
    /// Since when it is owed.
    #[diesel(sql_type = Timestamptz)]
    pub owed_since: DateTime<Utc>,
    /// Which recurring job.
    #[diesel(sql_type = Nullable<Text>)]
    pub recurring: Option<String>,
    /// The queue and the unique key of its job.
    #[diesel(sql_type = Text)]
    queue: String,
    #[diesel(sql_type = Text)]
    job_key: String,
    /// Whether the row itself says that it was given up.
    #[diesel(sql_type = Bool)]
    given_up: bool,
    /// How its job stands; `None` when there is none, which the next sweep mends.
    #[diesel(sql_type = Nullable<Text>)]
    pub job_state: Option<JobState>,
    /// How often the job was begun.
    #[diesel(sql_type = Nullable<Integer>)]
    pub attempt: Option<i32>,
    /// How often it may be begun.
    #[diesel(sql_type = Nullable<Integer>)]
    pub max_attempts: Option<i32>,
    /// When it is tried next.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// How the last attempt failed; without personal data.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_error: Option<String>,
}

impl StuckWork {
    /// Its place in the list.
    pub fn key(&self) -> StuckWorkKey {
        (self.owed_since, self.id)
    }
}

/// One source of the list: a range of a partial index, in the list's order, no longer than a page. `$key` is the index's
/// column, and `$shift` what is added to a place in the list to compare it with that column.
macro_rules! source {
    // Of a table whose job has the row's id as its key.
    ($kind:literal, $queue:literal, $case:literal, $owed:literal, $given_up:literal, $from:literal, $key:literal, $shift:literal, $open:literal, $direction:literal) => {
        source!(
            $kind,
            [concat!("'", $queue, "'"), "work.id::text", "NULL"],
            $case,
            $owed,
            $given_up,
            $from,
            $key,
            $shift,
            $open,
            $direction
        )
    };
    ($kind:literal, [$queue:expr, $job:literal, $recurring:literal], $case:literal, $owed:literal, $given_up:literal, $from:literal, $key:literal, $shift:literal, $open:literal, $direction:literal) => {
        concat!(
            "(SELECT '",
            $kind,
            "' AS kind, ",
            $queue,
            " AS queue, ",
            $job,
            " AS job_key, ",
            $recurring,
            " AS recurring, work.id, ",
            $case,
            " AS case_id, ",
            $owed,
            " AS owed_since, ",
            $given_up,
            " AS given_up FROM ",
            $from,
            " WHERE ",
            $open,
            " AND ($3::timestamptz IS NULL OR (",
            $key,
            ", work.id) > ($3",
            $shift,
            ", $4))",
            " AND ($5::timestamptz IS NULL OR (",
            $key,
            ", work.id) < ($5",
            $shift,
            ", $6))",
            " AND ($7::uuid IS NULL OR work.id = $7)",
            " ORDER BY ",
            $key,
            " ",
            $direction,
            ", work.id ",
            $direction,
            " LIMIT $8)"
        )
    };
}

/// $1 the time before which work counts as stuck, $2 now, $3 and $4 the place after which, $5 and $6 the place before
/// which, $7 one id, $8 how many. The job is the unfinished one, of which there is one at most, else the last parked
/// one: two descents of partial indexes a row. A message or
/// invitation that was given up counts as parked whatever its job says.
macro_rules! list {
    ($direction:literal) => {
        concat!(
            "SELECT owed.*, CASE WHEN owed.given_up THEN 'PARKED' ELSE job.state END AS job_state, job.attempt, job.max_attempts, \
               CASE WHEN job.state = 'READY' AND NOT owed.given_up THEN job.run_at END AS next_attempt_at, job.last_error \
             FROM (SELECT * FROM (",
            source!("EXPIRY", "expire_invitation", "work.id", "work.response_deadline", "false", "agreements AS work",
                "work.response_deadline", "", "work.status = 'INVITED' AND work.response_deadline <= $1", $direction),
            " UNION ALL ",
            source!("DOCUMENT", "render_document", "work.agreement_id", "work.created_at", "false", "documents AS work",
                "work.created_at", "", "work.ready_at IS NULL AND work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("DOCUMENT", "render_document", "work.agreement_id", "work.superseded_at", "false", "documents AS work",
                "work.superseded_at", "", "work.superseded_at IS NOT NULL AND work.marked_key IS NULL AND work.ready_at IS NOT NULL \
                 AND work.superseded_at <= $1", $direction),
            " UNION ALL ",
            source!("DESTINATION_SHEET", "render_sheet", "work.confirmation_id", "work.created_at", "false",
                "destination_sheets AS work", "work.created_at", "", "work.ready_at IS NULL AND work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("MESSAGE", "send_message", "coalesce(event.case_id, work.account_id)", "work.created_at", "work.status = 'PARKED'",
                "messages AS work LEFT JOIN case_events AS event ON event.id = work.event_id",
                "work.created_at", "", "work.status IN ('PENDING', 'PARKED') AND work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("NOTICE", "send_notice", "work.account_id", "work.created_at", "false", "account_notices AS work",
                "work.created_at", "", "work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("MEMBER_INVITATION", "send_member_invitation", "work.employer_id", "work.created_at", "work.delivery = 'FAILED'",
                "member_invitations AS work", "work.created_at", "",
                "work.delivery <> 'SENT' AND work.expires_at > $2 AND work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("STAMPED_COPY_LINK", "send_stamped_copy_link", "work.agreement_id", "work.created_at", "work.delivery = 'FAILED'",
                "stamped_copy_links AS work", "work.created_at", "",
                "work.delivery <> 'SENT' AND work.expires_at > $2 AND work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("IMPORT", "import_graduates", "work.id", "work.progressed_at", "false", "graduate_imports AS work",
                "work.progressed_at", "", "work.status IN ('QUEUED', 'RUNNING') AND work.progressed_at <= $1", $direction),
            " UNION ALL ",
            source!("UPLOAD", "check_upload", "work.id", "work.handed_in_at", "false", "uploads AS work",
                "work.handed_in_at", "", "work.state = 'CHECKING' AND work.handed_in_at <= $1", $direction),
            " UNION ALL ",
            source!("EXPORT", "export_records", "work.id", "work.progressed_at", "false", "record_exports AS work",
                "work.progressed_at", "", "work.status IN ('QUEUED', 'RUNNING') AND work.progressed_at <= $1", $direction),
            " UNION ALL ",
            // The order of the deadlines is that of the reminders; DOMAIN.md's 24 hours stand in REMINDER_LEAD.
            source!("REMINDER", "remind_invitation", "work.id", "work.response_deadline - interval '24 hours'",
                "false", "agreements AS work", "work.response_deadline", " + interval '24 hours'",
                "work.status = 'INVITED' AND work.reminded_at IS NULL AND work.response_deadline > $2 \
                 AND work.response_deadline <= $1 + interval '24 hours' \
                 AND work.invited_at < work.response_deadline - interval '24 hours'", $direction),
            " UNION ALL ",
            source!("RECURRING", ["work.queue", "work.unique_key", "split_part(work.unique_key, ':', 2)"], "work.id",
                "work.created_at", "false",
                "(SELECT md5(unique_key)::uuid AS id, queue, unique_key, created_at FROM jobs \
                  WHERE unique_key LIKE 'cron:%' AND state <> 'DONE' \
                  AND NOT (state = 'PARKED' AND EXISTS (SELECT FROM jobs AS later WHERE later.unique_key LIKE 'cron:%' \
                    AND split_part(later.unique_key, ':', 2) = split_part(jobs.unique_key, ':', 2) \
                    AND later.id > jobs.id AND later.state <> 'READY'))) AS work",
                "work.created_at", "", "work.created_at <= $1", $direction),
            " UNION ALL ",
            source!("MANUAL", ["work.queue", "work.unique_key", "NULL"], "work.id", "work.created_at", "false",
                "(SELECT DISTINCT ON (unique_key) md5(unique_key)::uuid AS id, queue, unique_key, created_at FROM jobs \
                  WHERE queue = 'publish_manual' AND (state IN ('READY', 'RUNNING') OR state = 'PARKED' AND NOT EXISTS \
                    (SELECT FROM manuals WHERE manuals.created_at > jobs.created_at)) \
                  ORDER BY unique_key, jobs.id DESC) AS work",
                "work.created_at", "", "work.created_at <= $1", $direction),
            ") AS every ORDER BY owed_since ", $direction, ", id ", $direction, " LIMIT $8) AS owed \
             LEFT JOIN LATERAL (\
               (SELECT state, attempt, max_attempts, run_at, last_error FROM jobs \
                WHERE queue = owed.queue AND unique_key = owed.job_key AND state IN ('READY', 'RUNNING')) \
               UNION ALL \
               (SELECT state, attempt, max_attempts, run_at, last_error FROM jobs \
                WHERE queue = owed.queue AND unique_key = owed.job_key AND state = 'PARKED' ORDER BY jobs.id DESC LIMIT 1) \
               LIMIT 1) AS job ON true \
             ORDER BY owed.owed_since ", $direction, ", owed.id ", $direction
        )
    };
}

const OLDEST_FIRST: &str = list!("ASC");
const NEWEST_FIRST: &str = list!("DESC");

async fn load(
    conn: &mut AsyncPgConnection,
    request: &PageRequest<StuckWorkKey>,
    only: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<StuckWork>> {
    let query = if request.backward {
        NEWEST_FIRST
    } else {
        OLDEST_FIRST
    };
    let (after, before) = (request.after.unzip(), request.before.unzip());
    sql_query(query)
        .bind::<Timestamptz, _>(now - GRACE)
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<Timestamptz>, _>(after.0)
        .bind::<Nullable<SqlUuid>, _>(after.1)
        .bind::<Nullable<Timestamptz>, _>(before.0)
        .bind::<Nullable<SqlUuid>, _>(before.1)
        .bind::<Nullable<SqlUuid>, _>(only)
        .bind::<BigInt, _>(request.fetch())
        .load(conn)
        .await
}

/// Operators alone see what is stuck; for everybody else there is nothing.
const fn visible_to(viewer: &Viewer) -> bool {
    matches!(viewer, Viewer::Operator { .. })
}

/// What is stuck, longest first.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    request: &PageRequest<StuckWorkKey>,
    now: DateTime<Utc>,
) -> QueryResult<Page<StuckWork>> {
    if !visible_to(viewer) {
        return Ok(Page::default());
    }
    Ok(request.page(load(conn, request, None, now).await?))
}

/// A piece of work that is stuck, by the id of what it is about.
///
/// # Errors
/// The database's.
pub async fn find(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<StuckWork>> {
    if !visible_to(viewer) {
        return Ok(None);
    }
    Ok(load(conn, &PageRequest::first(1), Some(id), now).await?.pop())
}

/// All that is stuck, longest first, page by page: for the command line, which acts without an account.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut AsyncPgConnection,
    request: &PageRequest<StuckWorkKey>,
    now: DateTime<Utc>,
) -> QueryResult<Page<StuckWork>> {
    Ok(request.page(load(conn, request, None, now).await?))
}

/// Which of these papers have a job that was parked, and how it failed at last.
///
/// # Errors
/// The database's.
pub async fn parked_renderings(
    conn: &mut AsyncPgConnection,
    papers: &[&StoredPaper],
) -> QueryResult<HashMap<Uuid, String>> {
    let keys = papers.iter().map(|paper| match paper.of {
        PaperOf::Agreement(_) => RenderDocument {
            document_id: paper.id,
        }
        .unique_key(),
        PaperOf::Confirmation(_) => RenderSheet { sheet_id: paper.id }.unique_key(),
    });
    let parked: Vec<(Option<String>, Option<String>)> = jobs_table::table
        .filter(jobs_table::queue.eq_any([RenderDocument::QUEUE, RenderSheet::QUEUE]))
        .filter(jobs_table::unique_key.eq_any(keys.collect::<Vec<_>>()))
        .filter(fixed_sql::<Bool>("state = 'PARKED'"))
        .order(jobs_table::id)
        .select((jobs_table::unique_key, jobs_table::last_error))
        .load(conn)
        .await?;
    let of_paper = |(key, error): (Option<String>, Option<String>)| {
        Some((Uuid::parse_str(&key?).ok()?, error.unwrap_or_default()))
    };
    Ok(parked.into_iter().filter_map(of_paper).collect())
}

const _: () = assert!(REMINDER_LEAD.num_hours() == 24, "the list's SQL says 24 hours");
