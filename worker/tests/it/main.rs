//! The queue and the channels against a real PostgreSQL and a real SMTP server.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests end the test where they fail"
)]

mod announcing;
mod check_upload;
mod claiming;
mod digest;
mod failing;
mod figures;
mod jobs;
#[path = "../../../tests/support/made_files.rs"]
mod made_files;
mod mail;
mod manual;
mod outages;
mod proxy;
mod recurring;
mod refused_mail;
mod secret_links;
mod stopping;
mod support;
mod tidying;
mod world;
