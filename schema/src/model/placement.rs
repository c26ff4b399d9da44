//! 去向落实: how each graduate stands in the figures. A row of `placements` a graduate, entered and moved with his own row by triggers of
//! `graduates`; a step writes only the destination. Whatever changes a row appends as much to the figures, by a trigger as well: so no
//! way of changing it is forgotten, and no step waits for another one of its school.

use diesel::{prelude::*, sql_query, sql_types::Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{agreement::Agreement, destination::Destination};
use crate::{
    Kept, checks::CreditCode, destination::SIGNED_AGREEMENT_CODE, figures::NO_DESTINATION,
    tables::placements, workflow::agreement::AgreementStatus,
};

/// Where a case places its graduate, as long as it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// 去向代码 the national code.
    pub code: String,
    /// 统一社会信用代码 of the employer, where there is one.
    pub credit_code: Option<CreditCode>,
}

impl Agreement {
    /// Where it places its graduate: while it is signed (DESTINATION_FORMS.md, Figures).
    pub fn placement(&self) -> Option<Placement> {
        (self.status == AgreementStatus::Signed).then(|| Placement {
            code: SIGNED_AGREEMENT_CODE.to_owned(),
            credit_code: self.terms.as_ref().map(|terms| terms.credit_code.clone()),
        })
    }
}

impl Destination {
    /// Where it places its graduate: while it is registered, also while it is reviewed whether it is made void.
    pub fn placement(&self) -> Option<Placement> {
        let form = self.form.as_ref().filter(|_| self.status.stands())?;
        let employer = form.details.employer();
        Some(Placement {
            code: form.national_code.clone(),
            credit_code: employer.and_then(|employer| employer.credit_code.clone()),
        })
    }
}

/// That a step changes where its graduate stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The graduate.
    pub graduate_id: Uuid,
    /// Where the case places him from now on; nowhere when it does not any more.
    pub to: Option<Placement>,
}

impl Moved {
    /// What has changed between two states of a case of his, if anything has.
    pub fn between(graduate_id: Uuid, before: Option<Placement>, after: Option<Placement>) -> Option<Self> {
        (before != after).then_some(Self {
            graduate_id,
            to: after,
        })
    }
}

/// Writes where a graduate stands from now on, in the transaction of the step that changes it. At most one case holds him, so that this
/// is the whole of it.
///
/// # Errors
/// The database's.
pub async fn write(mut conn: &AsyncPgConnection, moved: Option<&Moved>) -> QueryResult<()> {
    let Some(Moved { graduate_id, to }) = moved else {
        return Ok(());
    };
    let code = to.as_ref().map_or(NO_DESTINATION, |to| to.code.as_str());
    let credit_code = to.as_ref().and_then(|to| to.credit_code.as_ref());
    let update = diesel::update(placements::table.find(graduate_id)).set((
        placements::destination_code.eq(code),
        placements::credit_code.eq(credit_code.map(CreditCode::as_str)),
    ));
    Kept(update).execute(&mut conn).await?;
    Ok(())
}

/// How graduates really stand, from their own rows and the cases that hold them: the second opinion of the recount.
macro_rules! real {
    () => {
        concat!(
            "SELECT graduates.id AS graduate_id, graduates.school_id, graduates.class_year, graduates.department_id, \
                 graduates.degree_level, graduates.major, \
                 CASE WHEN agreements.id IS NOT NULL THEN '10' \
                     ELSE coalesce(destinations.form ->> 'national_code', '') END AS destination_code, \
                 coalesce(agreements.terms ->> 'credit_code', \
                     destinations.form -> 'details' -> 'employer' ->> 'credit_code') AS credit_code \
             FROM graduates \
             LEFT JOIN engagements ON engagements.graduate_id = graduates.id \
             LEFT JOIN agreements ON engagements.case_kind = 'AGREEMENT' AND agreements.id = engagements.case_id \
                 AND agreements.status = 'SIGNED' \
             LEFT JOIN destinations ON engagements.case_kind = 'DESTINATION' AND destinations.id = engagements.case_id \
                 AND destinations.status IN ",
            $crate::workflow::destination::standing_destinations!()
        )
    };
}
pub(crate) use real;

const LOCK: &str = "SELECT graduate_id FROM placements WHERE graduate_id = $1 FOR UPDATE";

const MEND: &str = concat!(
    "INSERT INTO placements (graduate_id, school_id, class_year, department_id, degree_level, major, destination_code, credit_code) ",
    real!(),
    " WHERE graduates.id = $1 ON CONFLICT (graduate_id) DO UPDATE SET (school_id, class_year, department_id, degree_level, major, \
     destination_code, credit_code) = ROW (excluded.school_id, excluded.class_year, excluded.department_id, excluded.degree_level, \
     excluded.major, excluded.destination_code, excluded.credit_code)"
);

/// Makes a graduate stand as he really does; the figures follow.
///
/// # Errors
/// The database's.
pub async fn mend(conn: &mut AsyncPgConnection, graduate_id: Uuid) -> QueryResult<()> {
    conn.transaction(async |conn| {
        // A step that has written here is waited for, and seen by the next statement; one that has not yet writes afterwards.
        let lock = sql_query(LOCK).bind::<SqlUuid, _>(graduate_id);
        lock.execute(conn).await?;
        let mend = sql_query(MEND).bind::<SqlUuid, _>(graduate_id);
        mend.execute(conn).await?;
        Ok(())
    })
    .await
}
