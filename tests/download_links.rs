//! Links to papers: how long they open, and that they open nothing else.

use std::time::Instant;

use chrono::Utc;
use reqwest::Url;
use wangqian_schema::workflow::ReviewRoute;

use crate::support::{
    Server,
    papers::{fetch, link, signed},
    people,
    process::PATIENCE,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_when_it_says() {
    let server = Server::empty_with(&["--download-link-seconds=1"]).await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let (graduate, agreement) = signed(&server, &school).await;
    let begun = Instant::now();
    // One that was made late in a second of the clock may end before it is followed: S3 counts whole seconds.
    let link = loop {
        let fresh = link(&server, &graduate, &agreement).await;
        if let (200, file) = fetch(&fresh.url).await {
            assert!(file.starts_with(b"%PDF"));
            break fresh;
        }
        assert!(begun.elapsed() < PATIENCE, "no link opens the paper");
    };
    let said = loop {
        match fetch(&link.url).await {
            (200, _) => assert!(begun.elapsed() < PATIENCE, "it never ends"),
            (403, said) => break String::from_utf8(said).expect("text"),
            (status, _) => panic!("status {status}"),
        }
    };
    assert!(said.contains("expired"), "{said}");
    assert!(Utc::now() >= link.expires_at, "it ended before its time");
    assert_eq!(fetch(&link.url).await.0, 403, "for good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_nothing_else() {
    let server = Server::empty().await;
    let school = people::school(&server.platform, ReviewRoute::SchoolOnly).await;
    let (graduate, agreement) = signed(&server, &school).await;
    let (stranger, strangers) = signed(&server, &school).await;
    let own = link(&server, &graduate, &agreement).await.url;
    let other = link(&server, &stranger, &strangers).await.url;
    assert_eq!((fetch(&own).await.0, fetch(&other).await.0), (200, 200));

    let (own, other) = (
        Url::parse(&own).expect("a URL"),
        Url::parse(&other).expect("a URL"),
    );
    let with = |change: &dyn Fn(&mut Url)| {
        let mut changed = own.clone();
        change(&mut changed);
        assert_ne!(changed, own);
        changed.to_string()
    };
    let parameter = |wanted: &str, value: &str| {
        with(&|url| {
            let pairs = own.query_pairs().map(|(name, old)| match &*name == wanted {
                true => (name, value.to_owned().into()),
                false => (name, old),
            });
            url.query_pairs_mut().clear().extend_pairs(pairs);
        })
    };
    let folder = own.path().rsplit_once('/').expect("a folder").0;
    let bucket = folder[1..].split('/').next().expect("a bucket");
    for forged in [
        // The paper of somebody else, whose address is known.
        with(&|url| url.set_path(other.path())),
        // What there is in the folder, and in the store.
        with(&|url| url.set_path(folder)),
        with(&|url| url.set_path(&format!("/{bucket}"))),
        with(&|url| url.set_path("/")),
        // A longer life, another day, another name for what is saved, no signature.
        parameter("X-Amz-Expires", "604800"),
        parameter("X-Amz-Date", "20991231T000000Z"),
        parameter("response-content-disposition", "inline"),
        parameter("response-content-type", "text/html"),
        parameter("X-Amz-Signature", &"0".repeat(64)),
        with(&|url| url.set_query(None)),
    ] {
        let (status, content) = fetch(&forged).await;
        assert!(matches!(status, 400 | 403), "{status}: {forged}");
        assert!(!content.starts_with(b"%PDF"), "{forged}");
    }
    // Nor does it write or delete.
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for request in [client.delete(own.clone()), client.put(own.clone()).body("forged")] {
        assert_eq!(request.send().await.expect("an answer").status(), 403);
    }
    let (status, file) = fetch(own.as_str()).await;
    assert!(
        status == 200 && file.starts_with(b"%PDF"),
        "the paper is as it was"
    );
}
