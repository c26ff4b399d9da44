//! `wangqian up` as a process: what it starts, what it says, and that nothing is left of it.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::Output,
    time::Instant,
};

use serde_json::json;
use wangqian_cli::demo::accounts;

use crate::support::{
    Client,
    cluster::eventually,
    process::{
        NOBODY, PATIENCE, Up, open_folder, output, processes_of, stderr, stdout, wait_until, wangqian,
    },
};

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|us| std::os::unix::fs::MetadataExt::uid(&us) == 0)
}

fn up(data: &Path, listen: &str) -> Output {
    output(
        wangqian()
            .args(["up", "--listen", listen])
            .arg("--data")
            .arg(data),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_starts_it_looks_around_stops_it_and_finds_everything_again() {
    let folder = open_folder();
    let data = folder.path().join("data");
    let mut first = Up::start(&data);
    for account in accounts::ACCOUNTS {
        assert!(
            first.greeting.contains(account.email),
            "{}: {}",
            account.email,
            first.greeting
        );
    }
    for said in [
        accounts::PASSWORD,
        "/graphiql",
        "下载操作手册",
        "outbox/mail",
        &first.url(),
        "Ctrl-C",
    ] {
        assert!(
            first.greeting.contains(said),
            "{said} is missing: {}",
            first.greeting
        );
    }
    let visitor = Client::new(&first.url());
    // Its probes have a time limit, which a machine that is busy with a start may exceed.
    eventually("it is ready", async || {
        (visitor.get("/readyz").await.0 == 200).then_some(())
    })
    .await;
    let healthy = output(wangqian().args(["health", "--listen", &format!("127.0.0.1:{}", first.port)]));
    assert!(healthy.status.success(), "{healthy:?}");

    let graduate = visitor.login(accounts::GRADUATE).await;
    let query =
        "{ viewer { __typename } agreements(first: 10, statuses: [INVITED]) { nodes { id version } } }";
    let before = graduate.query(query, json!({})).await;
    assert_eq!(
        before["agreements"]["nodes"].as_array().map(Vec::len),
        Some(2),
        "{before}"
    );
    for name in [
        "",
        "postgres",
        "objects",
        "outbox/mail",
        "outbox/sms",
        "outbox/wechat",
    ] {
        let folder = fs::metadata(data.join(name)).expect("what the greeting names is there");
        assert_eq!(
            folder.permissions().mode() & 0o777,
            0o700,
            "{name:?} holds personal data"
        );
    }
    let mails = data.join("outbox/mail");
    let mail = || {
        fs::read_dir(&mails)
            .expect("a folder")
            .flatten()
            .find(|mail| !hidden(mail))
    };
    wait_until("a mail of the demo data is sent", || mail().is_some());
    let rights = mail()
        .expect("a mail")
        .metadata()
        .expect("its rights")
        .permissions();
    assert_eq!(rights.mode() & 0o777, 0o600);

    first.signal("INT", false);
    assert!(first.wait().success(), "{}", first.log());
    assert_eq!(first.farewell(), "Wangqian 网签 has stopped.\n");
    assert!(
        !first.log().contains("operation ended"),
        "a line for every operation buries what matters: {}",
        first.log()
    );
    first.wait_until_nothing_is_left();
    assert!(
        TcpStream::connect(("127.0.0.1", first.port)).is_err(),
        "the port is free again"
    );

    let second = Up::start(&data);
    let graduate = Client::new(&second.url()).login(accounts::GRADUATE).await;
    assert_eq!(
        graduate.query(query, json!({})).await,
        before,
        "the same two invitations"
    );
}

/// Whether a file of the outbox is not finished yet.
fn hidden(file: &fs::DirEntry) -> bool {
    file.file_name().as_encoded_bytes().starts_with(b".")
}

#[test]
fn ctrl_c_in_a_terminal_reaches_the_whole_group_and_still_all_ends_in_order() {
    let folder = open_folder();
    let mut up = Up::start(&folder.path().join("data"));
    assert!(
        processes_of(&up.data).len() > 1,
        "PostgreSQL runs: {:?}",
        processes_of(&up.data)
    );
    up.signal("INT", true);
    assert!(up.wait().success(), "{}", up.log());
    up.wait_until_nothing_is_left();
    assert!(!up.log().contains("ERROR"), "{}", up.log());
    assert!(
        was_shut_down(&up.data),
        "PostgreSQL has to recover at its next start"
    );
}

/// Whether PostgreSQL ended in order: the state in its control file (`DBState`, an int after two ids) says so.
fn was_shut_down(data: &Path) -> bool {
    const SHUT_DOWN: u32 = 1;
    let control = fs::read(data.join("postgres/cluster/global/pg_control")).expect("the control file");
    let state = control.get(16..20).and_then(|bytes| bytes.try_into().ok());
    state.map(u32::from_ne_bytes) == Some(SHUT_DOWN)
}

#[test]
fn sigterm_stops_it_too() {
    let folder = open_folder();
    let mut up = Up::start(&folder.path().join("data"));
    up.signal("TERM", false);
    assert!(up.wait().success(), "{}", up.log());
    up.wait_until_nothing_is_left();
}

#[test]
fn killed_it_leaves_nothing_running_and_starts_again() {
    let folder = open_folder();
    let data = folder.path().join("data");
    let mut killed = Up::start(&data);
    assert!(!was_shut_down(&data), "it runs");
    killed.signal("KILL", false);
    assert!(!killed.wait().success());
    // Not waiting for PostgreSQL's end: who starts it again at once is not told off.
    let again = Up::start(&data);
    drop(again);
    killed.wait_until_nothing_is_left();
}

#[test]
fn a_second_signal_does_not_wait() {
    let folder = open_folder();
    let mut up = Up::start(&folder.path().join("data"));
    // Somebody is in the middle of sending a request, and a graceful end waits for him a while.
    let mut lingering = TcpStream::connect(("127.0.0.1", up.port)).expect("it listens");
    std::io::Write::write_all(
        &mut lingering,
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    )
    .expect("half a request");
    // The server asks for the body: it is in the middle of the request from here on.
    let mut asked = [0; 12];
    std::io::Read::read_exact(&mut lingering, &mut asked).expect("an answer");
    assert_eq!(&asked, b"HTTP/1.1 100");
    up.signal("INT", false);
    let begun = Instant::now();
    while !up.log().contains("stopping") {
        assert!(begun.elapsed() < PATIENCE, "{}", up.log());
        std::thread::yield_now();
    }
    up.signal("INT", false);
    assert_eq!(up.wait().code(), Some(130), "{}", up.log());
    up.wait_until_nothing_is_left();
}

#[test]
fn a_taken_port_is_said_before_anything_is_made() {
    let folder = open_folder();
    let data = folder.path().join("data");
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let listen = taken.local_addr().expect("an address").to_string();
    let failed = up(&data, &listen);
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(
        stderr(&failed).contains(&listen) && stderr(&failed).contains("--listen"),
        "{failed:?}"
    );
    assert!(!data.exists() && stdout(&failed).is_empty());
}

#[test]
fn an_address_that_is_none_is_said() {
    let folder = open_folder();
    let failed = up(&folder.path().join("data"), "not-an-address");
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(stderr(&failed).contains("WANGQIAN_LISTEN"), "{failed:?}");
}

#[test]
fn a_data_folder_that_is_a_file_is_said() {
    let folder = open_folder();
    let data = folder.path().join("data");
    fs::write(&data, "not a folder").expect("a file");
    let failed = up(&data, "127.0.0.1:0");
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(
        stderr(&failed).contains("data") && stderr(&failed).contains("WANGQIAN_DATA"),
        "{failed:?}"
    );
}

#[test]
fn an_outbox_that_cannot_be_made_is_said() {
    let folder = open_folder();
    let outbox = folder.path().join("outbox");
    fs::write(&outbox, "not a folder").expect("a file");
    let failed = output(
        wangqian()
            .args(["up", "--listen", "127.0.0.1:0", "--outbox"])
            .arg(&outbox)
            .arg("--data")
            .arg(folder.path().join("data")),
    );
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(stderr(&failed).contains("WANGQIAN_OUTBOX"), "{failed:?}");
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = open_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("postgres")).expect("a folder");
    let theirs = data.join("postgres/thesis.txt");
    fs::write(&theirs, "毕业论文").expect("a file");
    let failed = up(&data, "127.0.0.1:0");
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(stderr(&failed).contains("what to do"), "{failed:?}");
    assert_eq!(fs::read_to_string(&theirs).expect("still there"), "毕业论文");
}

#[test]
fn a_second_one_on_the_same_folder_is_told_who_has_it() {
    let folder = open_folder();
    let first = Up::start(&folder.path().join("data"));
    let failed = up(&first.data, "127.0.0.1:0");
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(stderr(&failed).contains(&first.pid().to_string()), "{failed:?}");
    let health = output(wangqian().args(["health", "--listen", &format!("127.0.0.1:{}", first.port)]));
    assert!(health.status.success(), "the first one is none the worse");
}

/// As in a container, where root has few capabilities.
#[test]
fn root_who_may_not_let_others_through_starts_it_in_an_open_folder_only() {
    if !is_root() {
        return;
    }
    let folder = open_folder();
    let bound = folder.path().join("bound");
    let script = format!(
        "#!/bin/sh\nexec setpriv --bounding-set=-dac_read_search {} \"$@\"\n",
        env!("CARGO_BIN_EXE_wangqian")
    );
    fs::write(&bound, script).expect("a script");
    fs::set_permissions(&bound, fs::Permissions::from_mode(0o755)).expect("rights");
    let mut up = Up::start_as(&bound, &folder.path().join("data"), |command| command);
    up.signal("TERM", false);
    assert!(up.wait().success());

    let closed = folder.path().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("rights");
    let failed = output(
        std::process::Command::new(&bound)
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(closed.join("data")),
    );
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    let said = stderr(&failed);
    assert!(
        said.contains(&format!("{} is closed", closed.display())),
        "{said}"
    );
    assert!(said.contains("WANGQIAN_DATA"), "{said}");
}

#[test]
fn an_ordinary_user_starts_it_as_well() {
    if !is_root() {
        // All the other tests of this file were run by one.
        return;
    }
    let folder = open_folder();
    std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
    // The executable may stand in a folder that only root enters.
    let executable = folder.path().join("wangqian");
    fs::copy(env!("CARGO_BIN_EXE_wangqian"), &executable).expect("a copy");
    fs::set_permissions(&executable, fs::Permissions::from_mode(0o755)).expect("rights");
    let data = folder.path().join("data");
    let mut up = Up::start_as(&executable, &data, |command| {
        command.uid(NOBODY).gid(NOBODY).current_dir("/")
    });
    up.signal("INT", false);
    assert!(up.wait().success(), "{}", up.log());
    up.wait_until_nothing_is_left();

    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("a folder of root");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).expect("rights");
    let mut command = std::process::Command::new(&executable);
    command
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(locked.join("data"));
    let failed = output(command.uid(NOBODY).gid(NOBODY).current_dir("/"));
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(stderr(&failed).contains("WANGQIAN_DATA"), "{failed:?}");
}

#[test]
fn stopped_while_it_starts_it_leaves_nothing() {
    let folder = open_folder();
    let data = folder.path().join("data");
    let mut child = wangqian()
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the executable starts");
    let begun = Instant::now();
    while !data.join("postgres").exists() {
        assert!(begun.elapsed() < PATIENCE, "it does not begin");
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    let begun = Instant::now();
    while child.try_wait().expect("a child of ours").is_none() {
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::yield_now();
    }
    crate::support::process::wait_until_nothing_is_left(&data);
    drop(Up::start(&data));
}
