//! The background jobs: a queue of our own under apalis, the handlers of the jobs, and the channels by which messages
//! leave the platform. What a step may do to a case is decided in `wangqian_schema`, not here.

mod error;
mod export_file;
mod jobs;
mod recurring;
mod roster_file;
mod sweep;

pub mod channels;
pub mod queue;
pub mod settings;

pub use error::{JobError, WorkerError};
pub use settings::{ChannelSettings, WorkerSettings};

use std::{io, sync::Arc};

use apalis::prelude::{Monitor, WorkerBuilder};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wangqian_document::Renderer;
use wangqian_schema::{
    Platform,
    jobs::{
        AnnounceLeaving, CheckUpload, DigestReviews, ExpireInvitation, ExportRecords, FoldFigures,
        ImportGraduates, Job, Prune, PublishManual, RemindInvitation, RenderDocument, RenderSheet,
        SendMemberInvitation, SendMessage, SendNotice, SendPasscode, SendStampedCopyLink, SnapshotFigures,
    },
    wake,
};
use wangqian_storage::Storage;

use channels::Channels;
use jobs::{CheckParts, ExportParts, ImportParts, PruneParts, RenderParts, SendParts};
use queue::{QueueConfig, QueueHost};

/// Runs all queues until the shutdown: then claims nothing more, lets running jobs finish within the grace, hands back
/// the rest, and returns. Also passes on wake-ups to and from other processes, since jobs take steps too.
///
/// `database_url` is for the connections outside the pool, which keep the leases and listen.
///
/// # Errors
/// [`WorkerError`] when a setting cannot be used or the workers cannot be started. An unreachable database is no error:
/// it is waited for.
pub async fn run(
    platform: Platform,
    database_url: String,
    storage: Storage,
    settings: WorkerSettings,
    shutdown: CancellationToken,
) -> Result<(), WorkerError> {
    // Should the workers end by themselves, the rest of this function ends with them, but not the caller's other work.
    let shutdown = shutdown.child_token();
    let clock = platform.clock.clone();
    let host = QueueHost::new(
        platform.pool.clone(),
        &database_url,
        Arc::new(move || clock.now()),
        platform.waker.subscribe(),
        settings.queue_settings(),
        shutdown.clone(),
    );
    let monitor = monitor(&platform, storage, &settings, &host).await?;
    let _keeper = host.keep_leases()?;
    let working = async {
        let stop = shutdown.clone();
        let signal = async move {
            stop.cancelled().await;
            io::Result::Ok(())
        };
        let ended = monitor
            .run_with_signal(signal)
            .await
            .map_err(|error| WorkerError::Ended(error.to_string()));
        shutdown.cancel();
        ended
    };
    let queues = [
        ExpireInvitation::QUEUE,
        RemindInvitation::QUEUE,
        RenderDocument::QUEUE,
        PublishManual::QUEUE,
        RenderSheet::QUEUE,
        SendMessage::QUEUE,
        SendPasscode::QUEUE,
        SendNotice::QUEUE,
        SendMemberInvitation::QUEUE,
        SendStampedCopyLink::QUEUE,
        ImportGraduates::QUEUE,
        ExportRecords::QUEUE,
        CheckUpload::QUEUE,
        DigestReviews::QUEUE,
        AnnounceLeaving::QUEUE,
        FoldFigures::QUEUE,
        SnapshotFigures::QUEUE,
        Prune::QUEUE,
    ];
    let (ended, (), (), _, _, _) = tokio::join!(
        working,
        host.measure(&queues),
        host.listen(wake::CHANNEL, || platform.waker.wake_here()),
        shutdown.run_until_cancelled(platform.waker.forward(platform.pool.clone())),
        shutdown.run_until_cancelled(sweep::sweep(&platform, settings.sweep_every())),
        shutdown.run_until_cancelled(recurring::plan(&platform, settings.poll())),
    );
    ended
}

/// One apalis worker for each queue that this process works on.
async fn monitor(
    platform: &Platform,
    storage: Storage,
    settings: &WorkerSettings,
    host: &QueueHost,
) -> Result<Monitor, WorkerError> {
    let mut monitor = Monitor::new();
    let time_limit = settings.time_limit();
    let config = |name, concurrency| QueueConfig {
        name,
        concurrency,
        time_limit,
    };
    let worker = |name: &str| WorkerBuilder::new(format!("{name}-{}", Uuid::new_v4().simple()));

    let expire = config(ExpireInvitation::QUEUE, settings.expire_concurrency);
    if expire.concurrency > 0 {
        let (host, platform) = (host.clone(), platform.clone());
        monitor = monitor.register(move |_| {
            let queue = host.queue::<ExpireInvitation>(expire);
            worker(expire.name)
                .backend(queue)
                .data(platform.clone())
                .build(jobs::expire_invitation)
        });
    }
    let remind = config(RemindInvitation::QUEUE, settings.remind_concurrency);
    if remind.concurrency > 0 {
        let (host, platform) = (host.clone(), platform.clone());
        monitor = monitor.register(move |_| {
            let queue = host.queue::<RemindInvitation>(remind);
            worker(remind.name)
                .backend(queue)
                .data(platform.clone())
                .build(jobs::remind_invitation)
        });
    }
    let render = config(RenderDocument::QUEUE, settings.render_concurrency);
    if render.concurrency > 0 {
        let host = host.clone();
        let parts = RenderParts {
            platform: platform.clone(),
            renderer: renderer(settings).await?,
            storage: storage.clone(),
            presses: Arc::new(Semaphore::new(render.concurrency)),
        };
        let manual = config(PublishManual::QUEUE, 1);
        let (of_manuals, manual_parts) = (host.clone(), parts.clone());
        monitor = monitor.register(move |_| {
            let queue = of_manuals.queue::<PublishManual>(manual);
            worker(manual.name)
                .backend(queue)
                .data(manual_parts.clone())
                .build(jobs::publish_manual)
        });
        let (of_documents, document_parts) = (host.clone(), parts.clone());
        monitor = monitor.register(move |_| {
            let queue = of_documents.queue::<RenderDocument>(render);
            worker(render.name)
                .backend(queue)
                .data(document_parts.clone())
                .build(jobs::render_document)
        });
        // The same presses: both take the same processors.
        let sheets = config(RenderSheet::QUEUE, settings.render_concurrency);
        monitor = monitor.register(move |_| {
            let queue = host.queue::<RenderSheet>(sheets);
            worker(sheets.name)
                .backend(queue)
                .data(parts.clone())
                .build(jobs::render_sheet)
        });
    }
    let send = config(SendMessage::QUEUE, settings.send_concurrency);
    if send.concurrency > 0 {
        let parts = SendParts {
            platform: platform.clone(),
            channels: Channels::new(&settings.channels)?,
        };
        let (of_messages, message_parts) = (host.clone(), parts.clone());
        monitor = monitor.register(move |_| {
            let queue = of_messages.queue::<SendMessage>(send);
            worker(send.name)
                .backend(queue)
                .data(message_parts.clone())
                .build(jobs::send_message)
        });
        let invitations = config(SendMemberInvitation::QUEUE, settings.send_concurrency);
        let (of_invitations, invitation_parts) = (host.clone(), parts.clone());
        monitor = monitor.register(move |_| {
            let queue = of_invitations.queue::<SendMemberInvitation>(invitations);
            worker(invitations.name)
                .backend(queue)
                .data(invitation_parts.clone())
                .build(jobs::send_member_invitation)
        });
        let links = config(SendStampedCopyLink::QUEUE, settings.send_concurrency);
        let (of_links, link_parts) = (host.clone(), parts.clone());
        monitor = monitor.register(move |_| {
            let queue = of_links.queue::<SendStampedCopyLink>(links);
            worker(links.name)
                .backend(queue)
                .data(link_parts.clone())
                .build(jobs::send_stamped_copy_link)
        });
        let notices = config(SendNotice::QUEUE, settings.send_concurrency);
        let (of_notices, notice_parts) = (host.clone(), parts.clone());
        monitor = monitor.register(move |_| {
            let queue = of_notices.queue::<SendNotice>(notices);
            worker(notices.name)
                .backend(queue)
                .data(notice_parts.clone())
                .build(jobs::send_notice)
        });
        // A queue of their own: people wait for codes, however many messages wait before them.
        let codes = config(SendPasscode::QUEUE, settings.send_concurrency);
        let host = host.clone();
        monitor = monitor.register(move |_| {
            let queue = host.queue::<SendPasscode>(codes);
            worker(codes.name)
                .backend(queue)
                .data(parts.clone())
                .build(jobs::send_passcode)
        });
    }
    let import = QueueConfig {
        time_limit: settings.import_time_limit(),
        ..config(ImportGraduates::QUEUE, settings.import_concurrency)
    };
    if import.concurrency > 0 {
        let host = host.clone();
        let parts = ImportParts {
            platform: platform.clone(),
            storage: storage.clone(),
        };
        monitor = monitor.register(move |_| {
            let queue = host.queue::<ImportGraduates>(import);
            worker(import.name)
                .backend(queue)
                .data(parts.clone())
                .build(jobs::import_graduates)
        });
    }
    let export = QueueConfig {
        time_limit: settings.export_time_limit(),
        ..config(ExportRecords::QUEUE, settings.export_concurrency)
    };
    if export.concurrency > 0 {
        let host = host.clone();
        let parts = ExportParts {
            platform: platform.clone(),
            storage: storage.clone(),
            keep: settings.export_keep(),
        };
        monitor = monitor.register(move |_| {
            let queue = host.queue::<ExportRecords>(export);
            worker(export.name)
                .backend(queue)
                .data(parts.clone())
                .build(jobs::export_records)
        });
    }
    let check = config(CheckUpload::QUEUE, settings.check_concurrency);
    if check.concurrency > 0 {
        let host = host.clone();
        let parts = CheckParts {
            platform: platform.clone(),
            storage: storage.clone(),
            desks: Arc::new(Semaphore::new(check.concurrency)),
        };
        monitor = monitor.register(move |_| {
            let queue = host.queue::<CheckUpload>(check);
            worker(check.name)
                .backend(queue)
                .data(parts.clone())
                .build(jobs::check_upload)
        });
    }
    let digest = config(DigestReviews::QUEUE, settings.digest_concurrency);
    if digest.concurrency > 0 {
        let (of_digests, of_announcements) = (host.clone(), host.clone());
        let (digested, announced) = (platform.clone(), platform.clone());
        monitor = monitor.register(move |_| {
            let queue = of_digests.queue::<DigestReviews>(digest);
            worker(digest.name)
                .backend(queue)
                .data(digested.clone())
                .build(jobs::digest_reviews)
        });
        let announcement = config(AnnounceLeaving::QUEUE, settings.digest_concurrency);
        monitor = monitor.register(move |_| {
            let queue = of_announcements.queue::<AnnounceLeaving>(announcement);
            worker(announcement.name)
                .backend(queue)
                .data(announced.clone())
                .build(jobs::announce_leaving)
        });
    }
    let fold = config(FoldFigures::QUEUE, settings.figures_concurrency);
    if fold.concurrency > 0 {
        let (of_folding, of_snapshots) = (host.clone(), host.clone());
        let (folded, kept) = (platform.clone(), platform.clone());
        monitor = monitor.register(move |_| {
            let queue = of_folding.queue::<FoldFigures>(fold);
            worker(fold.name)
                .backend(queue)
                .data(folded.clone())
                .build(jobs::fold_figures)
        });
        let snapshot = config(SnapshotFigures::QUEUE, settings.figures_concurrency);
        monitor = monitor.register(move |_| {
            let queue = of_snapshots.queue::<SnapshotFigures>(snapshot);
            worker(snapshot.name)
                .backend(queue)
                .data(kept.clone())
                .build(jobs::snapshot_figures)
        });
    }
    let prune = config(Prune::QUEUE, settings.prune_concurrency);
    if prune.concurrency > 0 {
        let host = host.clone();
        let parts = PruneParts {
            platform: platform.clone(),
            storage,
            keep_done: settings.keep_done(),
        };
        monitor = monitor.register(move |_| {
            let queue = host.queue::<Prune>(prune);
            worker(prune.name)
                .backend(queue)
                .data(parts.clone())
                .build(jobs::prune)
        });
    }
    Ok(monitor)
}

/// Loads the fonts.
async fn renderer(settings: &WorkerSettings) -> Result<Arc<Renderer>, WorkerError> {
    let folders: Vec<_> = settings.font_dir.iter().cloned().collect();
    let loaded = tokio::task::spawn_blocking(move || Renderer::new(&folders)).await;
    let failed = |reason: String| WorkerError::Setting {
        setting: "WANGQIAN_FONT_DIR",
        reason,
    };
    match loaded {
        Ok(Ok(renderer)) => Ok(Arc::new(renderer)),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
