//! Black-box tests: the product from outside, over the wire, and the executable as a process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod stuck_work;
mod support;

// The longest: its name lets it begin first.
mod access;
mod amending;
mod browser;
mod check_documents;
mod commands;
mod contacts;
mod correcting;
mod crashes;
mod deliveries;
mod demo;
mod download_links;
mod employer_members;
mod employer_verification;
mod engagement;
mod exporting;
mod figures;
mod importing;
mod leaving_school;
mod licences;
mod limits;
mod live;
mod logging_in;
mod makefile;
mod manual;
mod metrics;
mod offline_signing;
mod offline_termination;
mod online_signing;
mod online_termination;
mod other_destinations;
mod outages;
mod paper;
mod password_races;
mod passwords;
mod races;
mod readme;
mod registration;
mod review_desk;
mod roles;
mod schools;
mod stamped_copy_link;
mod statements;
mod up;
mod uploads;
mod wechat;
mod whole;
