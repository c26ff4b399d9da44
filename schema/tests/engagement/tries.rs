//! What may be tried, and the random sequences of it.

use crate::support::{filed_ending_only, filed_only};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use wangqian_schema::workflow::{
    ReviewRoute, Workflow, agreement::AgreementAction, termination::TerminationAction,
};

/// How many tries a sequence has.
const TRIES: usize = 300;

/// Who takes a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// Whose step it is.
    Fitting,
    /// Somebody who sees the case.
    Involved(u8),
    /// A reviewer who sees the case, of whichever level.
    Reviewer(u8),
    /// Anybody at all.
    Anybody(u8),
}

/// One try. Numbers are taken modulo what there is, so that a shrunk sequence still means something.
#[derive(Clone, Debug)]
pub(super) enum Try {
    Invite {
        by: u8,
        graduate: u8,
        hours: i64,
    },
    Take {
        case: u8,
        by: By,
        action: AgreementAction,
        reason: bool,
    },
    Ask {
        case: u8,
        by: By,
    },
    End {
        case: u8,
        by: By,
        action: TerminationAction,
        reason: bool,
    },
    Wait {
        hours: i64,
    },
    Confirm {
        graduate: u8,
    },
    Allow {
        graduate: u8,
        allowed: bool,
    },
    Verify {
        employer: u8,
        verified: bool,
    },
    Route {
        school: u8,
        workflow: Workflow,
        route: ReviewRoute,
    },
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let any_action = prop::sample::select(
        AgreementAction::ALL
            .iter()
            .copied()
            .filter(|action| !filed_only(*action))
            .filter(|action| {
                !matches!(
                    action,
                    AgreementAction::Invite
                        | AgreementAction::RequestTermination
                        | AgreementAction::Terminate
                        // Moves nothing, and has tests of its own.
                        | AgreementAction::Amend
                )
            })
            .collect::<Vec<_>>(),
    );
    // Signing happens often enough only when its steps are tried more often than the rest.
    let action = prop_oneof![
        8 => any_action,
        2 => Just(AgreementAction::Accept),
        2 => Just(AgreementAction::Approve),
        1 => Just(AgreementAction::Reject),
    ];
    let ending = prop::sample::select(
        TerminationAction::ALL
            .iter()
            .copied()
            .filter(|action| *action != TerminationAction::Request && !filed_ending_only(*action))
            // An approval twice as often, since two make an end.
            .chain([TerminationAction::Approve, TerminationAction::Accept])
            .collect::<Vec<_>>(),
    );
    let hours = prop::sample::select(vec![
        -1,
        0,
        1,
        3,
        12,
        23,
        24,
        25,
        26,
        40,
        72,
        180 * 24,
        180 * 24 + 1,
    ]);
    let by = prop_oneof![
        7 => Just(By::Fitting),
        1 => any::<u8>().prop_map(By::Involved),
        1 => any::<u8>().prop_map(By::Reviewer),
        1 => any::<u8>().prop_map(By::Anybody),
    ];
    let one = prop_oneof![
        10 => (any::<u8>(), any::<u8>(), hours)
            .prop_map(|(by, graduate, hours)| Try::Invite { by, graduate, hours }),
        24 => (any::<u8>(), by.clone(), action, any::<bool>())
            .prop_map(|(case, by, action, reason)| Try::Take { case, by, action, reason }),
        3 => (any::<u8>(), by.clone()).prop_map(|(case, by)| Try::Ask { case, by }),
        9 => (any::<u8>(), by, ending, any::<bool>())
            .prop_map(|(case, by, action, reason)| Try::End { case, by, action, reason }),
        3 => (1..20i64).prop_map(|hours| Try::Wait { hours }),
        1 => any::<u8>().prop_map(|graduate| Try::Confirm { graduate }),
        3 => (any::<u8>(), prop::bool::weighted(0.7))
            .prop_map(|(graduate, allowed)| Try::Allow { graduate, allowed }),
        2 => (any::<u8>(), prop::bool::weighted(0.7))
            .prop_map(|(employer, verified)| Try::Verify { employer, verified }),
        2 => (any::<u8>(), prop::sample::select(Workflow::ALL), prop::sample::select(ReviewRoute::ALL))
            .prop_map(|(school, workflow, route)| Try::Route { school, workflow, route }),
    ];
    prop::collection::vec(one, TRIES)
}

/// The sequence that a seed stands for.
pub(super) fn sequence(seed: u64) -> Vec<Try> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    tries().new_tree(&mut runner).unwrap().current()
}
