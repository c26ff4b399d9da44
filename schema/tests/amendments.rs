//! What a school changes after completion (DOMAIN.md, After completion): on record field by field, told by SMS too, printed anew.

use diesel_async::RunQueryDsl;
use wangqian_schema::{
    audit,
    model::{Viewer, document::StoredPdf, field_change, terms::AgreementDraft},
    step::{self, Actor, AgreementStep, StepError},
    workflow::{Refusal, ReviewRoute, agreement::AgreementStatus},
};

use crate::{
    filed::filled,
    support::{Company, Student, World, execute, reason, refusal, text},
};

struct Scene {
    world: World,
    employer: Company,
    student: Student,
    department: Viewer,
    school: Viewer,
    agreement: uuid::Uuid,
}

impl Scene {
    /// An agreement that is signed, and whose paper is stored.
    async fn signed() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::SchoolOnly).await;
        let (employer, student) = (world.employer().await, world.graduate(&campus, 0).await);
        let agreement = world.invite(&employer, &student).await;
        let scene = Self {
            department: world.department_reviewer(&campus, 0).await,
            school: world.school_reviewer(&campus).await,
            world,
            employer,
            student,
            agreement,
        };
        scene
            .take(&scene.student.viewer, AgreementStep::Accept)
            .await
            .unwrap();
        scene.take(&scene.school, AgreementStep::Approve).await.unwrap();
        let document = scene.text("SELECT id::text FROM documents").await;
        let pdf = StoredPdf {
            object_key: "documents/one.pdf".to_owned(),
            sha256: [7; 32],
            byte_size: 1000,
        };
        let store = AgreementStep::StoreDocument(document[0].parse().unwrap(), pdf);
        scene.world.work(agreement, store).await.unwrap();
        scene
    }

    /// The terms as they are, but for the salary.
    fn terms(&self, regular_salary: i32) -> AgreementDraft {
        let mut terms = filled();
        terms.employer_name.clone_from(&self.employer.name);
        terms.credit_code.clone_from(&self.employer.credit_code);
        terms.terms.regular_salary = Some(regular_salary);
        terms
    }

    async fn take(
        &self,
        by: &Viewer,
        step: AgreementStep,
    ) -> Result<wangqian_schema::model::agreement::AgreementView, StepError> {
        self.world.take(by, self.agreement, step).await
    }

    async fn text(&self, query: &str) -> Vec<String> {
        text(&mut *self.world.conn().await, query).await
    }
}

fn amend(terms: AgreementDraft) -> AgreementStep {
    AgreementStep::Amend(Box::new(terms), reason())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_amends_what_is_signed_and_the_paper_is_made_anew() {
    let scene = Scene::signed().await;
    let before = scene
        .world
        .find(&scene.student.viewer, scene.agreement)
        .await
        .agreement;
    let mut terms = scene.terms(12_000);
    terms.terms.report_place = Some("示例路一号".to_owned());
    let amended = scene.take(&scene.school, amend(terms)).await.unwrap().agreement;
    assert_eq!(amended.status, AgreementStatus::Signed);
    assert_eq!(amended.agreement_number, before.agreement_number);
    assert_eq!(amended.terms.unwrap().regular_salary, Some(12_000));
    assert!(amended.version > before.version);

    let conn = &mut *scene.world.conn().await;
    let kept = field_change::of_events(conn, &[(amended.id, amended.event_count)])
        .await
        .unwrap();
    let listed: Vec<_> = kept[0]
        .2
        .0
        .iter()
        .map(|change| (&*change.path, change.old.as_deref(), change.new.as_deref()))
        .collect();
    assert_eq!(
        listed,
        [
            ("regularSalary", None, Some("12000")),
            ("reportPlace", None, Some("示例路一号"))
        ]
    );

    // The paper of before stays as it was, superseded; the new one says that it is the second.
    let papers = "SELECT concat_ws(' ', version, superseded_at IS NOT NULL, object_key, paper->'terms'->>'regular_salary',
        paper->'amended'->>'version', paper->>'agreement_number' = (SELECT agreement_number FROM agreements))
        FROM documents ORDER BY version";
    assert_eq!(
        scene.text(papers).await,
        ["1 t documents/one.pdf t", "2 f 12000 2 t"]
    );
    let codes = "SELECT count(DISTINCT verification_code)::text FROM documents";
    assert_eq!(scene.text(codes).await, ["2"]);
    let rendered = "SELECT count(*)::text FROM jobs, documents
        WHERE queue = 'render_document' AND state = 'READY' AND unique_key = documents.id::text";
    assert_eq!(
        scene.text(rendered).await,
        ["2"],
        "the new one, and the mark across the old one"
    );

    let told = format!(
        "SELECT concat_ws(' ', channel, params->>'fields', params->>'reason') FROM messages
         WHERE template = 'AGREEMENT_AMENDED' AND account_id = '{}' ORDER BY channel",
        scene.student.viewer.account_id()
    );
    let said = "转正起薪、报到地点 材料与实际情况不符";
    assert_eq!(
        scene.text(&told).await,
        ["EMAIL", "IN_APP", "SMS", "WECHAT"].map(|channel| format!("{channel} {said}"))
    );
    let told = "SELECT string_agg(channel, ' ' ORDER BY channel) FROM messages
        JOIN employer_members USING (account_id) WHERE template = 'AGREEMENT_AMENDED'";
    assert_eq!(scene.text(told).await, ["EMAIL IN_APP"]);
    assert_eq!(audit::walk(conn, None).await.unwrap().breaks, []);

    // What comes to the same is no step; a third paper supersedes the second.
    let events = scene.text("SELECT count(*)::text FROM case_events").await;
    let mut same = scene.terms(12_000);
    same.terms.report_place = Some(" 示例路一号 ".to_owned());
    scene.take(&scene.school, amend(same)).await.unwrap();
    assert_eq!(scene.text("SELECT count(*)::text FROM case_events").await, events);
    scene
        .take(&scene.school, amend(scene.terms(13_000)))
        .await
        .unwrap();
    let current = "SELECT version::text FROM documents WHERE superseded_at IS NULL";
    assert_eq!(scene.text(current).await, ["3"]);
    // The database itself: none that was superseded counts beside it again, and no other comes beside it.
    for wrong in [
        "UPDATE documents SET superseded_at = NULL WHERE version = 2",
        "INSERT INTO documents (id, agreement_id, version, paper, verification_code, created_at)
         SELECT gen_random_uuid(), agreement_id, 4, paper, 'another', created_at FROM documents WHERE version = 3",
    ] {
        let failed = diesel::sql_query(wrong).execute(conn).await.unwrap_err();
        assert!(failed.to_string().contains("documents_one_current"), "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_an_amendment() {
    let scene = Scene::signed().await;
    let step = || amend(scene.terms(12_000));
    for somebody in [scene.student.viewer, scene.employer.viewer, scene.department] {
        assert_eq!(refusal(scene.take(&somebody, step()).await), Refusal::NotYourRole);
    }
    let silent = AgreementStep::Amend(Box::new(scene.terms(12_000)), Some("  ".to_owned()));
    assert_eq!(
        refusal(scene.take(&scene.school, silent).await),
        Refusal::ReasonRequired
    );
    let elsewhere = scene.world.school(ReviewRoute::SchoolOnly).await;
    let stranger = scene.world.school_reviewer(&elsewhere).await;
    assert!(matches!(
        scene.take(&stranger, step()).await,
        Err(StepError::NotFound)
    ));

    // Whoever signed online stays, and wrong terms are named.
    let mut other = filled();
    other.terms.regular_salary = Some(-1);
    let wrong = |result| match result {
        Err(StepError::Invalid(errors)) => errors.iter().map(|error| error.field).collect::<Vec<_>>(),
        other => panic!("expected wrong fields, not {other:?}"),
    };
    assert_eq!(
        wrong(scene.take(&scene.school, amend(other)).await),
        ["regularSalary"]
    );
    assert_eq!(
        wrong(scene.take(&scene.school, amend(filled())).await),
        ["employerName", "creditCode"]
    );

    // Of two who looked at the same version one is taken.
    let version = scene
        .world
        .find(&scene.school, scene.agreement)
        .await
        .agreement
        .version;
    let actor = Actor::Viewer(scene.school);
    let platform = &scene.world.platform;
    let (one, other) = tokio::join!(
        step::take(
            platform,
            actor,
            scene.agreement,
            amend(scene.terms(1)),
            Some(version)
        ),
        step::take(
            platform,
            actor,
            scene.agreement,
            amend(scene.terms(2)),
            Some(version)
        ),
    );
    let stale = |result: &Result<_, StepError>| matches!(result, Err(StepError::StaleVersion { .. }));
    assert!(
        one.is_ok() && stale(&other) || other.is_ok() && stale(&one),
        "{one:?} {other:?}"
    );

    // What has ended is not amended any more.
    let people = [scene.employer.viewer, scene.student.viewer, scene.school];
    scene.world.terminate(&people, scene.agreement).await;
    assert_eq!(
        refusal(scene.take(&scene.school, step()).await),
        Refusal::NotInThisStatus
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_paper_shows_what_the_graduate_has_confirmed() {
    let scene = Scene::signed().await;
    let conn = &mut *scene.world.conn().await;
    let printed = "SELECT paper->'graduate'->>'name' FROM documents ORDER BY version DESC LIMIT 1";
    let before = scene.text(printed).await;
    execute(conn, "UPDATE graduates SET name = '林改名', confirmed_at = NULL").await;
    scene
        .take(&scene.school, amend(scene.terms(12_000)))
        .await
        .unwrap();
    assert_eq!(
        scene.text(printed).await,
        before,
        "what he has not confirmed is not printed"
    );
    execute(conn, "UPDATE graduates SET confirmed_at = now()").await;
    scene
        .take(&scene.school, amend(scene.terms(13_000)))
        .await
        .unwrap();
    assert_eq!(scene.text(printed).await, ["林改名"]);
}
