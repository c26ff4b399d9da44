//! A batch of a roster's rows, in one transaction with the count of rows done: so a run that is killed leaves whole batches,
//! the next goes on behind them, and two at once do each batch once.
//!
//! What a row does: a graduate who is not there is entered, with an account to which no password fits until he sets one. One
//! who is there just so is left alone. One whose data differs is corrected, as if a reviewer had done it by hand: event,
//! confirmation asked for again, and a message where he had confirmed. Student number and ID-card number are never
//! corrected by an import: they say who somebody is, so where they do not fit each other the row is wrong. How he is reached is
//! the graduate's own business once there is any way to reach him.

mod known;
mod write;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use self::known::Known;
use super::StepError;
use crate::{
    Platform,
    model::{
        event::ChainEnd,
        graduate::Graduate,
        graduate_import::{self as imports, GraduateImport, ImportStatus},
    },
    roster::{
        CheckedRow, GraduateData, GraduateField as Field, Problem, ProblemCode, default_online_signing,
    },
};

/// Rows of one batch.
pub const BATCH_ROWS: usize = 500;

/// How often a batch is tried anew that ran into somebody who was entered at the same moment.
const TRIES: u32 = 3;

/// A row of a roster, checked by itself.
#[derive(Clone, Debug)]
pub enum ParsedRow {
    /// Nothing is wrong with it so far.
    Good(Box<CheckedRow>),
    /// This row is wrong.
    Bad(i32, Vec<Problem>),
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// It is written, by this run or another.
    Done,
    /// The import has ended, or is elsewhere in the file: this run is not wanted.
    NotWanted,
}

/// What a good row comes to.
enum Decision {
    Create(Box<NewPerson>),
    Correct(Box<Correction>),
    Unchanged,
}

/// A graduate to be entered.
struct NewPerson {
    id: Uuid,
    account_id: Uuid,
    data: GraduateData,
    mobile: Option<String>,
    email: Option<String>,
}

/// A graduate to be corrected.
struct Correction {
    before: Graduate,
    chain: ChainEnd,
    data: GraduateData,
    /// Addresses for whoever has none at all.
    contact: Option<(Option<String>, Option<String>)>,
    fields: Vec<Field>,
}

/// Writes a batch: rows `done` (those before them are done) and the following.
///
/// # Errors
/// The database's; nothing is written then.
pub async fn import_batch(
    platform: &Platform,
    import_id: Uuid,
    done: i32,
    rows: &[ParsedRow],
) -> Result<BatchOutcome, StepError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(platform, import_id, done, rows).await {
            // Somebody with one of these numbers or addresses was entered since the batch looked: it will see him now.
            Err(StepError::Database(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
                if tries < TRIES => {}
            other => {
                if matches!(other, Ok(BatchOutcome::Done)) {
                    platform.waker.wake();
                }
                return other;
            }
        }
    }
}

async fn once(
    platform: &Platform,
    import_id: Uuid,
    done: i32,
    rows: &[ParsedRow],
) -> Result<BatchOutcome, StepError> {
    let mut conn = platform.pool.get().await?;
    conn.transaction(async |conn| {
        let import = imports::lock(conn, import_id).await?.ok_or(StepError::NotFound)?;
        let after = done + i32::try_from(rows.len()).unwrap_or(i32::MAX);
        if import.status == ImportStatus::Running && import.rows_done >= after {
            return Ok(BatchOutcome::Done);
        }
        if import.status != ImportStatus::Running || import.rows_done != done {
            return Ok(BatchOutcome::NotWanted);
        }
        let now = platform.clock.now();
        batch(conn, import, rows, now).await?;
        Ok(BatchOutcome::Done)
    })
    .await
}

async fn batch(
    conn: &mut AsyncPgConnection,
    mut import: GraduateImport,
    rows: &[ParsedRow],
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let good: Vec<&CheckedRow> = rows
        .iter()
        .filter_map(|row| match row {
            ParsedRow::Good(row) => Some(row.as_ref()),
            ParsedRow::Bad(..) => None,
        })
        .collect();
    let known = Known::of(conn, import.school_id, &good).await?;
    let mut people = Vec::new();
    let mut corrections = Vec::new();
    let mut wrong: Vec<(i32, Vec<Problem>)> = Vec::new();
    for row in rows {
        match row {
            ParsedRow::Bad(number, problems) => wrong.push((*number, problems.clone())),
            ParsedRow::Good(row) => match decide(row, &known) {
                Ok(Decision::Create(person)) => people.push(*person),
                Ok(Decision::Correct(correction)) => corrections.push(*correction),
                Ok(Decision::Unchanged) => import.rows_unchanged += 1,
                Err(problems) => wrong.push((row.number, problems)),
            },
        }
    }
    write::people(conn, &import, &people, now).await?;
    write::corrections(conn, &import, &corrections, now).await?;
    write::problems(conn, import.id, &wrong).await?;
    let count = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
    import.rows_created += count(people.len());
    import.rows_updated += count(corrections.len());
    import.rows_failed += count(wrong.len());
    import.rows_done += count(rows.len());
    write::progress(conn, &import, now).await?;
    Ok(())
}

/// What a row comes to, given who is there.
fn decide(row: &CheckedRow, known: &Known) -> Result<Decision, Vec<Problem>> {
    let mut problems = Vec::new();
    let department = known.departments.get(&row.department_code).copied();
    if department.is_none() {
        problems.push(Problem::new(Field::Department, ProblemCode::UnknownDepartment));
    }
    if known.elsewhere.contains(row.id_card_number.as_str()) {
        problems.push(Problem::new(
            Field::IdCardNumber,
            ProblemCode::BelongsToOtherSchool,
        ));
    }
    let by_student_number = known.by_student_number.get(&row.student_number);
    let by_id_card = known.by_id_card.get(row.id_card_number.as_str());
    let existing = match (by_student_number, by_id_card) {
        (Some(one), Some(other)) if one == other => Some(&known.graduates[*one]),
        (None, None) => None,
        (Some(_), _) => {
            problems.push(Problem::new(Field::IdCardNumber, ProblemCode::NumbersConflict));
            None
        }
        (None, Some(_)) => {
            problems.push(Problem::new(Field::StudentNumber, ProblemCode::NumbersConflict));
            None
        }
    };
    let reachable = existing
        .is_some_and(|(graduate, _)| graduate.contact.mobile.is_some() || graduate.contact.email.is_some());
    // Whose number is in doubt, of him nothing can be said about the addresses.
    if !reachable && (existing.is_some() || (by_student_number.is_none() && by_id_card.is_none())) {
        for (field, taken) in [
            (
                Field::Mobile,
                row.mobile
                    .as_ref()
                    .is_some_and(|mobile| known.mobiles.contains(mobile.as_str())),
            ),
            (
                Field::Email,
                row.email
                    .as_ref()
                    .is_some_and(|email| known.emails.contains(email.as_str())),
            ),
        ] {
            if taken {
                problems.push(Problem::new(field, ProblemCode::Taken));
            }
        }
    }
    let (Some(department_id), true) = (department, problems.is_empty()) else {
        return Err(problems);
    };
    let data = GraduateData {
        student_number: row.student_number.clone(),
        name: row.name.clone(),
        gender: row.gender,
        id_card_number: row.id_card_number.as_str().to_owned(),
        class_year: row.class_year,
        department_id,
        degree_level: row.degree_level.clone(),
        major: row.major.clone(),
        training_mode: row.training_mode.clone(),
        origin_region: row.origin_region.clone(),
        online_signing_allowed: online_signing(row, existing.map(|(graduate, _)| graduate)),
    };
    let mobile = row.mobile.as_ref().map(|mobile| mobile.as_str().to_owned());
    let email = row.email.as_ref().map(|email| email.as_str().to_owned());
    let Some((before, chain)) = existing else {
        return Ok(Decision::Create(Box::new(NewPerson {
            id: Uuid::now_v7(),
            account_id: Uuid::now_v7(),
            data,
            mobile,
            email,
        })));
    };
    let mut fields = data.differing(&GraduateData::from(before));
    let contact = (!reachable).then_some((mobile, email));
    if let Some((mobile, email)) = &contact {
        fields.extend(mobile.as_ref().map(|_| Field::Mobile));
        fields.extend(email.as_ref().map(|_| Field::Email));
    }
    if fields.is_empty() {
        return Ok(Decision::Unchanged);
    }
    Ok(Decision::Correct(Box::new(Correction {
        before: before.clone(),
        chain: chain.clone(),
        data,
        contact,
        fields,
    })))
}

/// What the file says; where it says nothing, what stands already, unless the training mode becomes another.
fn online_signing(row: &CheckedRow, existing: Option<&Graduate>) -> bool {
    match (row.online_signing, existing) {
        (Some(said), _) => said,
        (None, Some(before)) if before.training_mode == row.training_mode => before.online_signing_allowed,
        (None, _) => default_online_signing(&row.training_mode),
    }
}

/// The position of each key, for looking up.
fn positions<'a>(keys: impl Iterator<Item = &'a str>) -> HashMap<String, usize> {
    keys.enumerate()
        .map(|(position, key)| (key.to_owned(), position))
        .collect()
}
