//! The rules about those who have cases: the data of graduates, the registration of employers, schools.

use wangqian_schema::workflow::{
    ActorRole::{self, Employer, Graduate, Operator, SchoolReviewer},
    Refusal, account, employer_registration, graduate_data, school,
};

/// "First log-in: he must check and confirm his basic information"; "wrong data is corrected by the school, phone and e-mail
/// by himself"; "a correction by the school asks for confirmation again".
#[test]
fn basic_information_is_confirmed_by_the_graduate_and_entered_and_corrected_by_the_school() {
    use graduate_data::{GraduateDataAction as Do, GraduateDataStatus as Is};
    for status in Is::ALL {
        for action in Do::ALL {
            for role in ActorRole::ALL {
                let expected = match (action, role) {
                    (Do::Confirm, Graduate) => Ok(Is::Confirmed),
                    (Do::ChangeContact, Graduate) => Ok(*status),
                    (Do::Import | Do::Correct, SchoolReviewer) => Ok(Is::Unconfirmed),
                    _ => Err(Refusal::NotYourRole),
                };
                let decided = graduate_data::decide(*status, *action, *role);
                assert_eq!(decided, expected, "{status} {action} {role}");
            }
        }
    }
}

/// "may act only once the operator has verified it": who moves a registration, from where to where.
#[test]
fn registrations_are_verified_by_the_operator() {
    use employer_registration::{EmployerAction as Do, EmployerVerification as Is};
    let table = [
        (Do::Resubmit, Employer, Is::Refused, Is::Pending),
        (Do::Verify, Operator, Is::Pending, Is::Verified),
        (Do::Verify, Operator, Is::Refused, Is::Verified),
        (Do::Refuse, Operator, Is::Pending, Is::Refused),
        (Do::Refuse, Operator, Is::Verified, Is::Refused),
    ];
    for status in Is::ALL {
        for action in Do::ALL {
            for role in ActorRole::ALL {
                for reason_given in [true, false] {
                    let row = table
                        .iter()
                        .find(|row| (row.0, row.1, row.2) == (*action, *role, *status));
                    let theirs = match action {
                        Do::Verify | Do::Refuse => Operator,
                        _ => Employer,
                    };
                    let expected = match row {
                        _ if *role != theirs => Err(Refusal::NotYourRole),
                        _ if *action == Do::InviteMember && *status != Is::Verified => {
                            Err(Refusal::EmployerNotVerified)
                        }
                        // What is done to members leaves the registration as it is.
                        _ if !Do::OF_REGISTRATION.contains(action) => Ok(*status),
                        None => Err(Refusal::NotInThisStatus),
                        Some((Do::Refuse, ..)) if !reason_given => Err(Refusal::ReasonRequired),
                        Some((.., to)) => Ok(*to),
                    };
                    let decided = employer_registration::decide(*status, *action, *role, reason_given);
                    assert_eq!(decided, expected, "{status} {action} {role} {reason_given}");
                }
            }
        }
    }
}

/// One rule for the accounts of members and of reviewers.
#[test]
fn nobody_takes_his_own_account_away_and_none_is_disabled_or_enabled_twice() {
    use account::AccountFacts;
    let of = |own, enabled| AccountFacts { own, enabled };
    for enabled in [true, false] {
        assert_eq!(of(true, enabled).may_take_away(), Err(Refusal::OwnAccount));
        assert_eq!(of(true, enabled).may_disable(), Err(Refusal::OwnAccount));
        assert_eq!(of(false, enabled).may_take_away(), Ok(()));
    }
    assert_eq!(of(false, true).may_disable(), Ok(()));
    assert_eq!(of(false, false).may_disable(), Err(Refusal::NotInThisStatus));
    for own in [true, false] {
        assert_eq!(of(own, true).may_enable(), Err(Refusal::NotInThisStatus));
        assert_eq!(of(own, false).may_enable(), Ok(()));
    }
}

/// An operator opens schools, the reviewers of the whole school run them; nobody takes himself away, and a school keeps somebody
/// who runs it.
#[test]
fn schools_are_opened_by_the_operator_and_run_by_their_own_reviewers() {
    use school::{SchoolAction as Do, SchoolFacts, SchoolStatus, decide};
    for action in Do::ALL {
        for role in ActorRole::ALL {
            for bits in 0..32u8 {
                let bit = |at: u16| bits & (1 << at) != 0;
                let facts = SchoolFacts {
                    renames: bit(0),
                    own_account: bit(1),
                    reviewer_enabled: bit(2),
                    last_of_school: bit(3),
                    moves: bit(4),
                };
                let runs = *role == SchoolReviewer;
                let theirs = match action {
                    Do::Open => *role == Operator,
                    Do::Update => *role == Operator || runs && !facts.renames,
                    Do::AddReviewer | Do::DisableReviewer | Do::EnableReviewer => *role == Operator || runs,
                    Do::SetReviewRoute
                    | Do::SetVoidingReview
                    | Do::SetLeavingPeriod
                    | Do::AddDepartment
                    | Do::RenameDepartment
                    | Do::UpdateReviewer => runs,
                };
                let takes_away =
                    *action == Do::DisableReviewer || *action == Do::UpdateReviewer && facts.moves;
                let standing = match action {
                    Do::DisableReviewer => facts.reviewer_enabled,
                    Do::EnableReviewer => !facts.reviewer_enabled,
                    _ => true,
                };
                let expected = if !theirs {
                    Err(Refusal::NotYourRole)
                } else if takes_away && facts.own_account {
                    Err(Refusal::OwnAccount)
                } else if !standing {
                    Err(Refusal::NotInThisStatus)
                } else if takes_away && facts.last_of_school {
                    Err(Refusal::LastSchoolReviewer)
                } else {
                    Ok(SchoolStatus::Open)
                };
                assert_eq!(
                    decide(*action, *role, facts),
                    expected,
                    "{action} {role} {facts:?}"
                );
            }
        }
    }
}
