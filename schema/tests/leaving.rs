//! Leaving school on the real database: what a confirmation of an agreement says and when it stands no longer, who sees it, and that a
//! step is taken as a whole or not at all. The rules by themselves are in `leaving_rules`, the story over HTTP in the black-box tests.

use std::collections::BTreeSet;

use chrono::Days;
use serde_json::json;
use uuid::Uuid;
use wangqian_schema::{
    audit,
    clock::shanghai_date,
    destination::ArchiveDraft,
    model::{
        PageRequest, Viewer, destination_sheet,
        document::StoredPdf,
        leaving::{self, LeavingFilter, LeavingView},
        stored_paper::{self, PaperOf},
    },
    step::{self, Actor, AgreementStep, CorrectionDraft, LeavingPeriodDraft, LeavingStep, StepError},
    stuck_work,
    workflow::{
        ReviewRoute,
        leaving::{LeavingAction, LeavingStatus},
    },
};

use crate::{
    atomicity::{fails_at_each, watch_writes, writes_seen},
    support::{Campus, Company, Student, World, class_year, reason},
};

struct Scene {
    world: World,
    campus: Campus,
    student: Student,
    department: Viewer,
    school: Viewer,
    company: Company,
    employer: Viewer,
}

impl Scene {
    /// A school whose confirmation period is open.
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::SchoolOnly).await;
        let company = world.employer().await;
        let scene = Self {
            employer: company.viewer,
            company,
            student: world.graduate(&campus, 0).await,
            department: world.department_reviewer(&campus, 0).await,
            school: world.school_reviewer(&campus).await,
            world,
            campus,
        };
        let today = shanghai_date(scene.world.now());
        let period = LeavingPeriodDraft {
            class_year: class_year().into(),
            opens_on: today,
            closes_on: today + Days::new(30),
            cut_off_on: None,
        };
        step::set_leaving_period(&scene.world.platform, &scene.school, &period)
            .await
            .unwrap();
        scene
    }

    /// An agreement that is signed online: its id and version.
    async fn signed(&self) -> (Uuid, i32) {
        let id = self.world.invite(&self.company, &self.student).await;
        for (viewer, step) in [
            (self.student.viewer, AgreementStep::Accept),
            (self.school, AgreementStep::Approve),
        ] {
            step::take(&self.world.platform, Actor::Viewer(viewer), id, step, None)
                .await
                .unwrap();
        }
        (id, self.world.find(&self.school, id).await.agreement.version)
    }

    async fn save(&self) -> LeavingView {
        let draft: ArchiveDraft = serde_json::from_value(json!({
            "route": "KEPT_AT_SCHOOL", "accepted": true, "household_moves": false,
        }))
        .unwrap();
        step::save_leaving_draft(&self.world.platform, &self.student.viewer, &draft, None)
            .await
            .unwrap()
    }

    async fn confirm(&self, seen: Option<(Uuid, i32)>) -> Result<LeavingView, StepError> {
        step::confirm_leaving(&self.world.platform, &self.student.viewer, seen, None).await
    }

    async fn found(&self, viewer: &Viewer, id: Uuid) -> Option<LeavingView> {
        leaving::find(&mut *self.world.conn().await, viewer, id)
            .await
            .unwrap()
    }
}

fn pdf() -> StoredPdf {
    StoredPdf {
        object_key: format!("sheets/{}", Uuid::now_v7()),
        sha256: [7; 32],
        byte_size: 9,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_stands_until_what_it_says_changes() {
    let scene = Scene::new().await;
    let signed = scene.signed().await;
    scene.save().await;
    let view = scene.confirm(Some(signed)).await.unwrap();
    assert!(view.stands());
    let id = view.confirmation.id;
    let conn = &mut *scene.world.conn().await;
    let sheet = destination_sheet::last_of(conn, &[id]).await.unwrap().remove(0);
    let paper = sheet.paper().unwrap();
    let lines: Vec<_> = paper.sections.iter().flat_map(|section| &section.lines).collect();
    let value = |label: &str| {
        let line = lines.iter().find(|line| line.label == label);
        line.map(|line| (line.value.as_str(), line.private))
    };
    assert_eq!(value("毕业去向"), Some(("签就业协议形式就业（代码 10）", false)));
    assert_eq!(
        value("身份证号"),
        Some((scene.student.id_card_number.as_str(), true))
    );
    assert_eq!(value("档案去向"), Some(("暂存学校", false)));
    assert_eq!(
        Some(&paper.transfer_number),
        view.confirmation.transfer_number.as_ref()
    );
    assert!(paper.verification_url.ends_with(&sheet.verification_number));

    // A correction of his data, until he has confirmed it and this again.
    let corrected = CorrectionDraft {
        major: Some("另一专业".to_owned()),
        ..CorrectionDraft::default()
    };
    let why = reason();
    step::correct_graduate(
        &scene.world.platform,
        &scene.school,
        scene.student.id,
        &corrected,
        why.as_deref(),
        None,
    )
    .await
    .unwrap();
    assert!(!scene.found(&scene.school, id).await.unwrap().stands());

    // He confirms his data, and this again: another sheet of the same transfer number.
    step::confirm_data(&scene.world.platform, &scene.student.viewer, 2)
        .await
        .unwrap();
    let again = scene.confirm(Some(signed)).await.unwrap();
    assert!(again.stands());
    assert_eq!(
        again.confirmation.transfer_number,
        view.confirmation.transfer_number
    );
    let newest = destination_sheet::last_of(conn, &[id]).await.unwrap().remove(0);
    assert_eq!(newest.version, 2);

    // What is stored can be lost, and is made again by its own job.
    let store = LeavingStep::StoreSheet(newest.id, pdf());
    step::take_leaving(&scene.world.platform, Actor::Worker, id, store, None)
        .await
        .unwrap();
    let stored = stored_paper::stored(conn, Uuid::nil(), Some(id), 9)
        .await
        .unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].id, stored[0].of),
        (newest.id, PaperOf::Confirmation(id))
    );
    assert!(
        stuck_work::restore(conn, &stored[0], scene.world.now())
            .await
            .unwrap()
    );

    // The end of the agreement.
    let parties = [scene.student.viewer, scene.employer, scene.school];
    scene.world.terminate(&parties, signed.0).await;
    let view = scene.found(&scene.school, id).await.unwrap();
    assert!(!view.stands() && view.standing.registered.is_none());
    assert_eq!(
        view.confirmation.status,
        LeavingStatus::Confirmed,
        "nothing was written"
    );
    assert_eq!(audit::walk(conn, None).await.unwrap().breaks, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_see_their_own_graduates_and_a_moved_one_goes_along() {
    let scene = Scene::new().await;
    let id = scene.save().await.confirmation.id;
    let elsewhere = scene.world.school(ReviewRoute::SchoolOnly).await;
    let strangers = [
        scene.world.graduate(&scene.campus, 0).await.viewer,
        scene.employer,
        scene.world.department_reviewer(&scene.campus, 1).await,
        scene.world.school_reviewer(&elsewhere).await,
        scene.world.operator().await,
    ];
    let listed = async |viewer: &Viewer| {
        let conn = &mut *scene.world.conn().await;
        let all = LeavingFilter::default();
        let page = leaving::list(conn, viewer, &all, &PageRequest::first(10)).await;
        page.unwrap().items.len()
    };
    for viewer in [&scene.student.viewer, &scene.department, &scene.school] {
        assert!(scene.found(viewer, id).await.is_some());
        assert_eq!(listed(viewer).await, 1);
    }
    for viewer in &strangers {
        assert!(scene.found(viewer, id).await.is_none());
        assert_eq!(listed(viewer).await, 0);
    }
    let moved = CorrectionDraft {
        department_id: Some(scene.campus.departments[1]),
        ..CorrectionDraft::default()
    };
    let reason = reason();
    step::correct_graduate(
        &scene.world.platform,
        &scene.school,
        scene.student.id,
        &moved,
        reason.as_deref(),
        None,
    )
    .await
    .unwrap();
    assert!(scene.found(&scene.department, id).await.is_none());
    assert!(scene.found(&strangers[2], id).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_anywhere_leaves_nothing() {
    let scene = Scene::new().await;
    let id = scene.save().await.confirmation.id;
    let (himself, school) = (scene.student.viewer, scene.school);
    let until = shanghai_date(scene.world.now()) + Days::new(3);
    let conn = &mut *scene.world.conn().await;
    watch_writes(conn).await;
    let plain = ["INSERT case_events", "UPDATE leaving_confirmations"];
    let told = [&plain[..], &["INSERT messages", "INSERT jobs"]].concat();
    let and = |base: &[&'static str], more: &[&'static str]| [base, more].concat();
    let sheet = and(&plain, &["INSERT destination_sheets", "INSERT jobs"]);
    let story: Vec<(Actor, LeavingStep, Vec<&'static str>)> = vec![
        (
            Actor::Viewer(himself),
            LeavingStep::Dispute(reason()),
            plain.to_vec(),
        ),
        (Actor::Viewer(school), LeavingStep::Answer(reason()), told.clone()),
        (Actor::Viewer(himself), LeavingStep::Confirm(None), sheet),
        (
            Actor::Viewer(school),
            LeavingStep::Reopen(until, reason()),
            told.clone(),
        ),
        (
            Actor::Viewer(himself),
            LeavingStep::Authorise(until),
            plain.to_vec(),
        ),
        (
            Actor::Viewer(himself),
            LeavingStep::WithdrawAuthorisation,
            plain.to_vec(),
        ),
    ];
    let mut done = BTreeSet::from([LeavingAction::SaveDraft]);
    let mut every: Vec<_> = story;
    while !every.is_empty() {
        let (actor, step, writes) = every.remove(0);
        fails_at_each(conn, &writes, &format!("{step:?}"), async || {
            step::take_leaving(&scene.world.platform, actor, id, step.clone(), None).await
        })
        .await;
        writes_seen(conn).await;
        step::take_leaving(&scene.world.platform, actor, id, step.clone(), None)
            .await
            .unwrap();
        let seen: BTreeSet<String> = writes.iter().map(|write| (*write).to_owned()).collect();
        assert_eq!(writes_seen(conn).await, seen, "{step:?}: none was left out above");
        done.insert(step.action());
        if step.action() == LeavingAction::Confirm {
            let sheet = destination_sheet::last_of(conn, &[id]).await.unwrap().remove(0);
            let store = LeavingStep::StoreSheet(sheet.id, pdf());
            let writes = and(&told, &["UPDATE destination_sheets"]);
            every.insert(0, (Actor::Worker, store, writes));
        }
    }
    assert_eq!(
        done,
        LeavingAction::ALL.iter().copied().collect(),
        "each step was tried"
    );
}
