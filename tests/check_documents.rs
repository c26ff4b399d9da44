//! Documents that the object store has lost: found by the command, made again by a worker, or not where the bytes would be others.

use std::process::Output;

use diesel_async::RunQueryDsl;
use wangqian_api::id::NodeType;
use wangqian_schema::{
    model::stored_paper::{self, StoredPaper},
    stuck_work,
    workflow::ReviewRoute,
};

use crate::support::{
    Server,
    papers::{fetch, link, signed},
    people,
    process::{output, stderr, stdout},
};

fn check(server: &Server, more: &[&str]) -> Output {
    output(server.command(&["check-documents"]).args(more))
}

async fn execute(server: &Server, sql: &str) {
    let mut conn = server.platform.pool.get().await.expect("a connection");
    let done = diesel::sql_query(sql).execute(&mut conn).await;
    done.expect("it can be executed");
}

/// How the job of a document failed that was parked.
async fn parked(server: &Server, document: &StoredPaper) -> Option<String> {
    let mut conn = server.platform.pool.get().await.expect("a connection");
    let parked = stuck_work::parked_renderings(&mut conn, &[document]).await;
    parked.expect("an answer").remove(&document.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_documents_are_found_and_made_again() {
    let server = Server::empty().await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let (graduate, agreement) = signed(&server, &school).await;
    let (other, others) = signed(&server, &school).await;
    let own = link(&server, &graduate, &agreement).await;
    link(&server, &other, &others).await;
    let (status, pdf) = fetch(&own.url).await;
    assert_eq!(status, 200);
    let whole = check(&server, &["--verify"]);
    assert!(whole.status.success(), "{whole:?}");
    assert_eq!(stdout(&whole), "2 document(s) looked at, 0 lost\n");

    let case = NodeType::Agreement.uuid(&agreement.into()).expect("an id");
    let mut conn = server.platform.pool.get().await.expect("a connection");
    let stored = stored_paper::stored(&mut conn, uuid::Uuid::nil(), Some(case), 2).await;
    let [lost] = <[_; 1]>::try_from(stored.expect("an answer")).expect("one document");
    drop(conn);
    let (key, id) = (&lost.pdf.object_key, lost.id.to_string());
    let named = |what: &str| format!("{what} document {id} (agreement {case})");

    // Of what is there something is missing, cut short, or replaced: the last shows only when it is read.
    let put = async |bytes: &[u8]| {
        let put = server.storage.put(key, "application/pdf", bytes).await;
        put.expect("put");
    };
    let finds = |what: &str, more: &[&str]| {
        let found = check(&server, more);
        let said = stdout(&found);
        assert!(
            found.status.code() == Some(1) && said.starts_with(&named(what)),
            "{found:?}"
        );
        assert!(said.ends_with(" 1 lost\n") && said.lines().count() == 2, "{said}");
        assert!(stderr(&found).contains("--repair"), "{found:?}");
    };
    server.storage.delete(key).await.expect("deleted");
    finds("MISSING", &["--concurrency", "1"]);
    finds("MISSING", &["--id", &case.to_string()]);
    put(&pdf[..100]).await;
    finds("OTHER SIZE (100 bytes)", &["--id", &id]);
    put(&vec![b'%'; pdf.len()]).await;
    assert!(
        check(&server, &[]).status.success(),
        "only the size was looked at"
    );
    finds("OTHER BYTES", &["--verify"]);

    let repair = check(&server, &["--verify", "--repair"]);
    let said = stdout(&repair);
    assert!(repair.status.success(), "{repair:?}");
    assert!(
        said.starts_with(&format!("{}; to be made again\n", named("OTHER BYTES"))),
        "{said}"
    );
    assert!(
        said.ends_with("1 to be made again, 0 left to the worker that is at it\n"),
        "{said}"
    );
    let again = async || (fetch(&own.url).await == (200, pdf.clone())).then_some(());
    server.eventually("the paper is there again", again).await;
    assert!(check(&server, &["--verify"]).status.success());

    // With other fonts or another release the bytes would be others, as they are of another paper.
    execute(
        &server,
        "UPDATE documents SET paper = jsonb_set(paper, '{agreement_number}', '\"2\"')",
    )
    .await;
    server.storage.delete(key).await.expect("deleted");
    assert!(check(&server, &["--repair"]).status.success());
    server
        .eventually("it is given up", async || parked(&server, &lost).await)
        .await;
    finds("MISSING", &[]);
    let said = stdout(&check(&server, &[]));
    assert!(
        said.contains("; PARKED; attempt 1: the stored PDF is lost (MISSING)"),
        "{said}"
    );
    assert_eq!(fetch(&own.url).await.0, 404, "nothing else took its place");

    // Put back from a copy, it is the matter of nobody any more.
    put(&pdf).await;
    assert!(check(&server, &["--repair"]).status.success());
    let closed = async || parked(&server, &lost).await.is_none().then_some(());
    server.eventually("its job is closed", closed).await;
    assert!(fetch(&own.url).await == (200, pdf));

    let nobody = "01940000-0000-7000-8000-000000000000";
    let typo = check(&server, &["--id", nobody, "--repair"]);
    assert!(
        typo.status.code() == Some(1) && stderr(&typo).contains(nobody),
        "{typo:?}"
    );
    let rest = check(&server, &["--after", "ffffffff-0000-7000-8000-000000000000"]);
    assert_eq!(stdout(&rest), "0 document(s) looked at, 0 lost\n");
    // In a wrong bucket nothing is called lost.
    let wrong = output(&mut server.command(&["check-documents", "--repair", "--s3-bucket", "nowhere"]));
    assert!(
        wrong.status.code() == Some(4) && stdout(&wrong).is_empty(),
        "{wrong:?}"
    );
}
