//! A step on a destination is taken as a whole or not at all: whichever of its writes fails, nothing of it remains.

use std::collections::BTreeSet;

use wangqian_schema::{
    model::Viewer,
    step::{self, DestinationStep},
    workflow::{ReviewRoute, destination::DestinationAction},
};

use super::{Scene, contract, seeking};
use crate::{
    atomicity::{fails_at_each, watch_writes, writes_seen},
    support::reason,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_anywhere_leaves_nothing() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let graduate = scene.student.viewer;
    let (department, school) = (scene.department, scene.school);
    let first = scene.draft(&contract(9000)).await;
    let second = scene.draft(&seeking()).await;
    let proof = scene.proof().await;
    step::set_voiding_review(&scene.world.platform, &school, true, None)
        .await
        .unwrap();
    let conn = &mut *scene.world.conn().await;
    watch_writes(conn).await;

    let plain = ["INSERT case_events", "UPDATE destinations"];
    let told = [&plain[..], &["INSERT messages", "INSERT jobs"]].concat();
    let counted = ["UPDATE placements", "INSERT figure_deltas"];
    let and = |base: &[&'static str], more: &[&'static str]| [base, more].concat();
    let submit = |files| DestinationStep::Submit(files);
    type Deed = (Viewer, DestinationStep, Vec<&'static str>);
    let story: Vec<(uuid::Uuid, Deed)> = [
        (
            graduate,
            submit(vec![proof]),
            and(
                &plain,
                &["INSERT engagements", "INSERT case_files", "UPDATE uploads"],
            ),
        ),
        (graduate, DestinationStep::Withdraw, plain.to_vec()),
        (
            graduate,
            DestinationStep::Discard,
            and(&plain, &["DELETE engagements"]),
        ),
    ]
    .map(|deed| (first, deed))
    .into_iter()
    .chain(
        [
            (graduate, submit(Vec::new()), and(&plain, &["INSERT engagements"])),
            (department, DestinationStep::Return(reason()), told.clone()),
            (graduate, submit(Vec::new()), plain.to_vec()),
            (
                department,
                DestinationStep::Change(Box::new(changed()), reason()),
                and(&told, &["INSERT field_changes"]),
            ),
            (department, DestinationStep::Approve, told.clone()),
            (school, DestinationStep::Approve, and(&told, &counted)),
            (
                school,
                DestinationStep::Amend(Box::new(amended()), reason()),
                and(&told, &["INSERT field_changes"]),
            ),
            (graduate, DestinationStep::Void(None), plain.to_vec()),
            (department, DestinationStep::Reject(reason()), told.clone()),
            (graduate, DestinationStep::Void(None), plain.to_vec()),
            (department, DestinationStep::Approve, told.clone()),
            (
                school,
                DestinationStep::Approve,
                and(&and(&told, &counted), &["DELETE engagements"]),
            ),
        ]
        .map(|deed| (second, deed)),
    )
    .collect();

    let mut done = BTreeSet::new();
    for (id, (viewer, step, writes)) in story {
        fails_at_each(conn, &writes, &format!("{step:?}"), async || {
            scene.take(&viewer, id, step.clone()).await
        })
        .await;
        writes_seen(conn).await;
        scene.take(&viewer, id, step.clone()).await.unwrap();
        let seen: BTreeSet<String> = writes.iter().map(|write| (*write).to_owned()).collect();
        assert_eq!(writes_seen(conn).await, seen, "{step:?}: none was left out above");
        done.insert(step.action());
    }
    // Saving a draft leaves no event.
    let every = DestinationAction::ALL.iter().copied();
    let every: BTreeSet<_> = every
        .filter(|action| *action != DestinationAction::SaveDraft)
        .collect();
    assert_eq!(done, every, "each step was tried");
}

fn changed() -> wangqian_schema::destination::DestinationDraft {
    let mut form = seeking();
    form.remark = Some("已电话核实".to_owned());
    form
}

fn amended() -> wangqian_schema::destination::DestinationDraft {
    let mut form = changed();
    form.remark = Some("学校补登".to_owned());
    form
}
