//! What a batch writes. By arrays: a batch has any number of rows up to five hundred, and each number would be a statement of
//! its own, with more values than one may have.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, Binary, Bool, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Correction, NewPerson};
use crate::{
    Kept,
    model::{
        account::AccountKind,
        case,
        event::{self, CHAIN_START, CaseKind, ChainEnd, Concerned, NewEvent},
        graduate_import::GraduateImport,
    },
    password,
    roster::{GraduateData, Problem},
    step::{StepError, graduate_data},
    tables::graduate_imports,
    workflow::{
        ActorRole,
        graduate_data::{GraduateDataAction, GraduateDataStatus, decide},
    },
};

const ACCOUNTS: &str = "
    INSERT INTO accounts (id, kind, mobile, email, password_hash)
    SELECT id, $1, mobile, email, $2 FROM unnest($3, $4, $5) AS new (id, mobile, email)";

const GRADUATES: &str = "
    INSERT INTO graduates (id, account_id, school_id, department_id, class_year, student_number, name, gender,
        id_card_number, degree_level, major, training_mode, origin_region, online_signing_allowed, event_count, event_hash)
    SELECT id, account_id, $1, department_id, class_year, student_number, name, gender, id_card_number, degree_level,
        major, training_mode, origin_region, online_signing_allowed, 1, event_hash
    FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS new (id, account_id, department_id,
        class_year, student_number, name, gender, id_card_number, degree_level, major, training_mode, origin_region,
        online_signing_allowed, event_hash)";

const CORRECTIONS: &str = "
    UPDATE graduates SET department_id = new.department_id, class_year = new.class_year, name = new.name,
        gender = new.gender, degree_level = new.degree_level, major = new.major, training_mode = new.training_mode,
        origin_region = new.origin_region, online_signing_allowed = new.online_signing_allowed, confirmed_at = NULL,
        version = version + 1, event_count = new.event_count, event_hash = new.event_hash
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS new (id, department_id, class_year, name, gender,
        degree_level, major, training_mode, origin_region, online_signing_allowed, event_count, event_hash)
    WHERE graduates.id = new.id";

const CONTACTS: &str = "
    UPDATE accounts SET mobile = new.mobile, email = new.email
    FROM unnest($1, $2, $3) AS new (id, mobile, email) WHERE accounts.id = new.id";

const PROBLEMS: &str = "
    INSERT INTO graduate_import_problems (import_id, row_number, position, field, code, other_row)
    SELECT $1, * FROM unnest($2, $3, $4, $5, $6)";

/// One column of many rows.
fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// The event of a graduate of the import's school, done by the reviewer who began it.
fn event<'a>(
    import: &GraduateImport,
    graduate_id: Uuid,
    data: &GraduateData,
    action: GraduateDataAction,
    (from, to): (Option<GraduateDataStatus>, GraduateDataStatus),
    changes: &'a Value,
    now: DateTime<Utc>,
) -> NewEvent<'a> {
    NewEvent {
        occurred_at: now,
        case_kind: CaseKind::Graduate,
        case_id: graduate_id,
        actor_role: ActorRole::SchoolReviewer,
        actor_account_id: Some(import.created_by),
        action: action.as_str(),
        from_status: from.map(GraduateDataStatus::as_str),
        to_status: to.as_str(),
        reason: None,
        changes,
        concerned: Concerned::Graduate {
            graduate_id,
            employer_id: None,
            school_id: import.school_id,
            department_id: data.department_id,
        },
    }
}

/// Enters graduates with their accounts. No password fits those until one is set by a code that goes to the mobile or e-mail.
pub(super) async fn people(
    conn: &mut AsyncPgConnection,
    import: &GraduateImport,
    people: &[NewPerson],
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    if people.is_empty() {
        return Ok(());
    }
    let action = GraduateDataAction::Import;
    let to = decide(GraduateDataStatus::Unconfirmed, action, ActorRole::SchoolReviewer)?;
    let insert = sql_query(ACCOUNTS)
        .bind::<Text, _>(AccountKind::Graduate)
        .bind::<Text, _>(password::NOBODYS_HASH)
        .bind::<Array<SqlUuid>, _>(column(people, |person| person.account_id))
        .bind::<Array<Nullable<Text>>, _>(column(people, |person| person.mobile.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(column(people, |person| person.email.as_ref()));
    Kept(insert).execute(conn).await?;

    let start = ChainEnd {
        count: 0,
        hash: CHAIN_START.to_vec(),
    };
    let changes = json!({ "import": import.id });
    let events: Vec<_> = people
        .iter()
        .map(|person| {
            let event = event(import, person.id, &person.data, action, (None, to), &changes, now);
            (&start, event)
        })
        .collect();
    let ends = event::append_all(conn, &events).await?;

    let data = |value: fn(&GraduateData) -> &String| column(people, move |person| value(&person.data));
    let insert = sql_query(GRADUATES)
        .bind::<SqlUuid, _>(import.school_id)
        .bind::<Array<SqlUuid>, _>(column(people, |person| person.id))
        .bind::<Array<SqlUuid>, _>(column(people, |person| person.account_id))
        .bind::<Array<SqlUuid>, _>(column(people, |person| person.data.department_id))
        .bind::<Array<SmallInt>, _>(column(people, |person| person.data.class_year))
        .bind::<Array<Text>, _>(data(|data| &data.student_number))
        .bind::<Array<Text>, _>(data(|data| &data.name))
        .bind::<Array<Text>, _>(column(people, |person| person.data.gender))
        .bind::<Array<Text>, _>(data(|data| &data.id_card_number))
        .bind::<Array<Text>, _>(data(|data| &data.degree_level))
        .bind::<Array<Text>, _>(data(|data| &data.major))
        .bind::<Array<Text>, _>(data(|data| &data.training_mode))
        .bind::<Array<Text>, _>(data(|data| &data.origin_region))
        .bind::<Array<Bool>, _>(column(people, |person| person.data.online_signing_allowed))
        .bind::<Array<Binary>, _>(column(&ends, |(_, end)| &end.hash));
    Kept(insert).execute(conn).await?;
    Ok(())
}

/// Corrects graduates: each has an event with the names of the fields, has to confirm again, and is told so where he had.
pub(super) async fn corrections(
    conn: &mut AsyncPgConnection,
    import: &GraduateImport,
    corrections: &[Correction],
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    if corrections.is_empty() {
        return Ok(());
    }
    let action = GraduateDataAction::Correct;
    let changes: Vec<Value> = corrections
        .iter()
        .map(|correction| json!({ "fields": correction.fields, "import": import.id }))
        .collect();
    let mut events = Vec::with_capacity(corrections.len());
    for (correction, changes) in corrections.iter().zip(&changes) {
        let from = correction.before.data_status();
        let to = decide(from, action, ActorRole::SchoolReviewer)?;
        // One who was entered before there were trails has none yet.
        let from = (correction.chain.count > 0).then_some(from);
        let (id, data) = (correction.before.id, &correction.data);
        let event = event(import, id, data, action, (from, to), changes, now);
        events.push((&correction.chain, event));
    }
    let ends = event::append_all(conn, &events).await?;

    let (graduates, departments): (Vec<Uuid>, Vec<Uuid>) = corrections
        .iter()
        .filter(|correction| correction.data.department_id != correction.before.department_id)
        .map(|correction| (correction.before.id, correction.data.department_id))
        .unzip();
    if !graduates.is_empty() {
        case::follow_graduates(conn, &graduates, &departments).await?;
    }

    let data =
        |value: fn(&GraduateData) -> &String| column(corrections, move |correction| value(&correction.data));
    let update = sql_query(CORRECTIONS)
        .bind::<Array<SqlUuid>, _>(column(corrections, |correction| correction.before.id))
        .bind::<Array<SqlUuid>, _>(column(corrections, |correction| correction.data.department_id))
        .bind::<Array<SmallInt>, _>(column(corrections, |correction| correction.data.class_year))
        .bind::<Array<Text>, _>(data(|data| &data.name))
        .bind::<Array<Text>, _>(column(corrections, |correction| correction.data.gender))
        .bind::<Array<Text>, _>(data(|data| &data.degree_level))
        .bind::<Array<Text>, _>(data(|data| &data.major))
        .bind::<Array<Text>, _>(data(|data| &data.training_mode))
        .bind::<Array<Text>, _>(data(|data| &data.origin_region))
        .bind::<Array<Bool>, _>(column(corrections, |correction| {
            correction.data.online_signing_allowed
        }))
        .bind::<Array<Integer>, _>(column(&ends, |(_, end)| end.count))
        .bind::<Array<Binary>, _>(column(&ends, |(_, end)| &end.hash));
    Kept(update).execute(conn).await?;

    type Contact<'a> = (Uuid, Option<&'a str>, Option<&'a str>);
    let contacts: Vec<Contact<'_>> = corrections
        .iter()
        .filter_map(|correction| {
            let (mobile, email) = correction.contact.as_ref()?;
            Some((correction.before.account_id, mobile.as_deref(), email.as_deref()))
        })
        .collect();
    if !contacts.is_empty() {
        let update = sql_query(CONTACTS)
            .bind::<Array<SqlUuid>, _>(column(&contacts, |contact| contact.0))
            .bind::<Array<Nullable<Text>>, _>(column(&contacts, |contact| contact.1))
            .bind::<Array<Nullable<Text>>, _>(column(&contacts, |contact| contact.2));
        Kept(update).execute(conn).await?;
    }

    // Whoever has not confirmed yet will look at his data anyway.
    let told: Vec<_> = corrections
        .iter()
        .zip(&ends)
        .filter(|(correction, _)| correction.before.confirmed_at.is_some())
        .map(|(correction, (event_id, _))| (*event_id, &correction.before, correction.fields.as_slice()))
        .collect();
    graduate_data::tell_of_corrections(conn, import.school_id, &told, now).await
}

/// Writes what was wrong.
pub(super) async fn problems(
    conn: &mut AsyncPgConnection,
    import_id: Uuid,
    wrong: &[(i32, Vec<Problem>)],
) -> QueryResult<()> {
    let rows: Vec<(i32, i16, &Problem)> = wrong
        .iter()
        .flat_map(|(row, problems)| {
            (1..)
                .zip(problems)
                .map(|(position, problem)| (*row, position, problem))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let insert = sql_query(PROBLEMS)
        .bind::<SqlUuid, _>(import_id)
        .bind::<Array<Integer>, _>(column(&rows, |row| row.0))
        .bind::<Array<SmallInt>, _>(column(&rows, |row| row.1))
        .bind::<Array<Text>, _>(column(&rows, |row| row.2.field))
        .bind::<Array<Text>, _>(column(&rows, |row| row.2.code))
        .bind::<Array<Nullable<Integer>>, _>(column(&rows, |row| row.2.other_row));
    Kept(insert).execute(conn).await?;
    Ok(())
}

/// Writes how far the import is.
pub(super) async fn progress(
    conn: &mut AsyncPgConnection,
    import: &GraduateImport,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    use graduate_imports as row;
    let update = diesel::update(row::table.find(import.id)).set((
        row::rows_done.eq(import.rows_done),
        row::rows_created.eq(import.rows_created),
        row::rows_updated.eq(import.rows_updated),
        row::rows_unchanged.eq(import.rows_unchanged),
        row::rows_failed.eq(import.rows_failed),
        row::progressed_at.eq(now),
    ));
    Kept(update).execute(conn).await?;
    Ok(())
}
