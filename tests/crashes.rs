//! Processes that are killed in the middle of what they do: nothing is lost, and nothing is done twice.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{
    Cluster,
    cluster::{JOBS_DUE, distinct, eventually},
    follower::Cable,
    people,
    process::{output, stdout},
    signing::*,
};

const GRADUATES: usize = 40;
/// How often a worker is killed while it has jobs in hand.
const KILLS: usize = 12;
/// How often at least, should the jobs come to an end before.
const FEWEST_KILLS: usize = 1;
/// Mails that one worker sends at the same time, and so may have to send again when it was killed.
const MAILS_AT_ONCE: usize = 8;

/// Everybody is invited, accepts and is approved over HTTP, while workers are killed one after the other in the middle of jobs.
#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_leave_one_paper_one_object_and_one_message_each() {
    let mut cluster = Cluster::start().await;
    let campus = people::school(&cluster.platform, ReviewRoute::SchoolOnly).await;
    let mut graduates = Vec::new();
    for _ in 0..GRADUATES {
        graduates.push(people::graduate(&cluster.platform, &campus, |_| {}).await);
    }
    let wechat = "UPDATE accounts SET wechat_open_id = 'wechat-' || id WHERE kind = 'GRADUATE'";
    cluster.execute(wechat).await;
    let company = people::employer(&cluster.platform, EmployerVerification::Verified).await;
    let _api = cluster.api().await;
    let employer = cluster.client().login(&company.member).await;
    let school = cluster.client().login(&campus.school_reviewer).await;

    let all_are_taken = AtomicBool::new(false);
    let steps = async {
        let everybody = stream::iter(&graduates).map(async |graduate| {
            let agreement = invite(&employer, &NodeType::Graduate.id(graduate.id)).await;
            let client = cluster.client().login(&graduate.email).await;
            let accepted = step(&client, ACCEPT, &agreement).await;
            assert_eq!(accepted["agreement"]["status"], "SIGNING_REVIEW", "{accepted}");
            let signed = review(&school, &agreement, "APPROVE", None).await;
            assert_eq!(signed["agreement"]["status"], "SIGNED", "{signed}");
        });
        everybody.buffer_unordered(3).collect::<Vec<()>>().await;
        all_are_taken.store(true, Ordering::SeqCst);
    };
    let killing = async {
        let running = "SELECT count(*) FROM jobs WHERE state = 'RUNNING'";
        let mut kills = 0;
        while kills < KILLS {
            // Each time a job is claimed counts as an attempt at once.
            let claims = "SELECT coalesce(sum(attempt), 0)::bigint AS count FROM jobs";
            let before = cluster.number(claims).await;
            let worker = cluster.worker();
            let has_jobs = eventually("the worker has jobs in hand", async || {
                if cluster.number(claims).await > before {
                    Some(true)
                } else {
                    // On a slow machine a worker does a lot before it is killed.
                    let over = all_are_taken.load(Ordering::SeqCst) && cluster.number(JOBS_DUE).await == 0;
                    over.then_some(false)
                }
            })
            .await;
            worker.kill();
            if !has_jobs {
                break;
            }
            // Whatever it held it holds still: it was killed in the middle.
            kills += usize::from(cluster.number(running).await > 0);
        }
        assert!(
            kills >= FEWEST_KILLS,
            "killed with jobs in hand only {kills} times"
        );
    };
    tokio::join!(steps, killing);

    let _worker = cluster.worker();
    cluster.until_all_is_done().await;
    let count = i64::try_from(GRADUATES).unwrap();
    for (what, expected, sql) in [
        (
            "parked jobs",
            0,
            "SELECT count(*) FROM jobs WHERE state = 'PARKED'",
        ),
        (
            "signed",
            count,
            "SELECT count(*) FROM agreements WHERE status = 'SIGNED'",
        ),
        (
            "papers",
            count,
            "SELECT count(*) FROM documents WHERE ready_at IS NOT NULL",
        ),
        (
            "papers noted",
            count,
            "SELECT count(DISTINCT case_id) FROM case_events WHERE action = 'STORE_DOCUMENT'",
        ),
        (
            "papers noted twice",
            count,
            "SELECT count(*) FROM case_events WHERE action = 'STORE_DOCUMENT'",
        ),
        (
            "messages not sent",
            0,
            "SELECT count(*) FROM messages WHERE status <> 'SENT' AND channel <> 'IN_APP'",
        ),
    ] {
        assert_eq!(cluster.number(sql).await, expected, "{what}");
    }

    let keys: BTreeSet<_> = cluster
        .texts("SELECT object_key AS text FROM documents")
        .await
        .into_iter()
        .collect();
    let objects = cluster.objects();
    assert_eq!(objects.len(), GRADUATES);
    assert_eq!(objects.iter().cloned().collect::<BTreeSet<_>>(), keys);
    for stored in cluster
        .texts("SELECT object_key || ' ' || encode(sha256, 'hex') AS text FROM documents")
        .await
    {
        let (key, hash) = stored.split_once(' ').unwrap();
        let pdf = cluster.storage.get(key).await.unwrap();
        let found: String = Sha256::digest(&pdf)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(found, hash, "{key}");
    }

    // SMTP cannot tell whether a mail was taken whose sender died before the answer: such a mail is sent again, as the same mail.
    let mails = cluster.stop_smtp();
    let sent = mails.len();
    let distinct = distinct(mails);
    let owed = "SELECT m.id || ' ' || a.email AS text FROM messages m JOIN accounts a ON a.id = m.account_id WHERE m.channel = 'EMAIL'";
    let owed: BTreeSet<_> = cluster.texts(owed).await.into_iter().collect();
    let came: BTreeSet<_> = distinct
        .values()
        .map(|mail| format!("{} {}", mail.id.split('@').next().unwrap(), mail.to))
        .collect();
    assert_eq!(came, owed, "one mail for each that was owed, to whom it was owed");
    assert!(
        sent - came.len() <= KILLS * MAILS_AT_ONCE,
        "{sent} for {}",
        came.len()
    );
    let wechat = "SELECT m.id::text AS text FROM messages m WHERE m.channel = 'WECHAT'";
    let owed: BTreeSet<_> = cluster.texts(wechat).await.into_iter().collect();
    assert!(owed.len() >= GRADUATES, "graduates are told by WeChat");
    assert_eq!(cluster.outbox("wechat"), owed);

    let audit = output(&mut cluster.command(&["audit"]));
    assert!(
        audit.status.success() && stdout(&audit).contains(" 0 broken"),
        "{audit:?}"
    );
}

/// The invitation is committed and the API dies before its answer is out. The same request again gives the answer that was lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_killed_between_commit_and_answer_gives_the_answer_to_the_repetition() {
    let cluster = Cluster::start().await;
    let campus = people::school(&cluster.platform, ReviewRoute::SchoolOnly).await;
    let company = people::employer(&cluster.platform, EmployerVerification::Verified).await;
    let graduate = people::graduate(&cluster.platform, &campus, |_| {}).await;
    let id = NodeType::Graduate.id(graduate.id).to_string();
    let api = cluster.api().await;
    let employer = cluster.client().login(&company.member).await;
    let input = invitation("the key", &[id]);
    let line = Cable::one_way(&cluster.api_url()).await;
    let first = {
        let (employer, input) = (employer.by(&line.base), input.clone());
        tokio::spawn(async move { employer.try_graphql(INVITE, input).await })
    };
    let invited = format!(
        "SELECT count(*) FROM agreements WHERE graduate_id = '{}'",
        graduate.id
    );
    eventually("the invitation is committed", async || {
        (cluster.number(&invited).await == 1).then_some(())
    })
    .await;
    api.kill();
    line.cut();
    assert_eq!(first.await.unwrap(), None, "the answer is lost");

    let _api = cluster.api().await;
    let again = employer.graphql(INVITE, input.clone()).await;
    let agreement = &again["data"]["inviteGraduates"]["results"][0]["agreement"];
    assert_eq!(agreement["status"], "INVITED", "{again}");
    assert_eq!(employer.graphql(INVITE, input).await, again);
    let id = agreement["id"].as_str().unwrap();
    let uuid = NodeType::Agreement.uuid(&id.into()).unwrap();
    assert_eq!(cluster.number(&invited).await, 1, "one invitation");
    for owed in [
        "case_events e WHERE",
        "messages m JOIN case_events e ON e.id = m.event_id WHERE m.channel = 'EMAIL' AND",
    ] {
        let sql = format!("SELECT count(*) FROM {owed} e.case_id = '{uuid}'");
        assert_eq!(cluster.number(&sql).await, 1, "{sql}");
    }
}
