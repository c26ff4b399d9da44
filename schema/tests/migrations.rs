//! The migrations go up and down, and `tables.rs` is what they make.

use std::collections::BTreeMap;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;
use wangqian_schema::{
    audit,
    clock::shanghai_date,
    db,
    model::Viewer,
    step::{self, AgreementStep, IdempotencyKey, LeavingPeriodDraft},
    workflow::ReviewRoute,
};

use crate::support::{Database, World, class_year, execute, number, text};

/// Everything that migrations make, as text: columns, constraints, indexes, triggers and functions.
async fn structure(url: &str) -> Vec<String> {
    let mut conn = AsyncPgConnection::establish(url).await.unwrap();
    let mut structure = Vec::new();
    for query in [
        "SELECT concat_ws(' ', table_name, ordinal_position, column_name, udt_name, is_nullable, column_default)
         FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    ] {
        let mut lines = text(&mut conn, query).await;
        lines.retain(|line| !line.contains("__diesel_schema_migrations"));
        lines.sort();
        structure.extend(lines);
    }
    structure
}

#[tokio::test(flavor = "multi_thread")]
async fn up_down_and_up_again_make_the_same() {
    let database = Database::empty().await;
    let url = database.url();
    let pending = db::pending_migrations(url).await.unwrap();
    assert!(!pending.is_empty());
    let applied = db::migrate(url).await.unwrap();
    assert_eq!(applied.len(), pending.len());
    let up = structure(url).await;
    assert!(up.iter().any(|line| line.contains("engagements")), "{up:?}");
    assert_eq!(db::pending_migrations(url).await.unwrap(), Vec::<String>::new());
    assert_eq!(
        db::migrate(url).await.unwrap(),
        Vec::<String>::new(),
        "nothing to do"
    );

    db::revert_all(url).await.unwrap();
    assert_eq!(
        structure(url).await,
        Vec::<String>::new(),
        "nothing is left behind"
    );
    assert_eq!(db::pending_migrations(url).await.unwrap(), pending);

    assert_eq!(db::migrate(url).await.unwrap(), applied);
    assert_eq!(structure(url).await, up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn processes_that_start_together_migrate_once() {
    let database = Database::empty().await;
    let all: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url().to_owned();
            tokio::spawn(async move { db::migrate(&url).await.unwrap().len() })
        })
        .collect();
    let mut applied = Vec::new();
    for one in all {
        applied.push(one.await.unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied[..3], [0, 0, 0], "one did it all");
    assert!(applied[3] > 0);
}

/// Tables with their primary key and columns as `table!` writes them, from the file itself.
fn tables_file() -> BTreeMap<String, Vec<String>> {
    let file = include_str!("../src/tables.rs");
    let mut tables = BTreeMap::new();
    for block in file.split("diesel::table! {").skip(1) {
        let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty());
        let head = lines.next().unwrap().trim_end_matches('{').trim();
        let (name, key) = head.split_once(' ').unwrap();
        let mut content = vec![format!("PRIMARY KEY {key}")];
        for line in lines.take_while(|line| !line.starts_with('}')) {
            content.push(line.trim_end_matches(',').to_owned());
        }
        tables.insert(name.to_owned(), content);
    }
    tables
}

/// The same from the database.
async fn tables_of(conn: &mut AsyncPgConnection) -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let keys = text(
        conn,
        "SELECT indrelid::regclass || ' PRIMARY KEY (' || (
             SELECT string_agg(attname, ', ' ORDER BY place) FROM unnest(indkey) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute ON attrelid = indrelid AND attnum = number) || ')'
         FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
         WHERE indisprimary AND relnamespace = 'public'::regnamespace",
    )
    .await;
    let columns = text(
        conn,
        "SELECT concat_ws(' ', table_name, column_name, is_nullable, udt_name)
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    )
    .await;
    for line in keys {
        let (table, key) = line.split_once(' ').unwrap();
        tables.insert(table.to_owned(), vec![key.to_owned()]);
    }
    for line in columns {
        let parts: Vec<&str> = line.split(' ').collect();
        let [table, column, nullable, kind] = parts[..] else {
            panic!("{line}");
        };
        let mut kind = kind.to_owned();
        kind[..1].make_ascii_uppercase();
        if nullable == "YES" {
            kind = format!("Nullable<{kind}>");
        }
        let content = tables.get_mut(table).expect("every table has a primary key");
        content.push(format!("{column} -> {kind}"));
    }
    tables.remove("__diesel_schema_migrations");
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_rs_is_what_the_migrations_make() {
    let world = World::new().await;
    let file = tables_file();
    let database = tables_of(&mut *world.conn().await).await;
    assert!(file.len() > 15, "the file was read: {:?}", file.keys());
    assert_eq!(
        file.keys().collect::<Vec<_>>(),
        database.keys().collect::<Vec<_>>(),
        "run `diesel print-schema`"
    );
    for (name, content) in &file {
        assert_eq!(content, &database[name], "{name}: run `diesel print-schema`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_foreign_key_that_is_followed_backwards_has_an_index() {
    let world = World::new().await;
    // A row that many refer to can be asked for its own: without an index each such question reads a whole table.
    let without = "SELECT count(*) FROM pg_constraint c WHERE contype = 'f'
        AND conrelid::regclass::text IN ('agreements', 'documents', 'employer_members', 'graduates', 'sessions')
        AND confrelid::regclass::text IN ('agreements', 'employers', 'graduates', 'schools')
        AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])";
    assert_eq!(number(&mut *world.conn().await, without).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_was_broken_off_is_named_and_not_passed_over() {
    let world = World::new().await;
    let mut conn = AsyncPgConnection::establish(world.url()).await.unwrap();
    execute(
        &mut conn,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_unsent'::regclass",
    )
    .await;
    let refused = db::migrate(world.url()).await.unwrap_err().to_string();
    assert!(refused.contains("messages_unsent"), "{refused}");
}

/// Signs an agreement and gives both sides, the reviewer and the agreement.
async fn signed(world: &World) -> ([Viewer; 3], Uuid) {
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let (employer, reviewer) = (world.employer().await, world.school_reviewer(&campus).await);
    let student = world.graduate(&campus, 0).await;
    let agreement = world.invite(&employer, &student).await;
    for (viewer, step) in [
        (&student.viewer, AgreementStep::Accept),
        (&reviewer, AgreementStep::Approve),
    ] {
        world.take(viewer, agreement, step).await.unwrap();
    }
    ([employer.viewer, student.viewer, reviewer], agreement)
}

/// The graduate may have signed elsewhere since: no migration can make signed again what has ended.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_not_undone() {
    let world = World::new().await;
    let (people, agreement) = signed(&world).await;
    world.terminate(&people, agreement).await;
    let refused = db::revert_all(world.url()).await.unwrap_err();
    assert!(format!("{refused:?}").contains("cannot be undone"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_only_asked_for_goes_with_its_trail() {
    let world = World::new().await;
    let (people, agreement) = signed(&world).await;
    world.request_termination(&people[0], agreement).await.unwrap();
    db::revert_all(world.url()).await.unwrap();
}

/// A trail is a chain: what is not known any more cannot be taken out of its middle.
#[tokio::test(flavor = "multi_thread")]
async fn the_trail_of_a_school_ends_before_it_set_a_period() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let reviewer = world.school_reviewer(&campus).await;
    let add = async |code: &str| {
        let key = IdempotencyKey {
            key: code.to_owned(),
            request_hash: [0; 32],
        };
        step::add_department(&world.platform, &reviewer, code, "示例学院", &key)
            .await
            .unwrap();
    };
    add("91").await;
    let today = shanghai_date(world.now());
    let period = LeavingPeriodDraft {
        class_year: class_year().into(),
        opens_on: today,
        closes_on: today,
        cut_off_on: None,
    };
    step::set_leaving_period(&world.platform, &reviewer, &period)
        .await
        .unwrap();
    add("92").await;
    let mut conn = AsyncPgConnection::establish(world.url()).await.unwrap();
    let down = include_str!("../../migrations/2026-11-28-000841_leaving_trails/down.sql");
    execute(&mut conn, &format!("BEGIN; {down}; COMMIT")).await;
    let left = "SELECT action FROM case_events WHERE case_kind = 'SCHOOL'";
    assert_eq!(text(&mut conn, left).await, ["ADD_DEPARTMENT"]);
    assert_eq!(audit::walk(&mut conn, None).await.unwrap().breaks, []);
    add("93").await;
    assert_eq!(audit::walk(&mut conn, None).await.unwrap().breaks, []);
}
