//! Graduates of the demo data who are about to leave school: their school has opened the period, some have confirmed what is registered for
//! them, and one disputes it.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use wangqian_schema::{
    clock::shanghai_date,
    destination::{ArchiveDraft, ArchiveRoute},
    model::leaving,
    step::{self, Actor, LeavingPeriodDraft, LeavingStep, StepError},
    tables::case_events,
    workflow::leaving::LeavingAction,
};

use super::{
    DemoError, Player,
    graduates::{Named, Who, class_year},
    places::{Place, Staff},
    story::Hour,
    viewer_of, viewer_of_graduate,
};

/// When the first school opens the period of the class.
const OPENING: Hour = -30;

/// What a graduate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Fills in archive and household, and confirms.
    Confirm,
    /// Disputes what is registered.
    Dispute(&'static str),
    /// Lets third parties see his sheet until the end of this day after the beginning.
    Authorise(u64),
}

/// Who does what, and when. All are of the first school.
fn leavers() -> [(Who, &'static [(Hour, Act)]); 3] {
    [
        (
            Who::Named(Named::RareName),
            &[(-28, Act::Confirm), (-27, Act::Authorise(90))],
        ),
        (Who::Cycle(33), &[(-26, Act::Confirm)]),
        (
            Who::Cycle(48),
            &[(
                -25,
                Act::Dispute("已作废原登记，录用单位的材料正在办理，登记信息中暂无去向，请协助核对。"),
            )],
        ),
    ]
}

/// What they leave their school's archive office with.
fn archive() -> ArchiveDraft {
    ArchiveDraft {
        route: Some(ArchiveRoute::KeptAtSchool),
        accepted: Some(true),
        household_moves: Some(false),
        ..ArchiveDraft::default()
    }
}

impl Player {
    /// Plays what happens before they leave, after all else.
    pub(super) async fn leave(&mut self, conn: &mut AsyncPgConnection) -> Result<(), DemoError> {
        let opened = self.day(OPENING);
        let period = LeavingPeriodDraft {
            class_year: class_year(self.started).into(),
            opens_on: opened,
            closes_on: opened + Days::new(60),
            // So that nobody who tries the demo data out is kept from anything.
            cut_off_on: Some(opened + Days::new(365)),
        };
        let school = viewer_of(Staff::School(Place::Computing));
        self.to(OPENING);
        step::set_leaving_period(&self.platform, &school, &period).await?;
        for (graduate, acts) in leavers() {
            let begun = leaving::of_graduates(conn, &[graduate.id()]).await?.pop();
            let taken = match begun {
                // The sheets are the worker's.
                Some(view) => {
                    case_events::table
                        .filter(case_events::case_id.eq(view.confirmation.id))
                        .filter(case_events::action.ne(LeavingAction::StoreSheet))
                        .count()
                        .get_result(conn)
                        .await?
                }
                None => 0,
            };
            for (nth, (hour, act)) in (0_i64..).zip(acts) {
                if nth < taken {
                    continue;
                }
                self.to(*hour);
                match self.leaver(graduate, *act).await {
                    Ok(()) => self.steps += 1,
                    Err(StepError::Refused(refusal)) if self.resumed => {
                        tracing::warn!(%refusal, ?act, "a demo graduate leaves in another way meanwhile");
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    fn day(&self, hour: Hour) -> NaiveDate {
        shanghai_date(self.at(hour))
    }

    fn to(&self, hour: Hour) {
        let clock = &self.platform.clock;
        clock.advance(self.at(hour) - clock.now());
    }

    async fn leaver(&self, graduate: Who, act: Act) -> Result<(), StepError> {
        let (platform, viewer) = (&self.platform, viewer_of_graduate(graduate));
        match act {
            Act::Confirm => {
                let saved = step::save_leaving_draft(platform, &viewer, &archive(), None).await?;
                let seen = saved.standing.registered.map(|case| (case.case_id, case.version));
                step::confirm_leaving(platform, &viewer, seen, None).await?;
            }
            Act::Dispute(reason) => {
                step::dispute_leaving(platform, &viewer, Some(reason.to_owned()), None).await?;
            }
            Act::Authorise(days) => {
                let mut conn = platform.pool.get().await?;
                let own = leaving::of_graduates(&mut conn, &[graduate.id()]).await?.pop();
                drop(conn);
                let id = own.ok_or(StepError::NotFound)?.confirmation.id;
                let step = LeavingStep::Authorise(self.day(0) + Days::new(days));
                step::take_leaving(platform, Actor::Viewer(viewer), id, step, None).await?;
            }
        }
        Ok(())
    }
}
