//! Exports: who may ask, whose they are, which run counts, and what the batches hold.

use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    export::{BATCH_ROWS, Place, Scope},
    files::TableFormat,
    model::{
        PageRequest, Viewer,
        record_export::{self as exports, ExportStatus, ExportSubject, RecordExport, StoredExport},
        record_export_log as log,
        request_throttle::Limit,
    },
    step::{self, AgreementStep, ExportRequest, IdempotencyKey, StepError},
    stuck_work::{self, GRACE, JobState, StuckWorkKind},
    workflow::{Refusal, ReviewRoute},
};

use crate::support::{Campus, World, class_year, count, execute, refusal};

const DAILY: Limit = Limit {
    most: 3,
    within: TimeDelta::days(1),
    pause: TimeDelta::zero(),
};

fn request(subject: ExportSubject, department_id: Option<Uuid>) -> ExportRequest {
    ExportRequest {
        subject,
        format: TableFormat::Csv,
        class_year: class_year().into(),
        department_id,
        personal_data: false,
    }
}

async fn ask(
    world: &World,
    viewer: &Viewer,
    subject: ExportSubject,
    department_id: Option<Uuid>,
) -> Result<RecordExport, StepError> {
    let key = IdempotencyKey {
        key: Uuid::now_v7().to_string(),
        request_hash: [0; 32],
    };
    let request = request(subject, department_id);
    step::export_records(&world.platform, viewer, &request, &DAILY, &key).await
}

/// All rows of a scope.
async fn rows(world: &World, scope: &Scope) -> Vec<Vec<String>> {
    let mut conn = world.conn().await;
    let (mut place, mut all) = (Place::default(), Vec::new());
    while let Some((rows, next)) = scope.batch(&mut conn, place).await.unwrap() {
        assert!(i64::try_from(rows.len()).unwrap() <= BATCH_ROWS);
        for row in &rows {
            assert_eq!(row.len(), scope.headings().len());
        }
        all.extend(rows);
        place = next;
    }
    assert_eq!(
        scope.count(&mut conn).await.unwrap(),
        i64::try_from(all.len()).unwrap()
    );
    all
}

fn column(scope: &Scope, rows: &[Vec<String>], heading: &str) -> Vec<String> {
    let at = scope.headings().iter().position(|name| *name == heading).unwrap();
    rows.iter().map(|row| row[at].clone()).collect()
}

async fn campus(world: &World) -> Campus {
    world.school(ReviewRoute::SchoolOnly).await
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_alone_ask_and_for_what_they_review() {
    let world = World::new().await;
    let (campus, elsewhere) = (campus(&world).await, campus(&world).await);
    let student = world.graduate(&campus, 0).await;
    for viewer in [
        student.viewer,
        world.employer().await.viewer,
        world.operator().await,
    ] {
        let refused = ask(&world, &viewer, ExportSubject::Graduates, None).await;
        assert_eq!(refusal(refused), Refusal::NotYourRole);
    }
    let school = world.school_reviewer(&campus).await;
    let department = world.department_reviewer(&campus, 0).await;
    for (viewer, wanted) in [
        (&school, elsewhere.departments[0]),
        (&school, Uuid::now_v7()),
        (&department, campus.departments[1]),
    ] {
        let refused = ask(&world, viewer, ExportSubject::Cases, Some(wanted)).await;
        assert!(matches!(refused, Err(StepError::NotFound)), "{refused:?}");
    }
    let mut conn = world.conn().await;
    assert_eq!(count(&mut conn, "record_export_log", "true").await, 0);
    for (viewer, wanted, department) in [
        (&school, None, None),
        (&school, Some(campus.departments[1]), Some(campus.departments[1])),
        (&department, None, Some(campus.departments[0])),
        (
            &department,
            Some(campus.departments[0]),
            Some(campus.departments[0]),
        ),
    ] {
        let export = ask(&world, viewer, ExportSubject::Cases, wanted).await.unwrap();
        assert_eq!((export.school_id, export.department_id), (campus.id, department));
    }
    // The third of the school's is the last for today.
    ask(&world, &school, ExportSubject::Cases, None).await.unwrap();
    let refused = ask(&world, &school, ExportSubject::Cases, None).await;
    assert_eq!(refusal(refused), Refusal::TooManyExports);
    world.platform.clock.advance(TimeDelta::days(1));
    ask(&world, &school, ExportSubject::Cases, None).await.unwrap();

    // The log is the school's and the operators'.
    let request = PageRequest::first(10);
    for (viewer, lines) in [
        (school, 6),
        (world.operator().await, 6),
        (department, 0),
        (student.viewer, 0),
        (world.school_reviewer(&elsewhere).await, 0),
    ] {
        let page = log::list(&mut conn, &viewer, &request).await.unwrap();
        assert_eq!(page.items.len(), lines, "{viewer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_last_run_counts_and_only_its_own_reviewer_gets_it() {
    let world = World::new().await;
    let campus = campus(&world).await;
    let (school, colleague) = (
        world.school_reviewer(&campus).await,
        world.school_reviewer(&campus).await,
    );
    let asked = ask(&world, &school, ExportSubject::Graduates, None)
        .await
        .unwrap();
    let mut conn = world.conn().await;
    let now = world.now();
    let killed = exports::begin(&mut conn, asked.id, now).await.unwrap().unwrap();
    assert!(exports::progress(&mut conn, &killed, 5, 9, now).await.unwrap());
    let run = exports::begin(&mut conn, asked.id, now).await.unwrap().unwrap();
    assert_eq!(
        (run.run, run.rows_done, run.rows_total),
        (2, 0, None),
        "begun anew"
    );
    assert_ne!(run.object_key(), killed.object_key());
    let stored = StoredExport {
        byte_size: 7,
        sha256: [7; 32],
        rows: 9,
        expires_at: now + TimeDelta::days(7),
    };
    assert!(!exports::progress(&mut conn, &killed, 6, 9, now).await.unwrap());
    assert!(!exports::finish(&mut conn, &killed, &stored, now).await.unwrap());
    let early = step::take_export(&world.platform, &school, asked.id).await;
    assert_eq!(refusal(early), Refusal::NotInThisStatus);
    // More rows than were counted, since some were entered meanwhile.
    assert!(exports::progress(&mut conn, &run, 9, 8, now).await.unwrap());
    assert!(exports::finish(&mut conn, &run, &stored, now).await.unwrap());
    assert!(
        exports::begin(&mut conn, asked.id, now).await.unwrap().is_none(),
        "done"
    );

    let taken = step::take_export(&world.platform, &school, asked.id)
        .await
        .unwrap();
    assert_eq!(
        (taken.status, taken.object_key()),
        (ExportStatus::Ready, run.object_key())
    );
    for stranger in [
        colleague,
        world.department_reviewer(&campus, 0).await,
        world.operator().await,
    ] {
        let refused = step::take_export(&world.platform, &stranger, asked.id).await;
        assert!(matches!(refused, Err(StepError::NotFound)), "{stranger:?}");
    }
    assert_eq!(
        count(&mut conn, "record_export_log", "action = 'LINK_GIVEN'").await,
        1
    );

    // His request was made before he was disabled, and is carried out after.
    execute(
        &mut conn,
        &format!(
            "UPDATE accounts SET disabled_at = now() WHERE id = '{}'",
            school.account_id()
        ),
    )
    .await;
    assert!(!exports::still_his(&mut conn, &taken).await.unwrap());
    let refused = step::take_export(&world.platform, &school, asked.id).await;
    assert!(matches!(refused, Err(StepError::NotFound)));

    let over = async |now| {
        let mut conn = world.conn().await;
        exports::over(&mut conn, now, None).await.unwrap()
    };
    assert!(over(stored.expires_at).await.is_empty(), "a link may still hold");
    let swept = over(stored.expires_at + TimeDelta::hours(1)).await;
    assert_eq!(swept.len(), 1);
    assert_eq!(swept[0].object_keys, [killed.object_key(), run.object_key()]);
    exports::forget(&mut conn, &[asked.id]).await.unwrap();
    assert_eq!(count(&mut conn, "record_exports", "true").await, 0);
    assert_eq!(
        count(&mut conn, "record_export_log", "true").await,
        2,
        "the log stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_made_is_stuck_work_and_is_driven_again() {
    let world = World::new().await;
    let campus = campus(&world).await;
    let school = world.school_reviewer(&campus).await;
    let operator = world.operator().await;
    let asked = ask(&world, &school, ExportSubject::Graduates, None)
        .await
        .unwrap();
    let list = async || {
        let mut conn = world.conn().await;
        let page = stuck_work::list(&mut conn, &operator, &PageRequest::first(10), world.now()).await;
        page.unwrap().items
    };
    assert!(list().await.is_empty());
    world.platform.clock.advance(GRACE);
    let found = list().await;
    assert_eq!((found[0].kind, found[0].id), (StuckWorkKind::Export, asked.id));
    assert_eq!(found[0].job_state, Some(JobState::Ready));
    let mut conn = world.conn().await;
    // Its job is lost: the sweep makes it anew, once.
    execute(&mut conn, "DELETE FROM jobs").await;
    assert_eq!(stuck_work::sweep(&mut conn, world.now()).await.unwrap(), 1);
    assert_eq!(stuck_work::sweep(&mut conn, world.now()).await.unwrap(), 0);
    // Its attempts are used up: an operator has it tried again.
    execute(
        &mut conn,
        "UPDATE jobs SET state = 'PARKED', attempt = 10, last_error = 'no', finished_at = now()",
    )
    .await;
    assert_eq!(list().await[0].job_state, Some(JobState::Parked));
    let driven = stuck_work::retry(&mut conn, &operator, asked.id, world.now()).await;
    assert_eq!(driven.unwrap().unwrap().job_state, Some(JobState::Ready));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_batches_hold_what_the_reader_sees_each_once() {
    let world = World::new().await;
    let campus = campus(&world).await;
    let school = world.school_reviewer(&campus).await;
    let employer = world.employer().await;
    let (signed, other) = (world.graduate(&campus, 0).await, world.graduate(&campus, 1).await);
    let another_class = world
        .graduate_with(&campus, 0, |new| new.class_year = class_year() - 1)
        .await;
    world.graduate(&self::campus(&world).await, 0).await;
    let agreement = world.invite(&employer, &signed).await;
    world
        .take(&signed.viewer, agreement, AgreementStep::Accept)
        .await
        .unwrap();
    world
        .take(&school, agreement, AgreementStep::Approve)
        .await
        .unwrap();
    world
        .request_termination(&employer.viewer, agreement)
        .await
        .unwrap();
    world.invite(&employer, &other).await;
    // More than a batch.
    let mut conn = world.conn().await;
    execute(
        &mut conn,
        &format!(
            "WITH account AS (INSERT INTO accounts (id, kind, password_hash)
                SELECT gen_random_uuid(), 'GRADUATE', '-' FROM generate_series(1, 1200) RETURNING id)
            INSERT INTO graduates (id, account_id, school_id, department_id, class_year, student_number, name, gender,
                id_card_number, degree_level, major, training_mode, origin_region, online_signing_allowed)
            SELECT gen_random_uuid(), id, '{}', '{}', {}, id, '林示例', 'FEMALE', id, '31', '示例', '1', '110108', true
            FROM account",
            campus.id,
            campus.departments[1],
            class_year()
        ),
    )
    .await;
    drop(conn);

    let scope = |subject, department_id, personal_data| Scope {
        subject,
        reader: Viewer::Reviewer {
            account_id: school.account_id(),
            school_id: campus.id,
            department_id,
        },
        class_year: class_year(),
        personal_data,
    };
    let all = scope(ExportSubject::Graduates, None, false);
    let found = rows(&world, &all).await;
    let numbers = crate::support::distinct(column(&all, &found, "学号"));
    assert_eq!(numbers.len(), 1202);
    assert!(!numbers.contains(&another_class.student_number));

    let nothing_yet = column(&all, &found, "离校确认状态");
    assert!(nothing_yet.iter().all(|status| status == "待确认"));
    // Confirmed when nothing was registered yet.
    let confirmed = format!(
        "INSERT INTO leaving_confirmations (id, graduate_id, class_year, school_id, department_id, status, archive, confirmed_at,
            confirmed_data_version, transfer_number, updated_at)
        SELECT gen_random_uuid(), id, class_year, school_id, department_id, 'CONFIRMED',
            '{{\"route\": \"TRUSTEE_AGENCY\", \"receiving_unit\": \"示例市人才服务中心\", \"address\": \"示例市人民路 12 号\", \"department\": null,
            \"contact_person\": \"示例收件人\", \"phone\": \"0571-10000009\", \"postcode\": \"100000\", \"accepted\": true,
            \"household_moves\": true, \"new_address\": \"示例市示例路 3 号\"}}',
            '2026-06-01T10:00:00Z', version, 'ZD', now() FROM graduates WHERE id = '{}'",
        signed.id
    );
    execute(&mut *world.conn().await, &confirmed).await;

    let first = Some(campus.departments[0]);
    for personal_data in [false, true] {
        let one = scope(ExportSubject::Graduates, first, personal_data);
        let found = rows(&world, &one).await;
        let (phone, address, moves_to, postcode) = match personal_data {
            true => (
                "0571-10000009",
                "示例市人民路 12 号",
                "示例市示例路 3 号",
                "100000",
            ),
            false => ("****-****0009", "****", "****", "****"),
        };
        for (heading, cell) in [
            ("离校确认状态", "已确认"),
            ("离校确认时间", "2026-06-01 18:00:00"),
            ("确认后有变更", "是"),
            ("有待答复异议", "否"),
            ("档案去向", "转至人才服务机构托管"),
            ("档案接收单位", "示例市人才服务中心"),
            ("档案转递地址", address),
            ("档案收件部门", ""),
            ("档案收件人", "示例收件人"),
            ("档案收件人电话", phone),
            ("档案邮政编码", postcode),
            ("同意接收档案", "是"),
            ("户口迁移", "是"),
            ("户口迁往地址", moves_to),
        ] {
            assert_eq!(column(&one, &found, heading), [cell], "{heading}");
        }
        assert_eq!(column(&one, &found, "姓名"), [signed.name.as_str()]);
        assert_eq!(column(&one, &found, "毕业去向代码"), ["10"]);
        assert_eq!(column(&one, &found, "当前事项状态"), ["已签约"]);
        let card = &column(&one, &found, "身份证号")[0];
        let mobile = &column(&one, &found, "联系人手机")[0];
        match personal_data {
            true => {
                assert_eq!((card, mobile.as_str()), (&signed.id_card_number, "10000000001"));
            }
            false => {
                assert_ne!(card, &signed.id_card_number);
                assert_eq!(mobile, "100****0001");
            }
        }
    }

    let cases = scope(ExportSubject::Cases, None, false);
    let found = rows(&world, &cases).await;
    let kinds: Vec<_> = column(&cases, &found, "事项类型")
        .into_iter()
        .zip(column(&cases, &found, "状态"))
        .collect();
    let expected = [
        ("线上签约", "已签约"),
        ("线上签约", "待应约"),
        ("解约", "待对方回应"),
    ];
    assert_eq!(
        kinds,
        expected.map(|(kind, status)| (kind.to_owned(), status.to_owned()))
    );
    let one = scope(ExportSubject::Cases, first, false);
    assert_eq!(rows(&world, &one).await.len(), 2);
}
