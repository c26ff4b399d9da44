//! The rules of leaving school (DOMAIN.md, Leaving school): a graduate confirms or disputes what is registered for him, his school
//! answers; and after the last day for his class nobody but the school begins anything on his cases.

use chrono::{Datelike, NaiveDate};

use super::{ActorRole, Refusal, transition::Transition};
use crate::text_enum::text_enum;

text_enum! {
    /// Where a graduate's confirmation stands. Whether one that is confirmed still says what is registered, [`LeavingFacts::stands`] tells.
    pub enum LeavingStatus {
        /// 待确认 he has confirmed nothing yet.
        Open = "OPEN",
        /// 已确认 he has confirmed what was registered then.
        Confirmed = "CONFIRMED",
        /// 有异议 he disputes it, and the school is to answer.
        Disputed = "DISPUTED",
        /// 异议已答复 the school has answered; he confirms, or disputes again.
        Answered = "ANSWERED",
    }
}

text_enum! {
    /// What can be done to a graduate's confirmation.
    pub enum LeavingAction {
        /// 保存 the graduate changes what he has filled in of archive and household; leaves no event.
        SaveDraft = "SAVE_DRAFT",
        /// 确认 the graduate confirms what is registered for him.
        Confirm = "CONFIRM",
        /// 提出异议 the graduate disputes it; needs a reason.
        Dispute = "DISPUTE",
        /// 答复异议 a reviewer answers; needs a text.
        Answer = "ANSWER",
        /// 重新开放 the school lets him and employers change something after the cut-off; needs a reason.
        Reopen = "REOPEN",
        /// 登记信息表生成 the PDF of the sheet is stored.
        StoreSheet = "STORE_SHEET",
        /// 授权查询 the graduate lets third parties see his sheet.
        Authorise = "AUTHORISE",
        /// 取消授权 the graduate takes that back.
        WithdrawAuthorisation = "WITHDRAW_AUTHORISATION",
    }
}

/// All that the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeavingFacts {
    /// Where it stands.
    pub status: LeavingStatus,
    /// Whether he has confirmed, and what is registered for him, and his basic information, are still what he has confirmed.
    pub stands: bool,
    /// Whether archive and household are filled in otherwise than he has confirmed them.
    pub filled_in_anew: bool,
    /// Whether it is that of the class in which the graduate is now.
    pub of_his_class: bool,
    /// Whether the graduate has confirmed his basic information.
    pub graduate_confirmed: bool,
    /// Whether the confirmation period of his class is open, or the school has reopened his.
    pub open: bool,
    /// Whether he has a sheet: he has confirmed once.
    pub has_sheet: bool,
    /// Whether third parties may see it now.
    pub authorised: bool,
    /// Whether the person acting gives a reason, or an answer.
    pub reason_given: bool,
}

/// Decides an action on a confirmation.
///
/// # Errors
/// The [`Refusal`] that helps the person most: role first, then status, then what stands in the way.
pub fn decide(
    facts: &LeavingFacts,
    action: LeavingAction,
    actor: ActorRole,
) -> Result<Transition<LeavingStatus>, Refusal> {
    use LeavingAction as Do;

    let role_fits = match action {
        Do::SaveDraft | Do::Confirm | Do::Dispute | Do::Authorise | Do::WithdrawAuthorisation => {
            actor == ActorRole::Graduate
        }
        Do::Answer => actor.review_level().is_some(),
        Do::Reopen => actor == ActorRole::SchoolReviewer,
        Do::StoreSheet => actor == ActorRole::Worker,
    };
    if !role_fits {
        return Err(Refusal::NotYourRole);
    }
    let Some(to) = leads_to(facts, action) else {
        return Err(Refusal::NotInThisStatus);
    };
    // Whatever the school has made of his data meanwhile, nobody goes on seeing them whom he does not want to.
    if actor == ActorRole::Graduate && !facts.graduate_confirmed && action != Do::WithdrawAuthorisation {
        return Err(Refusal::DataNotConfirmed);
    }
    // Whoever was answered late may still say whether he agrees, and so may he for whom something else is registered since he confirmed:
    // his sheet would be outdated for ever.
    let open = facts.open
        || match facts.status {
            LeavingStatus::Answered => true,
            LeavingStatus::Confirmed => !facts.stands,
            LeavingStatus::Open | LeavingStatus::Disputed => false,
        };
    match action {
        Do::SaveDraft | Do::Confirm | Do::Dispute if !open => Err(Refusal::LeavingNotOpen),
        Do::Dispute | Do::Answer | Do::Reopen if !facts.reason_given => Err(Refusal::ReasonRequired),
        _ => Ok(Transition::to(to)),
    }
}

/// The status to which an action leads, where the confirmation is in a status in which it can be done.
const fn leads_to(facts: &LeavingFacts, action: LeavingAction) -> Option<LeavingStatus> {
    use LeavingAction as Do;
    use LeavingStatus as Is;
    Some(match (facts.status, action) {
        // He has another for the class in which he is now.
        (_, Do::SaveDraft | Do::Confirm | Do::Dispute) if !facts.of_his_class => return None,
        // While it is disputed he waits for the answer.
        (Is::Open | Is::Answered, Do::Confirm) => Is::Confirmed,
        // What he has confirmed is confirmed again only when it has changed since, or he has changed it.
        (Is::Confirmed, Do::Confirm) if !facts.stands || facts.filled_in_anew => Is::Confirmed,
        (Is::Open | Is::Answered | Is::Confirmed, Do::Dispute) => Is::Disputed,
        (Is::Disputed, Do::Answer) => Is::Answered,
        (at, Do::SaveDraft | Do::Reopen) => at,
        (at, Do::StoreSheet | Do::Authorise) if facts.has_sheet => at,
        (at, Do::WithdrawAuthorisation) if facts.authorised => at,
        _ => return None,
    })
}

/// What `actor` may do now: the actions that [`decide`] would let through if he gave a reason.
pub fn available(facts: &LeavingFacts, actor: ActorRole) -> Vec<LeavingAction> {
    let facts = LeavingFacts {
        reason_given: true,
        ..*facts
    };
    LeavingAction::ALL
        .iter()
        .copied()
        .filter(|action| decide(&facts, *action, actor).is_ok())
        .collect()
}

/// Whether somebody may still begin something on a graduate's cases of any kind: after `last_day` only the school may, which
/// reviews what is on its desks and reopens a graduate's.
///
/// # Errors
/// [`Refusal::CutOffPassed`].
pub fn may_begin(actor: ActorRole, last_day: NaiveDate, today: NaiveDate) -> Result<(), Refusal> {
    let begins = matches!(
        actor,
        ActorRole::Graduate | ActorRole::Employer | ActorRole::EmployerContact
    );
    if begins && today > last_day {
        return Err(Refusal::CutOffPassed);
    }
    Ok(())
}

/// 变更截止日期 of a class year whose school has set none: 31 August of that year. The SQL of
/// [`LastDay`](crate::model::leaving_period::LastDay) says the same.
pub fn default_cut_off(class_year: i16) -> NaiveDate {
    // The calendar has every year of sixteen bits.
    NaiveDate::from_ymd_opt(class_year.into(), 8, 31).unwrap_or(NaiveDate::MAX)
}

/// The class year whose [`default_cut_off`] is the next from this day on, the day itself included.
pub fn class_leaving_next(day: NaiveDate) -> i16 {
    let year = if (day.month(), day.day()) <= (8, 31) {
        day.year()
    } else {
        day.year() + 1
    };
    i16::try_from(year).unwrap_or(i16::MAX)
}
