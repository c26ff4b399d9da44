//! How a graduate who leaves school stands: what is registered for him, and whether he has confirmed that.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::LeavingConfirmation;
use crate::{
    clock::shanghai_date,
    destination::{ArchiveDraft, DestinationType},
    model::{Viewer, case::CaseRow as _, event::CaseKind, leaving_period::LeavingPeriod, terms::FieldError},
    tables::{agreements, destinations, engagements, graduates, leaving_periods},
    workflow::{
        agreement::AgreementStatus,
        destination::DestinationStatus,
        leaving::{LeavingAction, LeavingFacts, LeavingStatus, available, default_cut_off},
    },
};

/// 当前登记 The case that is signed or registered for a graduate now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Of what kind it is.
    pub kind: CaseKind,
    /// The case.
    pub case_id: Uuid,
    /// Its version.
    pub version: i32,
    /// Of which type it is, where it is a destination.
    pub destination_type: Option<DestinationType>,
}

/// What surrounds a graduate who leaves school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeavingStanding {
    /// The graduate.
    pub graduate_id: Uuid,
    /// His school.
    pub school_id: Uuid,
    /// His department.
    pub department_id: Uuid,
    /// 届
    pub class_year: i16,
    /// The version of his basic information.
    pub data_version: i32,
    /// Whether he has confirmed it.
    pub graduate_confirmed: bool,
    /// The period of his class, where his school has set one.
    pub period: Option<LeavingPeriod>,
    /// What is signed or registered for him now; nothing is 未落实.
    pub registered: Option<Registered>,
}

impl LeavingStanding {
    /// The graduate's confirmation as it is before there is one.
    pub fn blank(self) -> LeavingView {
        LeavingView {
            confirmation: LeavingConfirmation {
                id: Uuid::nil(),
                graduate_id: self.graduate_id,
                class_year: self.class_year,
                school_id: self.school_id,
                department_id: self.department_id,
                status: LeavingStatus::Open,
                draft: ArchiveDraft::default(),
                archive: None,
                reason: None,
                answer: None,
                confirmed_at: None,
                confirmed_case_id: None,
                confirmed_case_version: None,
                confirmed_data_version: None,
                transfer_number: None,
                reopened_until: None,
                authorised_until: None,
                version: 1,
                event_count: 0,
                event_hash: Vec::new(),
                updated_at: DateTime::UNIX_EPOCH,
            },
            standing: self,
        }
    }
}

/// How these graduates stand, in no order. For graduates whom the viewer sees.
///
/// # Errors
/// The database's.
pub async fn standings(
    conn: &mut AsyncPgConnection,
    graduate_ids: &[Uuid],
) -> QueryResult<Vec<LeavingStanding>> {
    type Of = (Uuid, Uuid, Uuid, i16, i32, bool);
    type Case = (Option<(Uuid, i32)>, Option<(Uuid, i32, DestinationType)>);
    type Row = (Of, Option<LeavingPeriod>, Case);
    let rows: Vec<Row> = graduates::table
        .left_join(
            leaving_periods::table.on(leaving_periods::school_id
                .eq(graduates::school_id)
                .and(leaving_periods::class_year.eq(graduates::class_year))),
        )
        .left_join(engagements::table.on(engagements::graduate_id.eq(graduates::id)))
        .left_join(
            agreements::table.on(agreements::id
                .eq(engagements::case_id)
                .and(agreements::status.eq(AgreementStatus::Signed))),
        )
        .left_join(
            destinations::table.on(destinations::id
                .eq(engagements::case_id)
                .and(destinations::status.eq_any(DestinationStatus::STANDING))),
        )
        .filter(graduates::id.eq_any(graduate_ids))
        .select((
            (
                graduates::id,
                graduates::school_id,
                graduates::department_id,
                graduates::class_year,
                graduates::version,
                graduates::confirmed_at.is_not_null(),
            ),
            Option::<LeavingPeriod>::as_select(),
            (
                (agreements::id, agreements::version).nullable(),
                (
                    destinations::id,
                    destinations::version,
                    destinations::destination_type,
                )
                    .nullable(),
            ),
        ))
        .load(conn)
        .await?;
    let case = |(agreement, destination): Case| match (agreement, destination) {
        (Some((case_id, version)), _) => Some(Registered {
            kind: CaseKind::Agreement,
            case_id,
            version,
            destination_type: None,
        }),
        (None, Some((case_id, version, of))) => Some(Registered {
            kind: CaseKind::Destination,
            case_id,
            version,
            destination_type: Some(of),
        }),
        (None, None) => None,
    };
    Ok(rows
        .into_iter()
        .map(|(of, period, cases)| LeavingStanding {
            graduate_id: of.0,
            school_id: of.1,
            department_id: of.2,
            class_year: of.3,
            data_version: of.4,
            graduate_confirmed: of.5,
            period,
            registered: case(cases),
        })
        .collect())
}

/// A confirmation with its standing: what lists and steps read.
#[derive(Clone, Debug)]
pub struct LeavingView {
    /// The confirmation.
    pub confirmation: LeavingConfirmation,
    /// What surrounds it.
    pub standing: LeavingStanding,
}

impl LeavingView {
    /// Whether he has confirmed, and has not disputed it since, and all that he confirmed is as it was.
    pub fn stands(&self) -> bool {
        let (confirmation, standing) = (&self.confirmation, &self.standing);
        let case = standing.registered.map(|case| (case.case_id, case.version));
        let confirmed = confirmation
            .confirmed_case_id
            .zip(confirmation.confirmed_case_version);
        confirmation.status == LeavingStatus::Confirmed
            && confirmation.class_year == standing.class_year
            && confirmation.confirmed_data_version == Some(standing.data_version)
            && case == confirmed
    }

    /// Whether he has filled in archive and household otherwise than he has confirmed them.
    fn filled_in_anew(&self) -> bool {
        let confirmation = &self.confirmation;
        let confirmed = confirmation.archive.clone().map(ArchiveDraft::from);
        confirmed.is_some_and(|confirmed| confirmed != confirmation.draft)
    }

    /// What of archive and household, as he has filled them in, is only worth a second look: it keeps nobody.
    pub fn warnings(&self) -> Vec<FieldError> {
        let registered = self.standing.registered;
        self.confirmation
            .draft
            .warnings(registered.and_then(|case| case.destination_type))
    }

    /// The last day on which anything may be begun on his cases, as [`LastDay`](super::super::leaving_period::LastDay) says.
    pub fn last_day(&self) -> NaiveDate {
        let confirmation = &self.confirmation;
        let set = self.period().map(|period| period.cut_off_on);
        let cut_off = set.unwrap_or_else(|| default_cut_off(confirmation.class_year));
        confirmation
            .reopened_until
            .map_or(cut_off, |until| until.max(cut_off))
    }

    /// The period of its class; none when he is of another class now.
    fn period(&self) -> Option<LeavingPeriod> {
        let of = self.confirmation.class_year;
        self.standing.period.filter(|period| period.class_year == of)
    }

    /// What the rules look at.
    pub fn facts(&self, reason_given: bool, now: DateTime<Utc>) -> LeavingFacts {
        let (confirmation, today) = (&self.confirmation, shanghai_date(now));
        let until = |day: Option<NaiveDate>| day.is_some_and(|day| today <= day);
        let period = self.period();
        LeavingFacts {
            status: confirmation.status,
            stands: self.stands(),
            filled_in_anew: self.filled_in_anew(),
            of_his_class: confirmation.class_year == self.standing.class_year,
            graduate_confirmed: self.standing.graduate_confirmed,
            open: period.is_some_and(|period| {
                // What is reopened before the period is not confirmed before it.
                period.is_open(today) || (today >= period.opens_on && until(confirmation.reopened_until))
            }),
            has_sheet: confirmation.confirmed_at.is_some(),
            authorised: until(confirmation.authorised_until),
            reason_given,
        }
    }

    /// What this viewer may do now: a dashboard draws its buttons from it.
    pub fn viewer_actions(&self, viewer: &Viewer, now: DateTime<Utc>) -> Vec<LeavingAction> {
        match self.confirmation.role_of(viewer) {
            Some(role) => available(&self.facts(true, now), role),
            None => Vec::new(),
        }
    }
}
