//! The tests of the rules, the steps and the queries, in one binary: each links the whole stack.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends with the first thing that is not as it should be"
)]

mod amendments;
mod atomicity;
mod audit;
mod case_files;
mod deadlines;
mod destination_rules;
mod destinations;
mod digest;
mod engagement;
mod exports;
mod feed;
mod figures;
mod filed;
mod filed_rules;
mod leaving;
mod leaving_rules;
mod lists;
mod lives;
mod locks;
mod login_throttle;
mod member_invitations;
mod migrations;
mod people;
mod preferences;
mod races;
mod review_assignments;
mod rules;
mod schools;
mod search;
mod steps;
mod stuck_work;
mod support;
mod termination_rules;
mod visibility;
