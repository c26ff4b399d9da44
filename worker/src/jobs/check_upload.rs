//! Looks at a file that somebody handed in for a case, and stores a clean copy and a thumbnail of it where no link reaches them.
//! Idempotent: what is going to be stored is noted before, so that it is never forgotten; the same file gives the same copy under the
//! same key; and only an upload that is still looked at becomes ready. A file that is refused is refused for good, and of it nothing is
//! stored; what fails of the store or the database is tried again.

use std::{sync::Arc, time::Duration};

use apalis::prelude::Data;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use wangqian_intake::{Intake, Kind, Refused, inspect};
use wangqian_schema::{
    Platform,
    jobs::CheckUpload,
    model::case_upload::{self, CaseUpload, CleanCopy, UploadRefusal, UploadState},
};
use wangqian_storage::{Storage, StorageError};

use crate::{JobError, queue::Attempt};

/// How long looking at one file may take. Far more than it takes: it bounds what a file that was made for it can hold up.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// So many times a file may take longer before it is blamed for it, and not the machine.
const SLOW_ATTEMPTS: i32 = 3;

/// What the handler needs.
#[derive(Clone, Debug)]
pub(crate) struct CheckParts {
    pub(crate) platform: Platform,
    pub(crate) storage: Storage,
    /// As many as files may be looked at at once, since each takes memory. Decoding cannot be broken off, so what an ended job left
    /// running must count as well; the queue's own slots do not know of it.
    pub(crate) desks: Arc<Semaphore>,
}

/// The handler of the queue `check_upload`.
pub(crate) async fn check_upload(
    job: CheckUpload,
    parts: Data<CheckParts>,
    attempt: Data<Attempt>,
) -> Result<(), JobError> {
    let mut conn = parts.platform.pool.get().await?;
    let upload = case_upload::load(&mut conn, job.upload_id)
        .await?
        .ok_or_else(|| JobError::park("there is no such upload"))?;
    drop(conn);
    if upload.state != UploadState::Checking {
        return Ok(());
    }
    // A file on which one worker after the other has died is not to take the last attempt as well: that one tells its owner.
    let checked = if attempt.is_last() {
        Err(Ended::Refused(UploadRefusal::GivenUp))
    } else {
        check(&parts, &upload, *attempt).await
    };
    match checked {
        Ok(()) | Err(Ended::NotWanted) => {}
        Err(Ended::Refused(refusal)) => {
            let mut conn = parts.platform.pool.get().await?;
            case_upload::refuse(&mut conn, upload.id, refusal).await?;
            tracing::info!(upload = %upload.id, %refusal, "an upload was refused");
        }
        Err(Ended::Job(error)) => return Err(error),
    }
    // What was put is of no use any more, and holds what the clean copy does not. What is not deleted now, or is put again by the
    // link, goes when the upload is over.
    if let Err(error) = parts.storage.delete(&upload.object_key()).await {
        tracing::warn!(upload = %upload.id, %error, "what was put could not be deleted yet");
    }
    Ok(())
}

/// Why no copy was made.
enum Ended {
    /// The file cannot be used.
    Refused(UploadRefusal),
    /// Something else is wrong.
    Job(JobError),
    /// Another run has come to an end before.
    NotWanted,
}

impl<E: Into<JobError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Job(error.into())
    }
}

async fn check(parts: &CheckParts, upload: &CaseUpload, attempt: Attempt) -> Result<(), Ended> {
    let (original, intake) = look(parts, upload, attempt).await?;
    let copy = copy_of(upload, original.to_vec(), &intake)?;
    let id = upload.id;
    let mut conn = parts.platform.pool.get().await?;
    let noted = case_upload::note_copy(&mut conn, id, &copy).await?;
    if !noted {
        let now = case_upload::load(&mut conn, id).await?;
        return Err(match now {
            Some(now) if now.state == UploadState::Checking => Ended::Refused(UploadRefusal::FileChanged),
            _ => Ended::NotWanted,
        });
    }
    drop(conn);
    let storage = &parts.storage;
    let stored = storage
        .put(&copy.object_key, &copy.content_type, &intake.bytes)
        .await;
    stored.map_err(|error| JobError::retry(format_args!("the copy could not be stored: {error}")))?;
    if let (Some(key), Some(thumbnail)) = (&copy.thumbnail_key, &intake.thumbnail) {
        let stored = storage.put(key, Kind::Jpeg.content_type(), thumbnail).await;
        stored
            .map_err(|error| JobError::retry(format_args!("the thumbnail could not be stored: {error}")))?;
    }
    let mut conn = parts.platform.pool.get().await?;
    if case_upload::pass(&mut conn, id, &copy).await? {
        return Ok(());
    }
    let now = case_upload::load(&mut conn, id).await?;
    drop(conn);
    // This run was taken for dead. Unless another one has stored the same, nobody will ever ask for it.
    if now.is_none_or(|now| now.state == UploadState::Refused) {
        for key in [Some(&copy.object_key), copy.thumbnail_key.as_ref()]
            .into_iter()
            .flatten()
        {
            let deleted = storage.delete(key).await;
            deleted
                .map_err(|error| JobError::retry(format_args!("the copy could not be deleted: {error}")))?;
        }
    }
    Err(Ended::NotWanted)
}

/// Fetches the file and says what it is; also its SHA-256, as it was put.
async fn look(
    parts: &CheckParts,
    upload: &CaseUpload,
    attempt: Attempt,
) -> Result<([u8; 32], Intake), Ended> {
    let announced = Kind::of_content_type(&upload.content_type);
    let announced = announced.ok_or(Ended::Refused(UploadRefusal::WrongType))?;
    let desk = Arc::clone(&parts.desks).acquire_owned();
    let desk = desk.await.map_err(JobError::retry)?;
    let bytes = fetch(&parts.storage, upload).await?;
    let looking = tokio::task::spawn_blocking(move || {
        let original: [u8; 32] = Sha256::digest(&bytes).into();
        let inspected = inspect(&bytes, announced);
        drop(desk);
        (original, inspected)
    });
    let Ok(looked) = tokio::time::timeout(TIME_LIMIT, looking).await else {
        if attempt.number >= SLOW_ATTEMPTS {
            return Err(Ended::Refused(UploadRefusal::TooComplex));
        }
        return Err(JobError::retry("looking at the file took too long").into());
    };
    // A file that makes its reader panic is not to be read again and again.
    let (original, inspected) = looked.map_err(|_| Ended::Refused(UploadRefusal::TooComplex))?;
    match inspected {
        Ok(intake) => Ok((original, intake)),
        Err(refused) => {
            tracing::info!(upload = %upload.id, reason = %refused, "a file is not what it should be");
            Err(Ended::Refused(refusal_of(&refused, announced)))
        }
    }
}

/// Reads the file into the memory, no more of it than was announced.
async fn fetch(storage: &Storage, upload: &CaseUpload) -> Result<Vec<u8>, Ended> {
    let announced = u64::try_from(upload.byte_size).unwrap_or_default();
    let mut bytes = Vec::with_capacity(usize::try_from(upload.byte_size).unwrap_or_default());
    match storage
        .get_into(&upload.object_key(), announced, &mut bytes)
        .await
    {
        Ok(size) if size == announced => Ok(bytes),
        Ok(_) | Err(StorageError::TooLarge(_)) => Err(Ended::Refused(UploadRefusal::WrongSize)),
        Err(StorageError::NotFound) => Err(Ended::Refused(UploadRefusal::FileMissing)),
        Err(error) => Err(JobError::retry(format_args!("the file could not be fetched: {error}")).into()),
    }
}

/// What will be kept of the file.
fn copy_of(upload: &CaseUpload, original_sha256: Vec<u8>, intake: &Intake) -> Result<CleanCopy, Ended> {
    let number = |number: u32| i32::try_from(number).ok();
    let byte_size = i32::try_from(intake.bytes.len());
    let sha256 = Sha256::digest(&intake.bytes).to_vec();
    Ok(CleanCopy {
        original_sha256,
        object_key: case_upload::clean_key(upload.id, &sha256),
        content_type: intake.kind.content_type().to_owned(),
        byte_size: byte_size.map_err(|_| Ended::Refused(UploadRefusal::TooLarge))?,
        sha256,
        thumbnail_key: intake
            .thumbnail
            .as_ref()
            .map(|_| case_upload::thumbnail_key(upload.id)),
        width: intake.dimensions.and_then(|(width, _)| number(width)),
        height: intake.dimensions.and_then(|(_, height)| number(height)),
        pages: intake.pages.and_then(number),
    })
}

fn refusal_of(refused: &Refused, announced: Kind) -> UploadRefusal {
    match refused {
        Refused::Empty => UploadRefusal::Empty,
        Refused::TooLarge { .. } => UploadRefusal::TooLarge,
        Refused::WrongType { .. } => UploadRefusal::WrongType,
        Refused::Truncated => UploadRefusal::Truncated,
        Refused::UndecodablePicture(_) => UploadRefusal::UnreadablePicture,
        Refused::TooManyPixels => UploadRefusal::TooManyPixels,
        Refused::Animated => UploadRefusal::Animated,
        Refused::UndecodablePdf(_) => UploadRefusal::UnreadablePdf,
        Refused::TooComplexPdf(_) => UploadRefusal::TooComplex,
        Refused::EncryptedPdf => UploadRefusal::EncryptedPdf,
        Refused::ActivePdf(_) => UploadRefusal::ActivePdf,
        Refused::AlsoAnArchive | Refused::ForeignBytes(_) => UploadRefusal::AlsoAnArchive,
        Refused::NoPages => UploadRefusal::NoPages,
        Refused::TooManyPages => UploadRefusal::TooManyPages,
        // What a later release of the checks finds: no word of its own yet.
        _ if announced == Kind::Pdf => UploadRefusal::UnreadablePdf,
        _ => UploadRefusal::UnreadablePicture,
    }
}
