//! Works through a roster that a school handed in. Idempotent: each batch of rows is one transaction with the count of rows
//! done, so a run that was broken off, or a second one beside it, does each row once. The file, which holds people's
//! numbers, is deleted when the import has ended, however it has; what its link puts after that a recurring job deletes.

use std::{
    fs::File,
    io::{self, Read, Seek},
    ops::ControlFlow,
};

use apalis::prelude::Data;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use wangqian_schema::{
    Platform,
    jobs::ImportGraduates,
    model::graduate_import::{self as imports, GraduateImport, ImportFailure, ImportStatus},
    model::upload,
    roster::RowChecker,
    step::{self, BATCH_ROWS, BatchOutcome, ParsedRow},
};
use wangqian_storage::{Storage, StorageError};

use super::failed;
use crate::{
    JobError,
    queue::Attempt,
    roster_file::{ReadError, RosterFile},
};

/// Batches that are read ahead of the one that is being written.
const AHEAD: usize = 2;

/// What the handler needs.
#[derive(Clone, Debug)]
pub(crate) struct ImportParts {
    pub(crate) platform: Platform,
    pub(crate) storage: Storage,
}

/// The handler of the queue `import_graduates`.
pub(crate) async fn import_graduates(
    job: ImportGraduates,
    parts: Data<ImportParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    let platform = &parts.platform;
    let mut conn = platform.pool.get().await?;
    let import = imports::load(&mut conn, job.import_id)
        .await?
        .ok_or_else(|| JobError::park("there is no such import"))?;
    let now = platform.clock.now();
    match import.status {
        ImportStatus::AwaitingUpload => {
            if !imports::abandon(&mut conn, import.id, now).await? {
                let pause = import.upload_until + upload::GRACE - now;
                return Err(JobError::retry_after(
                    pause.to_std().unwrap_or_default(),
                    "the file may still be handed in",
                ));
            }
        }
        ImportStatus::Queued | ImportStatus::Running => {
            imports::begin(&mut conn, import.id, now).await?;
            drop(conn);
            platform.waker.wake();
            // A file on which one worker after the other has died is not to take the last attempt as well: that one tells
            // the school.
            let worked = if attempt.is_last() {
                Err(Broken::Failed(ImportFailure::GivenUp, Vec::new()))
            } else {
                work(&parts, &import).await
            };
            end(platform, &import, worked).await?;
        }
        ImportStatus::Done | ImportStatus::Failed => drop(conn),
    }
    platform.waker.wake();
    let deleted = parts.storage.delete(&import.object_key).await;
    deleted.map_err(|error| JobError::retry(format_args!("the file could not be deleted: {error}")))
}

/// Why the work broke off.
enum Broken {
    /// The file cannot be worked through; the headings that it is about.
    Failed(ImportFailure, Vec<&'static str>),
    /// Something else is wrong.
    Job(JobError),
    /// The import has ended meanwhile.
    NotWanted,
}

impl<E: Into<JobError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Job(error.into())
    }
}

impl Broken {
    fn of_file(error: ReadError) -> Self {
        match error {
            ReadError::File(failure, headings) => Self::Failed(failure, headings),
            ReadError::Io(error) => {
                Self::Job(JobError::retry(format_args!("the copy cannot be read: {error}")))
            }
        }
    }
}

/// Notes how the work ended.
async fn end(
    platform: &Platform,
    import: &GraduateImport,
    worked: Result<(), Broken>,
) -> Result<(), JobError> {
    let mut conn = platform.pool.get().await?;
    let now = platform.clock.now();
    match worked {
        Ok(()) => {
            imports::finish(&mut conn, import.id, now).await?;
            Ok(())
        }
        Err(Broken::Failed(failure, headings)) => {
            tracing::warn!(import = %import.id, %failure, "a roster could not be worked through");
            Ok(imports::fail(&mut conn, import.id, failure, &headings, now).await?)
        }
        Err(Broken::NotWanted) => Ok(()),
        Err(Broken::Job(error)) => Err(error),
    }
}

async fn work(parts: &ImportParts, import: &GraduateImport) -> Result<(), Broken> {
    let platform = &parts.platform;
    let (file, sha256) = fetch(&parts.storage, import).await?;
    let format = import.file_format;
    let opening = tokio::task::spawn_blocking(move || RosterFile::open(&file, format));
    // A file that makes its reader panic is not to be read again and again.
    let opened = opening.await.map_err(|_| unreadable())?;
    let roster = opened.map_err(Broken::of_file)?;
    let mut conn = platform.pool.get().await?;
    let noted = imports::note_file(
        &mut conn,
        import.id,
        &sha256,
        roster.rows,
        &roster.ignored_headings,
    )
    .await?;
    drop(conn);
    if !noted {
        return Err(changed_or_ended(platform, import, &sha256).await?);
    }
    platform.waker.wake();

    let (sender, mut batches) = mpsc::channel(AHEAD);
    // The class years of a run that goes on are judged by the same day as those of its beginning.
    let reader = Reader {
        roster,
        begun: import.created_at,
        batches: sender,
    };
    let reading = tokio::task::spawn_blocking(move || reader.run());
    let mut done = 0;
    while let Some(rows) = batches.recv().await {
        let outcome = step::import_batch(platform, import.id, done, &rows).await;
        match outcome.map_err(failed)? {
            BatchOutcome::Done => done += i32::try_from(rows.len()).unwrap_or(i32::MAX),
            BatchOutcome::NotWanted => return Err(Broken::NotWanted),
        }
    }
    let read = reading.await.map_err(|_| unreadable())?;
    read.map_err(Broken::of_file)
}

const fn unreadable() -> Broken {
    Broken::Failed(ImportFailure::Unreadable, Vec::new())
}

/// Copies the file into one without a name on this machine, which is gone with its last handle.
async fn fetch(storage: &Storage, import: &GraduateImport) -> Result<(File, [u8; 32]), Broken> {
    let on_disk = |error: io::Error| JobError::retry(format_args!("no room for a copy of the file: {error}"));
    let file = tokio::task::spawn_blocking(tempfile::tempfile);
    let file = file.await.map_err(JobError::retry)?.map_err(on_disk)?;
    let mut copy = tokio::fs::File::from_std(file.try_clone().map_err(on_disk)?);
    let limit = u64::try_from(import.byte_size).unwrap_or_default();
    match storage.get_into(&import.object_key, limit, &mut copy).await {
        Ok(size) if size == limit => {}
        Ok(_) | Err(StorageError::TooLarge(_)) => {
            return Err(Broken::Failed(ImportFailure::FileChanged, Vec::new()));
        }
        Err(StorageError::NotFound) => return Err(Broken::Failed(ImportFailure::UploadMissing, Vec::new())),
        Err(error) => {
            return Err(JobError::retry(format_args!("the file could not be fetched: {error}")).into());
        }
    }
    drop(copy);
    let hashing = tokio::task::spawn_blocking(move || {
        let sha256 = sha256(&file)?;
        Ok((file, sha256))
    });
    let hashed: io::Result<_> = hashing.await.map_err(JobError::retry)?;
    Ok(hashed.map_err(on_disk)?)
}

fn sha256(mut file: &File) -> io::Result<[u8; 32]> {
    file.rewind()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Why the file could not be noted.
async fn changed_or_ended(
    platform: &Platform,
    import: &GraduateImport,
    sha256: &[u8; 32],
) -> Result<Broken, JobError> {
    let mut conn = platform.pool.get().await?;
    let now = imports::load(&mut conn, import.id).await?;
    let of_another = now.is_some_and(|now| now.sha256.is_some_and(|known| known != sha256));
    Ok(if of_another {
        Broken::Failed(ImportFailure::FileChanged, Vec::new())
    } else {
        Broken::NotWanted
    })
}

/// Reads and checks the rows, on a thread of its own.
struct Reader {
    roster: RosterFile,
    begun: DateTime<Utc>,
    batches: mpsc::Sender<Vec<ParsedRow>>,
}

impl Reader {
    /// Hands over batch after batch, from the first: what was done before is read again, since later rows may be duplicates of
    /// it. Ends early when nobody takes them any more.
    fn run(self) -> Result<(), ReadError> {
        let mut checker = RowChecker::new(self.begun);
        let mut batch = Vec::with_capacity(BATCH_ROWS);
        self.roster.read(|number, cells| {
            let checked = checker.check(number, |field| cells[field as usize].as_str());
            batch.push(match checked {
                Ok(row) => ParsedRow::Good(Box::new(row)),
                Err(problems) => ParsedRow::Bad(number, problems),
            });
            if batch.len() < BATCH_ROWS {
                return ControlFlow::Continue(());
            }
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
            match self.batches.blocking_send(full) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        if !batch.is_empty() {
            // Nobody there to take it: the import has ended.
            let _ = self.batches.blocking_send(batch);
        }
        Ok(())
    }
}
