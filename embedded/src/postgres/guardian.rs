//! The process between us and the server: it waits for the end of a pipe that only we hold, so that the server stops
//! when we end, in whichever way, SIGKILL included.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Account, PostgresError, PostgresOptions, Programs, io};

/// Longest time that a fast shutdown is waited for.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Starts the server given as arguments in the background; stops it when the standard input ends or when it ended by
/// itself; then removes the folder in `$WANGQIAN_REMOVE`, if there is one.
const SCRIPT: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- & server=$!
( cat <&3 >/dev/null; kill -INT $server 2>/dev/null ) & watcher=$!
wait $server
kill $watcher 2>/dev/null
[ -z "$WANGQIAN_REMOVE" ] || rm -rf -- "$WANGQIAN_REMOVE"
"#;

/// Everything that a server is started with.
pub(super) struct Plan<'a> {
    pub(super) programs: &'a Programs,
    pub(super) account: &'a Account,
    pub(super) data_dir: &'a Path,
    pub(super) cluster: &'a Path,
    pub(super) port: u16,
    pub(super) options: &'a PostgresOptions,
}

/// The guardian of one server.
#[derive(Debug)]
pub(super) struct Guardian {
    child: Mutex<Child>,
    lifeline: Option<ChildStdin>,
}

impl Guardian {
    pub(super) fn start(plan: &Plan<'_>) -> Result<Self, PostgresError> {
        let log_path = plan.data_dir.join("log");
        let log = fs::File::create(&log_path).map_err(io(&log_path))?;
        let errors = log.try_clone().map_err(io(&log_path))?;
        let mut server = plan.account.command(&plan.programs.postgres);
        server.arg("-D").arg(plan.cluster);
        for setting in settings(plan) {
            server.arg("-c").arg(setting);
        }
        let mut guardian = Command::new("sh");
        guardian
            .args(["-c", SCRIPT, "wangqian-postgres"])
            .arg(server.get_program())
            .args(server.get_args())
            .env_remove("PGDATA")
            .env(
                "WANGQIAN_REMOVE",
                if plan.options.remove_at_end {
                    plan.data_dir.as_os_str()
                } else {
                    "".as_ref()
                },
            )
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            // A Ctrl-C in the terminal is for us: the server is stopped when we are done with it.
            .process_group(0);
        let mut child = guardian.spawn().map_err(|error| PostgresError::Failed {
            program: "sh",
            output: error.to_string(),
        })?;
        let lifeline = child.stdin.take();
        Ok(Self {
            child: Mutex::new(child),
            lifeline,
        })
    }

    /// Whether the server has not ended.
    pub(super) fn is_running(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(child.try_wait(), Ok(None))
    }

    /// Stops the server and waits for its end. `false` when it does not end in time.
    pub(super) fn stop(&mut self) -> bool {
        self.lifeline = None;
        let until = Instant::now() + STOP_LIMIT;
        while self.is_running() {
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }
}

fn settings(plan: &Plan<'_>) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={}", plan.port),
        "unix_socket_directories=".to_owned(),
        format!("max_connections={}", plan.options.max_connections),
        "shared_buffers=128MB".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        // Errors are told to the program, which logs them without people's data.
        "log_min_messages=fatal".to_owned(),
        "log_min_error_statement=panic".to_owned(),
    ];
    if !plan.options.durable {
        // Nothing is to outlive it. With a database for each test, autovacuum would never rest: it looks into every database once a
        // minute.
        settings.extend(
            [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
                "max_wal_size=4GB",
                "checkpoint_timeout=1h",
                "autovacuum=off",
                "jit=off",
            ]
            .map(str::to_owned),
        );
    }
    settings
}
