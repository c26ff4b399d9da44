//! Random people try random things: every try comes to what [`Model`] says, and whatever happened, the database holds
//! what it must.

mod invariants;
mod model;
mod run;
mod tries;

use std::collections::BTreeMap;

use wangqian_schema::workflow::agreement::AgreementAction;

use self::{
    run::Run,
    tries::{Try, sequence},
};

/// How many sequences of tries are played: 3,000 tries in all. `WANGQIAN_TEST_SEQUENCES` asks for more.
const SEQUENCES: u64 = 12;
/// How often a failing sequence is played again to find out what of it matters.
const SIMPLIFICATIONS: usize = 60;
/// Plays a sequence in a world of its own. Gives what it failed with, if it failed.
async fn play(tries: &[Try]) -> Result<BTreeMap<String, u32>, String> {
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
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for seed in (0..sequences).map(|number| first.wrapping_add(number)) {
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
    // Random tries that never get anywhere would prove nothing.
    if std::env::var_os("WANGQIAN_TEST_SHOW").is_some() {
        println!("{met:#?}");
    }
    for action in AgreementAction::ALL {
        assert!(
            met.contains_key(&format!("{action} Done")),
            "{action} was never taken: {met:#?}"
        );
    }
}
