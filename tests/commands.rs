//! The tools: migrate, demo, audit, schema, health, and how each of them fails.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use wangqian_embedded::test_database;
use wangqian_schema::model::{
    Viewer,
    account::{self, Identifier},
    session,
};

use crate::support::process::{free_port, output, stderr, stdout, wangqian};

async fn empty_database() -> String {
    let base = test_database(|url| async move { wangqian_schema::db::migrate(&url).await.map(drop) }).await;
    wangqian_schema::db::revert_all(base.url())
        .await
        .expect("it can be reverted");
    base.url().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_database_to_the_audited_demo() {
    let url = empty_database().await;
    let run = |arguments: &[&str]| output(wangqian().args(arguments).env("DATABASE_URL", &url));

    let pending = run(&["migrate", "--check"]);
    assert_eq!(pending.status.code(), Some(1));
    assert!(stderr(&pending).contains("_foundation"), "{pending:?}");
    let early = run(&["demo"]);
    assert_eq!(early.status.code(), Some(4));
    assert!(stderr(&early).contains("wangqian migrate"), "{early:?}");

    let applied = run(&["migrate"]);
    assert!(
        applied.status.success() && stdout(&applied).contains("applied"),
        "{applied:?}"
    );
    assert!(run(&["migrate", "--check"]).status.success());
    assert!(stdout(&run(&["migrate"])).contains("nothing to do"));

    let loaded = run(&["demo"]);
    assert!(
        stdout(&loaded).contains("graduate@example.com") && stdout(&loaded).contains("wangqian-demo"),
        "{loaded:?}"
    );
    assert!(stdout(&run(&["demo"])).contains("nothing was changed"));

    let audit = run(&["audit"]);
    assert!(
        audit.status.success() && stdout(&audit).contains(" 0 broken"),
        "{audit:?}"
    );
    let nobody = run(&["audit", "--case", "01940000-0000-7000-8000-000000000000"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_database_is_named_without_its_password() {
    let url = format!("postgres://somebody:geheim@127.0.0.1:{}/wangqian", free_port());
    for command in [
        &["migrate"][..],
        &["migrate", "--check"],
        &["demo"],
        &["audit"],
        &["stuck-work"],
        &["worker", "--public-url", "https://wangqian.example"],
        &[
            "api",
            "--public-url",
            "https://wangqian.example",
            "--listen",
            "127.0.0.1:0",
        ],
    ] {
        let failed = output(wangqian().args(command).env("DATABASE_URL", &url));
        let said = stderr(&failed);
        assert_eq!(failed.status.code(), Some(4), "{command:?}: {said}");
        assert!(
            said.contains("DATABASE_URL") && said.contains("what to do"),
            "{command:?}: {said}"
        );
        assert!(!said.contains("geheim"), "{command:?}: {said}");
    }
}

#[test]
fn what_is_missing_is_named() {
    for (command, named) in [
        (&["migrate"][..], "DATABASE_URL"),
        (&["audit"], "DATABASE_URL"),
        (&["stuck-work"], "DATABASE_URL"),
        (&["stuck-work", "--kind", "nonsense"], "expiry, reminder"),
        (&["check-documents"], "DATABASE_URL"),
        (
            &["check-documents", "--database-url", "postgres://127.0.0.1/x"],
            "S3_ENDPOINT",
        ),
        (&["check-documents", "--concurrency", "0"], "1..=1000"),
        (&["send-test-mail"], "--to"),
        (&["worker"], "DATABASE_URL"),
        (&["api", "--listen", "127.0.0.1:0"], "DATABASE_URL"),
        (
            &["worker", "--database-url", "postgres://127.0.0.1/x"],
            "WANGQIAN_PUBLIC_URL",
        ),
        (&["--log", "a=b=c", "schema"], "WANGQIAN_LOG"),
        (&["api", "--download-link-seconds", "0"], "1..=604800"),
        (&["api", "--download-link-seconds", "604801"], "1..=604800"),
    ] {
        let failed = output(wangqian().args(command));
        assert_eq!(failed.status.code(), Some(2), "{command:?}: {}", stderr(&failed));
        assert!(
            stderr(&failed).contains(named),
            "{command:?}: {}",
            stderr(&failed)
        );
    }
    assert_eq!(output(wangqian().arg("no-such-command")).status.code(), Some(2));
}

#[test]
fn help_names_settings_and_hides_secrets() {
    for command in [
        "up",
        "api",
        "worker",
        "migrate",
        "demo",
        "audit",
        "check-documents",
        "stuck-work",
        "add-operator",
        "health",
    ] {
        let help = output(
            wangqian()
                .args([command, "--help"])
                .env("DATABASE_URL", "postgres://somebody:geheim@host/database")
                .env("SMTP_URL", "smtps://somebody:geheim@host")
                .env("S3_SECRET_ACCESS_KEY", "geheim"),
        );
        let text = stdout(&help);
        assert!(help.status.success() && text.contains("Example"), "{command}");
        assert!(text.contains("[env: "), "{command}");
        assert!(!text.contains("geheim"), "{command}: {text}");
    }
}

#[test]
fn the_schema_is_printed() {
    let schema = output(wangqian().arg("schema"));
    assert!(schema.status.success());
    assert!(stdout(&schema).contains("type Query"), "{schema:?}");
    assert_eq!(stdout(&schema), wangqian_api::sdl());
}

#[test]
fn health_of_nothing() {
    let listen = format!("127.0.0.1:{}", free_port());
    let health = output(wangqian().args(["health", "--listen", &listen]));
    assert_eq!(health.status.code(), Some(1), "{health:?}");
    assert!(stderr(&health).contains(&listen), "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stuck_work_is_listed_and_tried_again() {
    let url = empty_database().await;
    let run = |arguments: &[&str]| output(wangqian().args(arguments).env("DATABASE_URL", &url));
    assert!(run(&["migrate"]).status.success());
    let none = run(&["stuck-work"]);
    assert!(
        none.status.success() && stdout(&none) == "0 piece(s) of work stuck\n",
        "{none:?}"
    );

    // No worker runs, so that the mails of the demo's past wait. Let them be given up.
    assert!(run(&["demo"]).status.success());
    let mut conn = AsyncPgConnection::establish(&url).await.expect("the database");
    conn.batch_execute("UPDATE messages SET created_at = now() - interval '1 hour', status = 'PARKED' WHERE channel = 'EMAIL'")
        .await
        .expect("parked");
    let stuck = run(&["stuck-work", "--kind", "message"]);
    let lines = stdout(&stuck)
        .lines()
        .filter(|line| line.contains("PARKED"))
        .count();
    assert!(
        stuck.status.code() == Some(1) && lines > 100,
        "more than a page: {stuck:?}"
    );
    assert!(stderr(&stuck).contains("--retry"), "{stuck:?}");
    // Two errors of several lines, after attempts of other numbers.
    let errors = "UPDATE jobs SET state = 'PARKED', finished_at = now(), last_error = 'attempt ' || jobs.id || ': ' || CASE
            WHEN unique_key = (SELECT min(id::text) FROM messages WHERE channel = 'EMAIL') THEN 'refused' ELSE 'greylisted' END
            || E'\\nby the server' FROM messages WHERE unique_key = messages.id::text AND channel = 'EMAIL'";
    conn.batch_execute(errors).await.expect("errors");
    let summary = run(&["stuck-work", "--kind", "message", "--summary"]);
    let said = stdout(&summary);
    let said: Vec<_> = said.lines().collect();
    let alike = "x MESSAGE: PARKED; oldest owed for 60 min;";
    let others = lines - 1;
    assert_eq!(said[0], format!("{others} {alike} greylisted"), "{summary:?}");
    assert!(
        said.contains(&format!("1 {alike} refused").as_str()),
        "{summary:?}"
    );
    assert!(said.len() < 6 && summary.status.code() == Some(1), "{summary:?}");
    let retried = run(&["stuck-work", "--kind", "message", "--retry"]);
    assert!(
        retried.status.success() && stdout(&retried).contains("tried again"),
        "{retried:?}"
    );
    let nothing = "01940000-0000-7000-8000-000000000000";
    let typo = run(&["stuck-work", "--retry", "--id", nothing]);
    assert!(
        typo.status.code() == Some(1) && stderr(&typo).contains(nothing),
        "{typo:?}"
    );
    let still = run(&["stuck-work", "--kind", "message"]);
    assert!(
        !stdout(&still).contains("PARKED") && stdout(&still).contains("READY"),
        "{still:?}"
    );
}

#[test]
fn a_test_mail_says_what_became_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let send = |more: &[&str]| {
        let mut command = wangqian();
        command
            .args(["send-test-mail", "--outbox"])
            .arg(folder.path())
            .args(more);
        output(&mut command)
    };
    let written = send(&["--to", "operator@example.com"]);
    let path = stdout(&written)
        .trim()
        .rsplit(' ')
        .next()
        .expect("a path")
        .to_owned();
    let mail = std::fs::read_to_string(path).expect("the mail");
    assert!(mail.contains("To: operator@example.com"), "{mail}");

    let nobody = format!("smtp://user:geheim@127.0.0.1:{}", free_port());
    let failed = send(&["--to", "operator@example.com", "--smtp-url", &nobody]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(
        stderr(&failed).contains("connecting") && !stderr(&failed).contains("geheim"),
        "{failed:?}"
    );
    assert_eq!(send(&["--to", "no address"]).status.code(), Some(1));
    let wrong = send(&["--to", "operator@example.com", "--mail-from", "nobody"]);
    assert!(
        wrong.status.code() == Some(2) && stderr(&wrong).contains("WANGQIAN_MAIL_FROM"),
        "{wrong:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_added_once_and_logs_in_with_the_printed_password() {
    let url = empty_database().await;
    let run = |arguments: &[&str]| output(wangqian().args(arguments).env("DATABASE_URL", &url));
    let add = |email: &str, name: &str| run(&["add-operator", "--email", email, "--name", name]);
    let early = add("operator@example.com", "示例管理员");
    assert_eq!(early.status.code(), Some(4), "not migrated yet: {early:?}");
    assert!(run(&["migrate"]).status.success());
    for (email, name) in [("nobody", "示例管理员"), ("operator@example.com", " ")] {
        assert_eq!(add(email, name).status.code(), Some(2), "{email} {name:?}");
    }

    let added = add("Operator@example.com", "示例管理员");
    let password = stdout(&added).trim().to_owned();
    assert!(added.status.success() && password.len() == 20, "{added:?}");
    let again = add("operator@example.com", "另一管理员");
    assert_eq!(again.status.code(), Some(1), "{again:?}");

    let mut conn = AsyncPgConnection::establish(&url).await.expect("the database");
    let identifier = Identifier::parse("operator@example.com").expect("an address");
    let found = account::find_credentials(&mut conn, &identifier).await;
    let found = found.expect("an answer").expect("the account");
    assert!(wangqian_schema::password::verify(&password, &found.password_hash));
    let now = wangqian_schema::clock::Clock::default().now();
    let (_, token) = session::begin(&mut conn, &found, None, now)
        .await
        .expect("an answer")
        .expect("a session");
    let (_, viewer) = session::authenticate(&mut conn, &token, now)
        .await
        .expect("an answer")
        .expect("a viewer");
    assert!(matches!(viewer, Viewer::Operator { .. }), "{viewer:?}");
}
