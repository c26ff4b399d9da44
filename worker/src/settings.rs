//! Everything that can be set about the workers and the channels.

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;

use crate::queue::{Pauses, QueueSettings};

/// How the workers work. Every field is an option of the command line and an environment variable.
#[derive(Clone, clap::Args)]
#[group(skip)]
pub struct WorkerSettings {
    /// Invitations that are ended at the same time in one process; 0 leaves the queue to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_EXPIRE_CONCURRENCY", default_value_t = 4)]
    pub expire_concurrency: usize,
    /// Reminders that are made at the same time in one process; 0 leaves the queue to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_REMIND_CONCURRENCY", default_value_t = 2)]
    pub remind_concurrency: usize,
    /// Documents that are rendered at the same time in one process; each takes a processor and some 100 MB of memory. 0
    /// leaves the queue to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_RENDER_CONCURRENCY", default_value_t = 2)]
    pub render_concurrency: usize,
    /// Messages that are sent at the same time in one process, and as many codes, notices and invitations to join beside them; 0 leaves their
    /// queues to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_SEND_CONCURRENCY", default_value_t = 8)]
    pub send_concurrency: usize,
    /// Rosters that are imported at the same time in one process; each takes up to some 200 MB of memory. 0 leaves the queue
    /// to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_IMPORT_CONCURRENCY", default_value_t = 1)]
    pub import_concurrency: usize,
    /// Exports that are written at the same time in one process; each takes up to some 50 MB of memory, and its file's size on the
    /// disk, twice for a workbook. 0 leaves the queue to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_EXPORT_CONCURRENCY", default_value_t = 1)]
    pub export_concurrency: usize,
    /// Files for cases that are looked at at the same time in one process; each takes a processor and up to some 600 MB of memory. 0
    /// leaves the queue to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_CHECK_CONCURRENCY", default_value_t = 2)]
    pub check_concurrency: usize,
    /// Daily digests for the reviewers, and announcements of confirmation periods, of each so many that are made at the same time in one process;
    /// 0 leaves the queues to other processes.
    #[arg(long, env = "WANGQIAN_WORKER_DIGEST_CONCURRENCY", default_value_t = 1)]
    pub digest_concurrency: usize,
    /// Foldings of figures, and snapshots of them beside, that run at the same time in one process; 0 leaves their queues to other
    /// processes.
    #[arg(long, env = "WANGQIAN_WORKER_FIGURES_CONCURRENCY", default_value_t = 1)]
    pub figures_concurrency: usize,
    /// Prunings, of what was kept long enough, that run at the same time in one process; 0 leaves the queue to other
    /// processes.
    #[arg(long, env = "WANGQIAN_WORKER_PRUNE_CONCURRENCY", default_value_t = 1)]
    pub prune_concurrency: usize,
    /// Seconds that one attempt at a roster may take; the next attempt goes on where it stopped.
    #[arg(long, env = "WANGQIAN_WORKER_IMPORT_TIME_LIMIT_SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub import_time_limit_seconds: u64,
    /// Seconds that one attempt at an export may take; the next attempt begins anew.
    #[arg(long, env = "WANGQIAN_WORKER_EXPORT_TIME_LIMIT_SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub export_time_limit_seconds: u64,
    /// Days for which the file of an export is kept and may be downloaded by who asked for it.
    #[arg(long, env = "WANGQIAN_WORKER_EXPORT_KEEP_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    pub export_keep_days: u32,
    /// Seconds for which a worker holds a job without a sign of life; then another one takes it. At least 1.
    #[arg(long, env = "WANGQIAN_WORKER_LEASE_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub lease_seconds: u64,
    /// Milliseconds after which a process looks for due jobs of all its queues although nothing woke it, and the clock is looked at for
    /// the next recurring job.
    #[arg(long, env = "WANGQIAN_WORKER_POLL_MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pub poll_ms: u64,
    /// Seconds between two looks for work that is owed and whose job is gone: an invitation past its deadline, a paper, a
    /// message.
    #[arg(long, env = "WANGQIAN_WORKER_SWEEP_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub sweep_seconds: u64,
    /// Seconds for which running jobs may go on after the shutdown began; then they are handed back. Keep it 15 seconds
    /// below the time after which the process is killed.
    #[arg(long, env = "WANGQIAN_WORKER_SHUTDOWN_GRACE_SECONDS", default_value_t = 15)]
    pub shutdown_grace_seconds: u64,
    /// Seconds that one attempt of a job may take.
    #[arg(long, env = "WANGQIAN_WORKER_TIME_LIMIT_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub time_limit_seconds: u64,
    /// Seconds to wait after the first failed attempt of a job, at most; the pauses double from attempt to attempt.
    #[arg(long, env = "WANGQIAN_WORKER_RETRY_FIRST_SECONDS", default_value_t = 5)]
    pub retry_first_seconds: u64,
    /// Seconds to wait between two attempts of a job, at most.
    #[arg(long, env = "WANGQIAN_WORKER_RETRY_LONGEST_SECONDS", default_value_t = 3600)]
    pub retry_longest_seconds: u64,
    /// Days for which done jobs are kept, at least 1. Parked ones are kept until somebody deals with them.
    #[arg(long, env = "WANGQIAN_WORKER_KEEP_DONE_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=3650))]
    pub keep_done_days: u64,
    /// A folder with further fonts, for characters that the built-in one lacks.
    #[arg(long, env = "WANGQIAN_FONT_DIR")]
    pub font_dir: Option<PathBuf>,
    /// The ways in which messages leave the platform.
    #[command(flatten, next_help_heading = "Messages")]
    pub channels: ChannelSettings,
}

/// The ways in which messages leave the platform.
#[derive(Clone, clap::Args)]
#[group(skip)]
pub struct ChannelSettings {
    /// The SMTP server, as `smtps://user:password@host:465` or `smtp://user:password@host:587?tls=required`, user and
    /// password percent-encoded. Without it mails are written to files in the outbox.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// The sender that people see.
    #[arg(long, env = "WANGQIAN_MAIL_FROM", default_value = "网签 <no-reply@localhost>")]
    pub mail_from: String,
    /// The address to which undeliverable mail returns; the sender's own when it is not set.
    #[arg(long, env = "WANGQIAN_MAIL_ENVELOPE_FROM")]
    pub mail_envelope_from: Option<String>,
    /// Seconds within which the SMTP server has to take a mail, connecting included.
    #[arg(long, env = "WANGQIAN_MAIL_TIME_LIMIT_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub mail_time_limit_seconds: u64,
    /// Seconds for which an idle connection to the SMTP server is kept; less than the server keeps it.
    #[arg(long, env = "WANGQIAN_MAIL_IDLE_SECONDS", default_value_t = 20)]
    pub mail_idle_seconds: u64,
    /// The folder for messages that no provider takes: `mail/*.eml`, `sms/*.txt`, `wechat/*.txt`.
    #[arg(long, env = "WANGQIAN_OUTBOX", default_value = "outbox")]
    pub outbox: PathBuf,
}

impl std::fmt::Debug for ChannelSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelSettings")
            .field("smtp_url", &self.smtp_url.as_ref().map(|_| "(set)"))
            .field("mail_from", &self.mail_from)
            .field("mail_envelope_from", &self.mail_envelope_from)
            .field("outbox", &self.outbox)
            .finish_non_exhaustive()
    }
}

impl ChannelSettings {
    pub(crate) fn mail_time_limit(&self) -> Duration {
        Duration::from_secs(self.mail_time_limit_seconds)
    }

    pub(crate) fn mail_idle_limit(&self) -> Duration {
        Duration::from_secs(self.mail_idle_seconds)
    }
}

impl std::fmt::Debug for WorkerSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerSettings")
            .field("queues", &self.queue_settings())
            .field("channels", &self.channels)
            .field("font_dir", &self.font_dir)
            .finish_non_exhaustive()
    }
}

impl WorkerSettings {
    /// How long there is between two sweeps.
    pub fn sweep_every(&self) -> Duration {
        Duration::from_secs(self.sweep_seconds)
    }

    /// How long there is between two looks for what is due.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    /// How long done jobs are kept.
    pub fn keep_done(&self) -> Duration {
        Duration::from_secs(self.keep_done_days.saturating_mul(86_400))
    }

    /// How the queues work.
    pub fn queue_settings(&self) -> QueueSettings {
        QueueSettings {
            lease: Duration::from_secs(self.lease_seconds),
            poll: self.poll(),
            grace: Duration::from_secs(self.shutdown_grace_seconds),
            pauses: Pauses {
                first: Duration::from_secs(self.retry_first_seconds),
                longest: Duration::from_secs(self.retry_longest_seconds),
            },
            sample_every: Duration::from_secs(15),
        }
    }

    /// How long one attempt at a roster may take.
    pub fn import_time_limit(&self) -> Duration {
        Duration::from_secs(self.import_time_limit_seconds)
    }

    /// How long one attempt at an export may take.
    pub fn export_time_limit(&self) -> Duration {
        Duration::from_secs(self.export_time_limit_seconds)
    }

    /// For how long the file of an export is kept.
    pub fn export_keep(&self) -> TimeDelta {
        TimeDelta::days(self.export_keep_days.into())
    }

    /// How long one attempt of a job may take.
    pub fn time_limit(&self) -> Duration {
        Duration::from_secs(self.time_limit_seconds)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        settings: WorkerSettings,
    }

    #[test]
    fn settings_have_defaults_limits_and_keep_their_secret() {
        let settings = Cli::parse_from(["worker", "--smtp-url", "smtp://u:geheim@h"]).settings;
        assert_eq!(settings.queue_settings().lease, Duration::from_secs(30));
        assert!(!format!("{settings:?}").contains("geheim"));
        assert!(Cli::try_parse_from(["worker", "--lease-seconds", "0"]).is_err());
        // A tick's job must not be forgotten while the tick may still be caught up with.
        assert!(Cli::try_parse_from(["worker", "--keep-done-days", "0"]).is_err());
    }

    #[test]
    fn every_option_is_also_an_environment_variable_and_has_a_help_text() {
        use clap::CommandFactory;
        for option in Cli::command()
            .get_arguments()
            .filter(|option| option.get_id() != "help")
        {
            assert!(
                option.get_env().is_some() && option.get_help().is_some(),
                "{}",
                option.get_id()
            );
        }
    }
}
