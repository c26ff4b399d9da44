//! Random people try random things: every try comes to what [`Model`] says, and whatever happened, the database holds
//! what it must.

mod invariants;
mod model;
mod run;
mod tries;

use std::collections::HashMap;

use wangqian_schema::{
    model::event::CaseKind,
    workflow::{
        Refusal,
        agreement::AgreementAction::{self, *},
        termination::TerminationAction,
    },
};

use self::{
    model::Outcome,
    run::{Met, Run},
    tries::{Try, sequence},
};
use crate::support::{filed_ending_only, filed_only};

/// How many sequences of tries are played at least: 3,000 tries in all. `WANGQIAN_TEST_SEQUENCES` asks for more.
const SEQUENCES: u64 = 12;
/// In how many sequences everything must have been met that can be.
const MOST_SEQUENCES: u64 = 60;
/// How often a failing sequence is played again to find out what of it matters.
const SIMPLIFICATIONS: usize = 60;
/// Plays a sequence in a world of its own. Gives what it failed with, if it failed.
async fn play(tries: &[Try]) -> Result<HashMap<Met, u32>, String> {
    let tries = tries.to_vec();
    let played = tokio::spawn(async move {
        let mut run = Run::new().await;
        for one in &tries {
            run.attempt(one).await;
        }
        run.check_all().await;
        run.met
    });
    played
        .await
        .map_err(|error| match error.into_panic().downcast::<String>() {
            Ok(message) => *message,
            Err(_) => "failed without a message".to_owned(),
        })
}

/// Leaves out of a failing sequence what does not matter: large parts first, then smaller ones.
async fn simplified(mut tries: Vec<Try>) -> Vec<Try> {
    let mut played = 0;
    let mut part = tries.len() / 2;
    while part > 0 {
        let mut end = tries.len();
        while end > 0 && played < SIMPLIFICATIONS {
            let start = end.saturating_sub(part);
            let mut fewer = tries.clone();
            fewer.drain(start..end);
            played += 1;
            if play(&fewer).await.is_err() {
                tries = fewer;
            }
            end = start;
        }
        part /= 2;
    }
    tries
}

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_try_comes_to_what_the_rules_say() {
    let first = number_from_environment("WANGQIAN_TEST_SEED").unwrap_or_else(rand::random);
    let sequences = number_from_environment("WANGQIAN_TEST_SEQUENCES").unwrap_or(SEQUENCES);
    let expected = everything_there_is_to_meet();
    let mut met: HashMap<Met, u32> = HashMap::new();
    for number in 0..sequences.max(MOST_SEQUENCES) {
        // Random tries that never get anywhere, or never run into something, would prove nothing of it.
        if number >= sequences && expected.iter().all(|outcome| met.contains_key(outcome)) {
            break;
        }
        let seed = first.wrapping_add(number);
        let tries = sequence(seed);
        match play(&tries).await {
            Ok(more) => {
                for (outcome, times) in more {
                    *met.entry(outcome).or_default() += times;
                }
            }
            Err(failure) => {
                let tries = simplified(tries).await;
                panic!("with WANGQIAN_TEST_SEED={seed}: {failure}\nWhat matters of it: {tries:#?}");
            }
        }
    }
    if std::env::var_os("WANGQIAN_TEST_SHOW").is_some() {
        println!("{met:#?}");
    }
    let missed: Vec<&Met> = expected
        .iter()
        .filter(|outcome| !met.contains_key(outcome))
        .collect();
    assert!(missed.is_empty(), "never met: {missed:?}");
    let more: Vec<&Met> = met.keys().filter(|outcome| !expected.contains(outcome)).collect();
    assert!(more.is_empty(), "met, and not in the table: {more:?}");
}

/// What each action can come to, as far as these people go: none of them reviews what he submitted himself.
fn everything_there_is_to_meet() -> Vec<Met> {
    use Refusal::*;

    let refusals: [(AgreementAction, &[Refusal]); 11] = [
        (
            Invite,
            &[EmployerNotVerified, OnlineSigningNotAllowed, AlreadyInvited],
        ),
        (Cancel, &[NotInThisStatus, DeadlinePassed, EmployerNotVerified]),
        (
            Accept,
            &[
                NotInThisStatus,
                DeadlinePassed,
                DataNotConfirmed,
                AlreadyEngaged,
                OnlineSigningNotAllowed,
                EmployerNotVerified,
            ],
        ),
        (
            Decline,
            &[NotInThisStatus, DeadlinePassed, DataNotConfirmed, AlreadyEngaged],
        ),
        (Expire, &[NotInThisStatus, TooEarly]),
        (Remind, &[NotInThisStatus, TooEarly, DeadlinePassed]),
        (
            Approve,
            &[
                NotInThisStatus,
                OtherReviewLevel,
                OnlineSigningNotAllowed,
                EmployerNotVerified,
            ],
        ),
        (Reject, &[NotInThisStatus, OtherReviewLevel, ReasonRequired]),
        (StoreDocument, &[NotInThisStatus]),
        // By way of a termination.
        (RequestTermination, &[]),
        (Terminate, &[]),
    ];
    let online = AgreementAction::ALL
        .iter()
        .copied()
        // Amendments move nothing, and have tests of their own.
        .filter(|action| !filed_only(*action) && *action != Amend);
    assert_eq!(refusals.map(|row| row.0).to_vec(), online.collect::<Vec<_>>());
    let mut all = Vec::new();
    for (action, refusals) in refusals {
        let mut met = |outcome| all.push((CaseKind::Agreement, action.as_str(), outcome));
        if matches!(action, RequestTermination | Terminate) {
            continue;
        }
        met(Outcome::Refused(NotYourRole));
        // Whoever invites knows of no case yet; he can choose a moment that will not do.
        met(match action {
            Invite => Outcome::Invalid,
            _ => Outcome::NotFound,
        });
        met(Outcome::Done);
        refusals
            .iter()
            .for_each(|refusal| met(Outcome::Refused(*refusal)));
    }
    let sides = [NotInThisStatus, NotYourRole];
    let endings: [(TerminationAction, &[Refusal]); 6] = [
        (
            TerminationAction::Request,
            &[NotInThisStatus, EmployerNotVerified, TerminationOpen, NotYourRole],
        ),
        (TerminationAction::Withdraw, &sides),
        (TerminationAction::Accept, &sides),
        (
            TerminationAction::Refuse,
            &[NotInThisStatus, NotYourRole, EmployerNotVerified],
        ),
        (
            TerminationAction::Approve,
            &[NotInThisStatus, OtherReviewLevel, NotYourRole],
        ),
        (
            TerminationAction::Reject,
            &[NotInThisStatus, OtherReviewLevel, ReasonRequired, NotYourRole],
        ),
    ];
    let online = TerminationAction::ALL
        .iter()
        .copied()
        .filter(|action| !filed_ending_only(*action));
    assert_eq!(endings.map(|row| row.0).to_vec(), online.collect::<Vec<_>>());
    for (action, refusals) in endings {
        let mut met = |outcome| all.push((CaseKind::Termination, action.as_str(), outcome));
        met(Outcome::Done);
        met(Outcome::NotFound);
        refusals
            .iter()
            .for_each(|refusal| met(Outcome::Refused(*refusal)));
    }
    all
}
