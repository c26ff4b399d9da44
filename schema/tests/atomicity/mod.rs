//! A step is taken as a whole or not at all: whichever of its writes fails, nothing of it remains.

mod deeds;
mod watching;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use wangqian_schema::{
    audit,
    step::{self, Actor, AgreementStep, IdempotencyKey, StampedCopy, StepError, TerminationStep},
    workflow::{ReviewRoute, agreement::AgreementAction, termination::TerminationAction},
};

use self::deeds::{Attempt, Deed, Done, Scene, attempt};
use self::watching::{everything, sabotage};
pub(crate) use self::watching::{fails_at_each, watch_writes, writes_seen};
use crate::filed::filled;
use crate::support::{World, execute, invitation, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_anywhere_leaves_nothing() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let department = Actor::Viewer(world.department_reviewer(&campus, 0).await);
    let school = Actor::Viewer(world.school_reviewer(&campus).await);
    let scene = Scene {
        employer: world.employer().await,
        student: world
            .graduate_with(&campus, 0, |new| new.confirmed_at = None)
            .await,
        world,
    };
    let employer = Actor::Viewer(scene.employer.viewer);
    let graduate = Actor::Viewer(scene.student.viewer);
    let proved = scene.proved().await;
    let session = scene.session().await;
    let token = scene.invited().await;
    let colleague = scene.world.member(scene.employer.id).await.account_id();
    let (given_up, _) = scene.filed("one draft").await;
    let (draft, page) = scene.filed("another draft").await;
    let (_, letter) = scene.filed("a page").await;
    let (_, next_letter) = scene.filed("another page").await;
    watch_writes(&mut *scene.world.conn().await).await;

    let told = [
        "INSERT case_events",
        "INSERT messages",
        "INSERT jobs",
        "UPDATE agreements",
    ];
    let told_and = |more: &[&'static str]| [&told, more].concat();
    let step = |actor, step, more: &[&'static str]| attempt(Deed::Take(actor, step), &told_and(more));
    let untold = |actor, step, more: &[&'static str]| {
        let writes = [&["INSERT case_events", "UPDATE agreements"], more].concat();
        attempt(Deed::Take(actor, step), &writes)
    };
    let filing = |draft| {
        let writes = ["INSERT case_events", "UPDATE agreements", "INSERT engagements"];
        attempt(Deed::File(draft), &writes)
    };
    let (file, file_in_vain) = (filing(draft), filing(given_up));
    let file_again = untold(graduate, AgreementStep::Submit(Vec::new()), &[]);
    let take_back = untold(graduate, AgreementStep::Withdraw, &[]);
    let give_back = step(department, AgreementStep::Return(reason()), &[]);
    let print = step(
        school,
        AgreementStep::Approve,
        &["UPDATE agreement_serials", "INSERT documents"],
    );
    let links = ["INSERT stamped_copy_links", "INSERT jobs"];
    let ask_employer = untold(graduate, AgreementStep::RequestStampedCopy, &links);
    let copy = StampedCopy {
        files: vec![page],
        token: None,
    };
    let copied = ["INSERT case_files", "UPDATE uploads", "DELETE stamped_copy_links"];
    let hand_copy_in = untold(graduate, AgreementStep::SubmitStampedCopy(copy), &copied);
    let discard = untold(graduate, AgreementStep::Discard, &["DELETE engagements"]);
    let confirm = attempt(Deed::Confirm, &["UPDATE graduates", "INSERT case_events"]);
    let change_contact = attempt(
        Deed::ChangeContact(session, proved),
        &[
            "DELETE passcodes",
            "UPDATE accounts",
            "UPDATE graduates",
            "INSERT case_events",
            "INSERT account_notices",
            "INSERT jobs",
        ],
    );
    let on_trail = |deed, more: &[&'static str]| {
        attempt(
            deed,
            &[&["UPDATE employers", "INSERT case_events"][..], more].concat(),
        )
    };
    let invite_member = on_trail(Deed::InviteMember, &["INSERT member_invitations", "INSERT jobs"]);
    let withdraw = on_trail(Deed::WithdrawMemberInvitation, &["DELETE member_invitations"]);
    let join = on_trail(
        Deed::Join(token),
        &[
            "DELETE member_invitations",
            "INSERT accounts",
            "INSERT employer_members",
        ],
    );
    let disable = on_trail(Deed::DisableMember(colleague), &["UPDATE accounts"]);
    let invite = attempt(
        Deed::Invite,
        &told_and(&["INSERT idempotency_keys", "INSERT agreements"]),
    );
    let cancel = step(employer, AgreementStep::Cancel, &[]);
    let decline = step(graduate, AgreementStep::Decline(reason()), &[]);
    let remind = step(Actor::Worker, AgreementStep::Remind, &[]);
    let expire = step(Actor::Worker, AgreementStep::Expire, &[]);
    let accept = step(graduate, AgreementStep::Accept, &["INSERT engagements"]);
    let reject = step(
        department,
        AgreementStep::Reject(reason()),
        &["DELETE engagements"],
    );
    let approve = step(department, AgreementStep::Approve, &[]);
    let reject_later = step(school, AgreementStep::Reject(reason()), &["DELETE engagements"]);
    let sign = step(
        school,
        AgreementStep::Approve,
        &[
            "INSERT agreement_serials",
            "INSERT documents",
            "UPDATE placements",
            "INSERT figure_deltas",
        ],
    );
    let store = attempt(
        Deed::Store,
        &["UPDATE documents", "INSERT case_events", "UPDATE agreements"],
    );
    let mut amended = filled();
    // The employer that signed online stays.
    amended.employer_name.clone_from(&scene.employer.name);
    amended.credit_code.clone_from(&scene.employer.credit_code);
    amended.terms.regular_salary = Some(12_000);
    let amend = step(
        school,
        AgreementStep::Amend(Box::new(amended), reason()),
        &["INSERT field_changes", "UPDATE documents", "INSERT documents"],
    );
    let ask = attempt(
        Deed::RequestTermination,
        &[
            "INSERT idempotency_keys",
            "INSERT terminations",
            "UPDATE terminations",
            "INSERT case_events",
            "INSERT messages",
            "INSERT jobs",
        ],
    );
    let told_of_end = [
        "INSERT case_events",
        "INSERT messages",
        "INSERT jobs",
        "UPDATE terminations",
    ];
    let end = |actor, step, more: &[&'static str]| {
        attempt(Deed::End(actor, step), &[&told_of_end[..], more].concat())
    };
    let withdraw_end = end(employer, TerminationStep::Withdraw, &[]);
    let refuse_end = end(graduate, TerminationStep::Refuse(reason()), &[]);
    let agree = end(graduate, TerminationStep::Accept, &[]);
    let advance_end = end(department, TerminationStep::Approve, &[]);
    let reject_end = end(school, TerminationStep::Reject(reason()), &[]);
    let terminate = end(
        school,
        TerminationStep::Approve,
        &[
            "UPDATE agreements",
            "DELETE engagements",
            "UPDATE placements",
            "INSERT figure_deltas",
        ],
    );
    let letters = ["INSERT case_files", "UPDATE uploads"];
    let handing_in = [
        "INSERT idempotency_keys",
        "INSERT terminations",
        "UPDATE terminations",
        "INSERT case_events",
    ];
    let end_filed = |page| attempt(Deed::EndFiled(page), &[&handing_in[..], &letters].concat());
    let (end_in_vain, end_filed) = (end_filed(letter), end_filed(next_letter));
    let untold_end = |step| {
        let writes = ["INSERT case_events", "UPDATE terminations"];
        attempt(Deed::End(graduate, step), &writes)
    };
    let (take_end_back, discard_end) = (
        untold_end(TerminationStep::Withdraw),
        untold_end(TerminationStep::Discard),
    );
    let return_end = end(school, TerminationStep::Return(reason()), &[]);
    let counted = ["UPDATE placements", "INSERT figure_deltas"];
    let sign_filed = step(school, AgreementStep::Approve, &counted);
    let half_a_day_left = TimeDelta::hours(7 * 24 - 12);
    let at_once = TimeDelta::zero();

    // Each story is one case; before a step some time passes.
    let stories: [&[(TimeDelta, &Attempt)]; 10] = [
        &[(at_once, &confirm), (at_once, &change_contact)],
        &[
            (at_once, &join),
            (at_once, &invite_member),
            (at_once, &withdraw),
            (at_once, &disable),
        ],
        &[(at_once, &invite), (at_once, &cancel)],
        &[(at_once, &invite), (at_once, &decline)],
        &[
            (at_once, &invite),
            (half_a_day_left, &remind),
            (TimeDelta::hours(12), &expire),
        ],
        &[(at_once, &invite), (at_once, &accept), (at_once, &reject)],
        &[
            (at_once, &invite),
            (at_once, &accept),
            (at_once, &approve),
            (at_once, &reject_later),
        ],
        &[
            (at_once, &invite),
            (at_once, &accept),
            (at_once, &approve),
            (at_once, &sign),
            (at_once, &store),
            (at_once, &amend),
            (at_once, &ask),
            (at_once, &withdraw_end),
            (at_once, &ask),
            (at_once, &refuse_end),
            (at_once, &ask),
            (at_once, &agree),
            (at_once, &advance_end),
            (at_once, &reject_end),
            (at_once, &ask),
            (at_once, &agree),
            (at_once, &advance_end),
            (at_once, &terminate),
        ],
        &[
            (at_once, &file_in_vain),
            (at_once, &take_back),
            (at_once, &discard),
        ],
        &[
            (at_once, &file),
            (at_once, &give_back),
            (at_once, &file_again),
            (at_once, &approve),
            (at_once, &print),
            (at_once, &ask_employer),
            (at_once, &hand_copy_in),
            (at_once, &approve),
            (at_once, &sign_filed),
            (at_once, &end_in_vain),
            (at_once, &take_end_back),
            (at_once, &discard_end),
            (at_once, &end_filed),
            (at_once, &advance_end),
            (at_once, &return_end),
            (at_once, &discard_end),
        ],
    ];
    let mut done = BTreeSet::new();
    for story in stories {
        let mut case = None;
        let conn = &mut *scene.world.conn().await;
        execute(conn, "DELETE FROM idempotency_keys").await;
        for (wait, attempt) in story {
            scene.world.platform.clock.advance(*wait);
            let what = format!("after {done:?}");
            scene.sabotage_each(attempt, case, &what).await;
            writes_seen(conn).await;
            let mut woken = scene.world.platform.waker.subscribe();
            woken.mark_unchanged();
            let (of, action) = scene.run(&attempt.deed, case).await.unwrap();
            assert!(woken.has_changed().unwrap(), "{what}: it is heard of");
            // None of its writes was left out above.
            assert_eq!(writes_seen(conn).await, attempt.writes, "{what}: {action:?}");
            case = of;
            done.extend(action);
        }
    }
    // Asking is the first step of a termination, and the end of the agreement a part of its last one.
    let within = [AgreementAction::RequestTermination, AgreementAction::Terminate];
    let agreements = AgreementAction::ALL
        .iter()
        // Saving a draft leaves no event.
        .filter(|action| !within.contains(action) && **action != AgreementAction::SaveDraft);
    let terminations = TerminationAction::ALL.iter().copied().map(Done::Termination);
    let every: BTreeSet<_> = agreements
        .copied()
        .map(Done::Agreement)
        .chain(terminations)
        .collect();
    assert_eq!(done, every, "each step was tried");
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert_eq!((report.cases, report.events, report.breaks), (16, 58, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_invitation_leaves_an_expired_one_as_it_was() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let student = world.graduate(&campus, 0).await;
    world.invite(&employer, &student).await;
    world.platform.clock.advance(TimeDelta::days(8));
    let conn = &mut *world.conn().await;
    watch_writes(conn).await;
    let before = everything(conn).await;
    // Fails at the new invitation, after the old one was expired on the way.
    sabotage(conn, "INSERT agreements", false).await;
    let deadline = world.now() + TimeDelta::days(7);
    let failed = world.try_invite(&employer.viewer, student.id, deadline).await;
    assert!(matches!(failed, Err(StepError::Database(_))), "{failed:?}");
    assert_eq!(everything(conn).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_invitation_does_not_use_up_its_key() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let student = world
        .graduate_with(&campus, 0, |new| new.online_signing_allowed = false)
        .await;
    let key = IdempotencyKey {
        key: "a request".to_owned(),
        request_hash: [1; 32],
    };
    let invitation = invitation(student.id, world.now() + TimeDelta::days(7));
    let invite = async || step::invite(&world.platform, &employer.viewer, &invitation, Some(&key)).await;
    let conn = &mut *world.conn().await;
    watch_writes(conn).await;
    let before = everything(conn).await;
    crate::support::refusal(invite().await);
    assert_eq!(everything(conn).await, before);
    execute(conn, "UPDATE graduates SET online_signing_allowed = true").await;
    invite().await.unwrap();
}
