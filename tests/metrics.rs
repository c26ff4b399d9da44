//! What Prometheus is told, by the API and by a worker.

use wangqian_api::id::NodeType;
use wangqian_schema::{model::employer::EmployerVerification, workflow::ReviewRoute};

use crate::support::{Client, Cluster, cluster::eventually, people, process::free_port, signing::*};

/// The value of a figure, by its name and labels.
fn figure(page: &str, name: &str) -> Option<f64> {
    page.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_counted_where_they_run_and_jobs_where_they_are_done() {
    let cluster = Cluster::start().await;
    let campus = people::school(&cluster.platform, ReviewRoute::SchoolOnly).await;
    let graduate = people::graduate(&cluster.platform, &campus, |_| {}).await;
    let company = people::employer(&cluster.platform, EmployerVerification::Verified).await;
    let _api = cluster.api().await;
    let listen = format!("127.0.0.1:{}", free_port());
    let _worker = cluster.worker_with(&["--metrics-listen", &listen]);
    let employer = cluster.client().login(&company.member).await;
    invite(&employer, &NodeType::Graduate.id(graduate.id)).await;
    cluster.until_all_is_done().await;

    let (status, of_api) = employer.get("/metrics").await;
    assert_eq!(status, 200);
    let counted: f64 = of_api
        .lines()
        .filter(|line| line.starts_with("graphql_requests_total{"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum();
    assert!(counted >= 2.0, "a log-in and an invitation: {of_api}");
    assert!(!of_api.contains(&graduate.email) && !of_api.contains(&company.member));

    let worker = Client::new(&format!("http://{listen}"));
    eventually("the jobs are counted", async || {
        let (_, page) = worker.get("/metrics").await;
        let sent = figure(&page, "wangqian_jobs_finished_total{queue=\"send_message\"}")?;
        let waiting = figure(&page, "wangqian_jobs_waiting{queue=\"render_document\"}")?;
        assert!(waiting.abs() < 0.5, "{page}");
        (sent >= 1.0).then_some(())
    })
    .await;
    assert_eq!(worker.get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(worker.get("/graphql").await.0, 404, "and nothing else");
}
