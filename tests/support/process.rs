//! The executable as a process: started in a folder of its own, watched, and looked for after its end.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Longest that a start or an end may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// How long to wait before looking again: a tenth of what was waited since. Whoever waits long does not ask all the time, and does not
/// hear much later either.
pub(crate) fn pause(since: Instant) -> Duration {
    (since.elapsed() / 10).clamp(Duration::from_millis(5), Duration::from_millis(100))
}

/// An unprivileged user, for tests that run as root: `nobody` of every Debian.
pub(crate) const NOBODY: u32 = 65_534;

/// The executable, without any setting of the caller's shell.
pub(crate) fn wangqian() -> Command {
    clean(Path::new(env!("CARGO_BIN_EXE_wangqian")))
}

fn clean(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.env_clear();
    for name in [
        "PATH",
        "WANGQIAN_POSTGRES_BIN",
        "TMPDIR",
        "LANG",
        "RUST_BACKTRACE",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs the executable to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .expect("the executable starts")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A port that is free now and given to nobody else: below those that the system hands out, and each only once.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Another binary of tests that runs at the same time begins elsewhere.
    let begin = std::process::id() % u32::from(COUNT);
    let begin = u16::try_from(begin).expect("a small number");
    (0..COUNT)
        .map(|_| FIRST + (begin + GIVEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// A folder that any user may pass through, so that PostgreSQL can work below it whoever it runs as.
pub(crate) fn open_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("rights");
    folder
}

/// A running `wangqian up`. Dropping it kills its process group and waits.
#[derive(Debug)]
pub(crate) struct Up {
    child: Child,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Where it listens.
    pub(crate) port: u16,
    /// What it printed when it was ready.
    pub(crate) greeting: String,
    stdout: ChildStdout,
    errors: PathBuf,
}

impl Up {
    /// Starts one on a data folder and a free port, and waits until it greets.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, |command| command)
    }

    /// As [`Up::start`], with more settings.
    pub(crate) fn start_with(data: &Path, more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::start_as(Path::new(env!("CARGO_BIN_EXE_wangqian")), data, more)
    }

    /// As [`Up::start_with`], of a copy of the executable.
    pub(crate) fn start_as(
        executable: &Path,
        data: &Path,
        more: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let port = free_port();
        let errors = data.with_extension(format!("{port}.stderr"));
        let mut command = clean(executable);
        command
            .arg("up")
            .arg("--data")
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            // A group of its own, as a shell makes it: Ctrl-C goes to the whole group.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&errors).expect("a file for standard error"));
        let mut child = more(&mut command).spawn().expect("the executable starts");
        let stdout = child.stdout.take().expect("standard output");
        let mut up = Self {
            child,
            data: data.to_owned(),
            port,
            greeting: String::new(),
            stdout,
            errors,
        };
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains("Stop it with Ctrl-C") {
            let length = up.stdout.read(&mut chunk).expect("standard output can be read");
            assert!(length > 0, "it ended without a greeting: {}", up.log());
            seen.extend_from_slice(&chunk[..length]);
        }
        up.greeting = String::from_utf8(seen).expect("UTF-8");
        up
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// What it printed after its greeting. Waits for its end.
    pub(crate) fn farewell(&mut self) -> String {
        let mut text = String::new();
        self.stdout
            .read_to_string(&mut text)
            .expect("standard output can be read");
        text
    }

    /// The base of its addresses.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, as the terminal does to the whole group or as `kill` does to the process alone.
    pub(crate) fn signal(&self, signal: &str, to_group: bool) {
        kill(signal, self.pid(), to_group);
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.log());
            std::thread::sleep(pause(begun));
        }
    }

    /// Waits until nothing that was started for this data folder runs any more.
    pub(crate) fn wait_until_nothing_is_left(&self) {
        wait_until_nothing_is_left(&self.data);
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill("KILL", self.pid(), true);
            let _status = self.child.wait();
        }
    }
}

/// Sends a signal to a process, or to the whole group that it leads.
pub(crate) fn kill(signal: &str, pid: u32, to_group: bool) {
    let target = if to_group {
        format!("-{pid}")
    } else {
        pid.to_string()
    };
    let status = Command::new("kill")
        .args(["-s", signal, "--", &target])
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok(), "kill can be run");
}

/// Waits until no process names the folder in its command line or works in it.
pub(crate) fn wait_until_nothing_is_left(folder: &Path) {
    wait_until("nothing of it runs any more", || processes_of(folder).is_empty());
}

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(pause(begun));
    }
}

/// The processes, other than this one, that name the folder in their command line or environment, or work in it.
pub(crate) fn processes_of(folder: &Path) -> Vec<(u32, String)> {
    let name = folder.to_str().expect("a plain path").as_bytes();
    let mentions = |bytes: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux").flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        if pid == std::process::id() {
            continue;
        }
        let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
        let works_there = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        let command = read("cmdline");
        if works_there || mentions(&command) || mentions(&read("environ")) {
            found.push((pid, String::from_utf8_lossy(&command).replace('\0', " ")));
        }
    }
    found
}
