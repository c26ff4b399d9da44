//! Who and what is there already that the rows of a batch may run into.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::positions;
use crate::{
    model::{
        event::ChainEnd,
        graduate::{self, Graduate},
    },
    roster::CheckedRow,
    tables::{accounts, departments, graduates},
};

/// What is there, for the rows of one batch. The graduates are locked until the transaction ends.
pub(super) struct Known {
    /// The school's departments by their codes.
    pub(super) departments: HashMap<String, Uuid>,
    /// Graduates of the school who bear one of the numbers.
    pub(super) graduates: Vec<(Graduate, ChainEnd)>,
    /// Their places by student number.
    pub(super) by_student_number: HashMap<String, usize>,
    /// Their places by ID-card number.
    pub(super) by_id_card: HashMap<String, usize>,
    /// ID-card numbers of graduates of other schools.
    pub(super) elsewhere: HashSet<String>,
    /// Mobile numbers that accounts have.
    pub(super) mobiles: HashSet<String>,
    /// E-mail addresses that accounts have.
    pub(super) emails: HashSet<String>,
}

impl Known {
    pub(super) async fn of(
        conn: &mut AsyncPgConnection,
        school_id: Uuid,
        rows: &[&CheckedRow],
    ) -> QueryResult<Self> {
        let student_numbers: Vec<&str> = rows.iter().map(|row| row.student_number.as_str()).collect();
        let id_cards: Vec<&str> = rows.iter().map(|row| row.id_card_number.as_str()).collect();
        let departments: Vec<(String, Uuid)> = departments::table
            .filter(departments::school_id.eq(school_id))
            .select((departments::code, departments::id))
            .load(conn)
            .await?;
        // Two questions, each by its own index, instead of one with OR.
        let mut ids: Vec<Uuid> = graduates::table
            .filter(graduates::school_id.eq(school_id))
            .filter(graduates::student_number.eq_any(&student_numbers))
            .select(graduates::id)
            .load(conn)
            .await?;
        let bearers: Vec<(Uuid, Uuid, String)> = graduates::table
            .filter(graduates::id_card_number.eq_any(&id_cards))
            .select((graduates::id, graduates::school_id, graduates::id_card_number))
            .load(conn)
            .await?;
        let mut elsewhere = HashSet::new();
        for (id, school, id_card) in bearers {
            if school == school_id {
                ids.push(id);
            } else {
                elsewhere.insert(id_card);
            }
        }
        let graduates = lock(conn, &ids).await?;
        let of_graduates =
            |key: fn(&Graduate) -> &str| positions(graduates.iter().map(|(graduate, _)| key(graduate)));
        let mobiles: Vec<&str> = rows
            .iter()
            .filter_map(|row| Some(row.mobile.as_ref()?.as_str()))
            .collect();
        let emails: Vec<&str> = rows
            .iter()
            .filter_map(|row| Some(row.email.as_ref()?.as_str()))
            .collect();
        let mobiles: Vec<Option<String>> = accounts::table
            .filter(accounts::mobile.eq_any(mobiles))
            .select(accounts::mobile)
            .load(conn)
            .await?;
        let emails: Vec<Option<String>> = accounts::table
            .filter(accounts::email.eq_any(emails))
            .select(accounts::email)
            .load(conn)
            .await?;
        Ok(Self {
            departments: departments.into_iter().collect(),
            by_student_number: of_graduates(|graduate| &graduate.student_number),
            by_id_card: of_graduates(|graduate| &graduate.id_card_number),
            graduates,
            elsewhere,
            mobiles: mobiles.into_iter().flatten().collect(),
            emails: emails.into_iter().flatten().collect(),
        })
    }
}

/// Locks graduates in the order of their ids, so that two who lock several do not wait for each other, and gives them with
/// the ends of their chains. Their keys stay, so whoever only refers to one of them does not wait.
async fn lock(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<(Graduate, ChainEnd)>> {
    let locked: Vec<(Uuid, i32, Vec<u8>)> = graduates::table
        .filter(graduates::id.eq_any(ids))
        .order(graduates::id)
        .for_no_key_update()
        .select((graduates::id, graduates::event_count, graduates::event_hash))
        .load(conn)
        .await?;
    let mut ends: HashMap<Uuid, ChainEnd> = locked
        .into_iter()
        .map(|(id, count, hash)| (id, ChainEnd { count, hash }))
        .collect();
    let rows = graduate::by_ids(conn, ids).await?;
    Ok(rows
        .into_iter()
        .filter_map(|graduate| {
            let end = ends.remove(&graduate.id)?;
            Some((graduate, end))
        })
        .collect())
}
