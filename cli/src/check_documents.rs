//! `wangqian check-documents`: whether the object store still has the PDF of every document, and having lost ones made again.

use std::collections::HashMap;

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    db::{Connection, DatabaseSettings},
    model::stored_paper::{self, PaperOf, StoredPaper},
    stuck_work, wake,
};
use wangqian_storage::{Found, Storage, StorageError, StorageSettings};

use crate::{
    failure::{Exit, Failure},
    platform::{database_url, platform},
    storage::{self, connect},
};

/// Documents read from the database at a time.
const PAGE: i64 = 1000;
/// After so many documents a line in the log says how far it is.
const PROGRESS: u64 = 10 * PAGE as u64;

/// Looks whether the object store still has every document.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Asks the object store for the PDF of every document and destination sheet that was stored, and of a superseded document \
        for its marked copy, and prints each that is missing or has another size, with its id and that of its agreement or \
        confirmation. Exits with 1 if there is any, so that a monitor can \
        call it. With --repair a worker renders those again, and stores them if their bytes are the ones that were stored. \
        Reads nothing but the objects' sizes, unless --verify is given. Safe while the platform runs.",
    after_help = "Examples:\n  \
        wangqian check-documents\n  \
        wangqian check-documents --verify --concurrency 4\n  \
        wangqian check-documents --repair\n  \
        wangqian check-documents --id 01940000-0000-7000-8000-000000000000 --repair"
)]
pub struct Arguments {
    /// Only the document or sheet with this id, or those of the agreement or confirmation with this id
    #[arg(long, value_name = "UUID")]
    pub id: Option<Uuid>,
    /// Only documents after the one with this id: goes on with a walk that was broken off
    #[arg(long, value_name = "UUID", conflicts_with = "id")]
    pub after: Option<Uuid>,
    /// Have lost documents made again by a worker
    #[arg(long)]
    pub repair: bool,
    /// Read every object and compare its SHA-256 as well
    #[arg(long)]
    pub verify: bool,
    /// Objects that are asked for at the same time
    #[arg(long, value_name = "OBJECTS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// The database.
    #[command(flatten, next_help_heading = "Database")]
    pub database: DatabaseSettings,
    /// The object store.
    #[command(flatten, next_help_heading = "Object store")]
    pub storage: StorageSettings,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] when the database or the object store cannot be asked, or something is lost and was not to be made again.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let url = database_url(&arguments.database)?;
    let storage = connect(&arguments.storage)?;
    let platform = platform(url, &arguments.database, "")?;
    // In a bucket that is not there every document would be missing.
    storage.check().await.map_err(|error| storage::failure(&error))?;
    let mut tally = Tally::default();
    let walked = walk(&platform, &storage, arguments, &mut tally).await;
    if arguments.repair
        && let Ok(mut conn) = connection(&platform).await
    {
        // Also for what was driven before a failure. Without it the workers' own poll finds the jobs a little later.
        let _woken = wake::notify(&mut conn).await;
    }
    walked?;
    told(arguments, &tally)
}

/// What a walk came across.
#[derive(Default)]
struct Tally {
    looked_at: u64,
    lost: u64,
    driven: u64,
}

async fn connection(platform: &Platform) -> Result<Connection, Failure> {
    let conn = platform.pool.get().await;
    conn.map_err(|error| Failure::database(&error.into()))
}

/// Looks at page after page. No connection is held while the object store is asked.
async fn walk(
    platform: &Platform,
    storage: &Storage,
    arguments: &Arguments,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut after = arguments.after.unwrap_or_default();
    loop {
        let mut conn = connection(platform).await?;
        let documents = stored_paper::stored(&mut conn, after, arguments.id, PAGE)
            .await
            .map_err(|error| Failure::database(&error.into()))?;
        drop(conn);
        let Some(last) = documents.last().map(|document| document.id) else {
            return Ok(());
        };
        let found = look(storage, &documents, arguments)
            .await
            .map_err(|error| broken_off(&error, arguments, after))?;
        let looked_at: Vec<_> = documents.iter().zip(found).collect();
        report(platform, &looked_at, arguments.repair, tally).await?;
        after = last;
        if tally.looked_at.is_multiple_of(PROGRESS) {
            tracing::info!(looked_at = tally.looked_at, lost = tally.lost, %after, "looking at documents");
        }
    }
}

/// What the store has of each document, in their order.
async fn look(
    storage: &Storage,
    documents: &[StoredPaper],
    arguments: &Arguments,
) -> Result<Vec<Found>, StorageError> {
    let asked = documents.iter().map(|StoredPaper { pdf, marked_key, .. }| async {
        let byte_size = u64::try_from(pdf.byte_size).unwrap_or_default();
        let sha256 = arguments.verify.then_some(&pdf.sha256);
        let found = storage.inspect(&pdf.object_key, byte_size, sha256).await?;
        match marked_key {
            Some(marked) if found == Found::Whole && storage.head(marked).await?.is_none() => {
                Ok(Found::Missing)
            }
            _ => Ok(found),
        }
    });
    stream::iter(asked)
        .buffered(usize::from(arguments.concurrency))
        .try_collect()
        .await
}

/// Prints what is lost, and has it made again if that is wanted. A document that was lost, could not be made again and is there
/// once more has its parked job looked at again, which then finds nothing to do.
async fn report(
    platform: &Platform,
    looked_at: &[(&StoredPaper, Found)],
    repair: bool,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let database = |error: diesel::result::Error| Failure::database(&error.into());
    let mut conn = connection(platform).await?;
    let documents: Vec<&StoredPaper> = looked_at.iter().map(|(document, _)| *document).collect();
    let parked = stuck_work::parked_renderings(&mut conn, &documents)
        .await
        .map_err(database)?;
    for (document, found) in looked_at {
        tally.looked_at += 1;
        let lost = *found != Found::Whole;
        let mut driven = None;
        if repair && (lost || parked.contains_key(&document.id)) {
            let now = platform.clock.now();
            driven = Some(
                stuck_work::restore(&mut conn, document, now)
                    .await
                    .map_err(database)?,
            );
        }
        if lost {
            tally.lost += 1;
            tally.driven += u64::from(driven == Some(true));
            crate::print(&line(document, *found, driven, &parked))?;
        }
    }
    Ok(())
}

fn line(
    document: &StoredPaper,
    found: Found,
    driven: Option<bool>,
    parked: &HashMap<Uuid, String>,
) -> String {
    let then = match (driven, parked.get(&document.id)) {
        (Some(true), _) => "; to be made again".to_owned(),
        (Some(false), _) => "; a worker is at it".to_owned(),
        (None, Some(error)) => format!("; PARKED; {error}"),
        (None, None) => String::new(),
    };
    let id = document.id;
    match document.of {
        PaperOf::Agreement(of) => format!("{found} document {id} (agreement {of}){then}\n"),
        PaperOf::Confirmation(of) => format!("{found} sheet {id} (confirmation {of}){then}\n"),
    }
}

/// What a person is told at the end.
fn told(arguments: &Arguments, tally: &Tally) -> Result<(), Failure> {
    let Tally {
        looked_at,
        lost,
        driven,
    } = *tally;
    if let (Some(id), 0) = (arguments.id, looked_at) {
        return Err(Failure::new(
            Exit::Finding,
            format!("there is no stored document with the id {id}"),
            "neither a document or sheet nor what has one bears it, or it was never rendered",
            "see `wangqian stuck-work --kind document` and `--kind destination_sheet` for those that are not rendered yet",
        ));
    }
    crate::print(&format!("{looked_at} document(s) looked at, {lost} lost\n"))?;
    if arguments.repair {
        let running = lost - driven;
        return crate::print(&format!(
            "{driven} to be made again, {running} left to the worker that is at it\n"
        ));
    }
    if lost == 0 {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Finding,
        format!("the object store has lost {lost} document(s)"),
        "objects were deleted or replaced past the program, or the bucket was restored in part",
        "`wangqian check-documents --repair`, then look again; see docs/OPERATIONS.md, Lost documents",
    ))
}

/// The store failed in the middle of a page: where to go on.
fn broken_off(error: &StorageError, arguments: &Arguments, after: Uuid) -> Failure {
    let mut failure = storage::failure(error);
    if arguments.id.is_none() {
        failure.remedy = format!(
            "once the store answers, go on with --after {after}; {}",
            failure.remedy
        );
    }
    failure
}
