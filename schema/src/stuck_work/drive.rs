//! Driving: has stuck work tried again, by an operator or by the sweep.

use diesel::sql_types::Array;
use diesel_async::AsyncConnection;

use super::*;
use crate::{
    fixed_sql,
    jobs::{
        self, CheckUpload, ExpireInvitation, ExportRecords, ImportGraduates, RemindInvitation,
        SendMemberInvitation, SendMessage, SendNotice, SendStampedCopyLink,
    },
    model::{message::MessageStatus, secret_link::SecretLink},
    tables::messages,
};

/// Rows that a sweep reads at a time; more than a person's page, since after an outage there may be very many.
const SWEEP: u32 = 1000;

/// Has a piece of stuck work tried again (see [`drive`]) for a viewer who may, and gives it as it stands then. `None` when
/// there is none such.
///
/// # Errors
/// The database's.
pub async fn retry(
    conn: &mut AsyncPgConnection,
    viewer: &Viewer,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<StuckWork>> {
    let Some(work) = find(conn, viewer, id, now).await? else {
        return Ok(None);
    };
    drive(conn, &work, now).await?;
    // Done in the blink of an eye between: as it was, then.
    Ok(Some(find(conn, viewer, id, now).await?.unwrap_or(work)))
}

/// Has the work tried again at once, with all its attempts before it: a parked or waiting job becomes due, a lost one
/// is made anew, and a message or invitation that was given up is owed again. All or nothing. `false` for one that runs already: it
/// is left to its worker.
///
/// # Errors
/// The database's.
pub async fn drive(conn: &mut AsyncPgConnection, work: &StuckWork, now: DateTime<Utc>) -> QueryResult<bool> {
    let id = work.id;
    // The job before the row that owes it: `own_up` holds the job while it changes that row.
    conn.transaction(async |conn: &mut AsyncPgConnection| match work.kind {
        StuckWorkKind::Expiry => again(conn, &ExpireInvitation { agreement_id: id }, now).await,
        StuckWorkKind::Reminder => again(conn, &RemindInvitation { agreement_id: id }, now).await,
        StuckWorkKind::Notice => again(conn, &SendNotice { notice_id: id }, now).await,
        StuckWorkKind::MemberInvitation => {
            let driven = again(conn, &SendMemberInvitation { invitation_id: id }, now).await?;
            SecretLink::MemberInvitation(id).owe_again(conn).await?;
            Ok(driven)
        }
        StuckWorkKind::StampedCopyLink => {
            let driven = again(conn, &SendStampedCopyLink { link_id: id }, now).await?;
            SecretLink::StampedCopy(id).owe_again(conn).await?;
            Ok(driven)
        }
        StuckWorkKind::Document => again(conn, &RenderDocument { document_id: id }, now).await,
        StuckWorkKind::DestinationSheet => again(conn, &RenderSheet { sheet_id: id }, now).await,
        StuckWorkKind::Import => again(conn, &ImportGraduates { import_id: id }, now).await,
        StuckWorkKind::Upload => again(conn, &CheckUpload { upload_id: id }, now).await,
        StuckWorkKind::Export => again(conn, &ExportRecords { export_id: id }, now).await,
        StuckWorkKind::Recurring | StuckWorkKind::Manual => {
            let driven = drive_job(conn, &work.queue, &work.job_key, now).await?;
            Ok(driven == Some(true))
        }
        StuckWorkKind::Message => {
            let driven = again(conn, &SendMessage { message_id: id }, now).await?;
            diesel::update(messages::table.find(id))
                .filter(messages::status.eq(MessageStatus::Parked))
                .set((
                    messages::status.eq(MessageStatus::Pending),
                    messages::last_error.eq(None::<String>),
                ))
                .execute(conn)
                .await?;
            Ok(driven)
        }
    })
    .await
}

/// Has the PDF of a paper looked for again at once, and made again where it is lost, as [`drive`] does. For one that was stored:
/// it is not stuck work, since nothing in the database says that it is lost.
///
/// # Errors
/// The database's.
pub async fn restore(
    conn: &mut AsyncPgConnection,
    paper: &StoredPaper,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let id = paper.id;
    conn.transaction(async |conn| match paper.of {
        PaperOf::Agreement(_) => again(conn, &RenderDocument { document_id: id }, now).await,
        PaperOf::Confirmation(_) => again(conn, &RenderSheet { sheet_id: id }, now).await,
    })
    .await
}

/// As [`drive_job`], or makes the job anew where there is none.
async fn again<J: Job>(conn: &mut AsyncPgConnection, job: &J, now: DateTime<Utc>) -> QueryResult<bool> {
    let key = job.unique_key().unwrap_or_default();
    match drive_job(conn, J::QUEUE, &key, now).await? {
        Some(driven) => Ok(driven),
        None => {
            jobs::enqueue(conn, job, now).await?;
            Ok(true)
        }
    }
}

/// Has the job of a key run at once, unless it runs already; `None` when there is none. The parked job stays as the record of
/// what went wrong only until it is driven: then it is the same row that runs.
async fn drive_job(
    conn: &mut AsyncPgConnection,
    queue: &str,
    key: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<bool>> {
    let found: Option<(i64, JobState)> = jobs_table::table
        .filter(jobs_table::queue.eq(queue))
        .filter(jobs_table::unique_key.eq(key))
        // Each of the two conditions is that of a partial index; `<> 'DONE'` would read the whole table.
        .filter(fixed_sql::<Bool>(
            "state IN ('READY', 'RUNNING') OR state = 'PARKED'",
        ))
        // An unfinished one before a parked one: its key would keep that from becoming a second.
        .order((
            jobs_table::state.eq(JobState::Parked).asc(),
            jobs_table::id.desc(),
        ))
        .select((jobs_table::id, jobs_table::state))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let Some((id, state)) = found else { return Ok(None) };
    if state == JobState::Running {
        return Ok(Some(false));
    }
    diesel::update(jobs_table::table.find(id))
        .set((
            jobs_table::state.eq(JobState::Ready),
            jobs_table::attempt.eq(0),
            jobs_table::run_at.eq(now),
            jobs_table::finished_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(Some(true))
}

/// Makes the lost jobs of stuck work anew, those that are owed longest first, and gives how many. What is parked waits
/// for an operator, and says so itself from now on. Of jobs it only ever adds some, and a job's key lets one of several sweeps
/// through: what another sweep has made meanwhile is neither hurried nor given its attempts back.
///
/// # Errors
/// The database's; the jobs that were made before stay.
pub async fn sweep(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let mut made = 0;
    let mut request = PageRequest {
        limit: SWEEP,
        ..PageRequest::first(1)
    };
    loop {
        let page = page(conn, &request, now).await?;
        own_up(conn, &page.items).await?;
        let lost = |kind| {
            let of_kind = move |work: &&StuckWork| work.kind == kind && work.job_state.is_none();
            page.items.iter().filter(of_kind).map(|work| work.id)
        };
        let expiries = lost(StuckWorkKind::Expiry).map(|agreement_id| ExpireInvitation { agreement_id });
        made += enqueue_each(conn, expiries, now).await?;
        let reminders = lost(StuckWorkKind::Reminder).map(|agreement_id| RemindInvitation { agreement_id });
        made += enqueue_each(conn, reminders, now).await?;
        let renderings = lost(StuckWorkKind::Document).map(|document_id| RenderDocument { document_id });
        made += enqueue_each(conn, renderings, now).await?;
        let sheets = lost(StuckWorkKind::DestinationSheet).map(|sheet_id| RenderSheet { sheet_id });
        made += enqueue_each(conn, sheets, now).await?;
        let sendings = lost(StuckWorkKind::Message).map(|message_id| SendMessage { message_id });
        made += enqueue_each(conn, sendings, now).await?;
        let notices = lost(StuckWorkKind::Notice).map(|notice_id| SendNotice { notice_id });
        made += enqueue_each(conn, notices, now).await?;
        let invitations =
            lost(StuckWorkKind::MemberInvitation).map(|invitation_id| SendMemberInvitation { invitation_id });
        made += enqueue_each(conn, invitations, now).await?;
        let links = lost(StuckWorkKind::StampedCopyLink).map(|link_id| SendStampedCopyLink { link_id });
        made += enqueue_each(conn, links, now).await?;
        let imports = lost(StuckWorkKind::Import).map(|import_id| ImportGraduates { import_id });
        made += enqueue_each(conn, imports, now).await?;
        let checks = lost(StuckWorkKind::Upload).map(|upload_id| CheckUpload { upload_id });
        made += enqueue_each(conn, checks, now).await?;
        let exports = lost(StuckWorkKind::Export).map(|export_id| ExportRecords { export_id });
        made += enqueue_each(conn, exports, now).await?;
        match page.items.last() {
            Some(last) if page.has_next => request.after = Some(last.key()),
            _ => return Ok(made),
        }
    }
}

async fn enqueue_each<J: Job>(
    conn: &mut AsyncPgConnection,
    jobs: impl Iterator<Item = J>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    jobs::enqueue_all(conn, &jobs.collect::<Vec<_>>(), now).await
}

/// Notes of messages and invitations that they were given up, where their parked job alone says so: its worker vanished at the
/// last attempt, and nobody else was there to note it. One that is driven meanwhile is left as it is.
async fn own_up(conn: &mut AsyncPgConnection, works: &[StuckWork]) -> QueryResult<()> {
    const MESSAGES: &str = "WITH job AS (SELECT unique_key, last_error FROM jobs WHERE queue = $1 AND unique_key = ANY($2) \
         AND state = 'PARKED' FOR UPDATE) \
         UPDATE messages SET status = 'PARKED', last_error = job.last_error FROM job \
         WHERE messages.id = job.unique_key::uuid AND messages.status = 'PENDING'";
    const INVITATIONS: &str = "WITH job AS (SELECT unique_key FROM jobs WHERE queue = $1 AND unique_key = ANY($2) \
         AND state = 'PARKED' FOR UPDATE) \
         UPDATE member_invitations SET delivery = 'FAILED' FROM job \
         WHERE member_invitations.id = job.unique_key::uuid AND member_invitations.delivery = 'PENDING'";
    const LINKS: &str = "WITH job AS (SELECT unique_key FROM jobs WHERE queue = $1 AND unique_key = ANY($2) \
         AND state = 'PARKED' FOR UPDATE) \
         UPDATE stamped_copy_links SET delivery = 'FAILED' FROM job \
         WHERE stamped_copy_links.id = job.unique_key::uuid AND stamped_copy_links.delivery = 'PENDING'";
    for (kind, queue, statement) in [
        (StuckWorkKind::Message, SendMessage::QUEUE, MESSAGES),
        (
            StuckWorkKind::MemberInvitation,
            SendMemberInvitation::QUEUE,
            INVITATIONS,
        ),
        (StuckWorkKind::StampedCopyLink, SendStampedCopyLink::QUEUE, LINKS),
    ] {
        let given_up = |work: &&StuckWork| {
            work.kind == kind && work.job_state == Some(JobState::Parked) && !work.given_up
        };
        let keys: Vec<_> = works.iter().filter(given_up).map(|work| &work.job_key).collect();
        if !keys.is_empty() {
            sql_query(statement)
                .bind::<Text, _>(queue)
                .bind::<Array<Text>, _>(keys)
                .execute(conn)
                .await?;
        }
    }
    Ok(())
}
