//! The rules of DOMAIN.md as pure functions over enums: no I/O and no clock of their own. (case, action, actor, now)
//! gives the next status and its effects, or a typed refusal.

pub mod account;
pub mod agreement;
pub mod destination;
pub mod employer_registration;
pub mod graduate_data;
pub mod leaving;
pub mod review_route;
pub mod school;
pub mod termination;
pub mod transition;

use crate::text_enum::text_enum;

pub use review_route::{ReviewLevel, ReviewRoute, Workflow};

text_enum! {
    /// What somebody is to a case. Whoever is none of these does not see it.
    pub enum ActorRole {
        /// The graduate whose case it is.
        Graduate = "GRADUATE",
        /// A member of the employer that is a party.
        Employer = "EMPLOYER",
        /// A reviewer of the graduate's department.
        DepartmentReviewer = "DEPARTMENT_REVIEWER",
        /// A reviewer of the graduate's school.
        SchoolReviewer = "SCHOOL_REVIEWER",
        /// An operator of the platform; no case of a graduate is his.
        Operator = "OPERATOR",
        /// Whoever has the secret link for the stamped copy (§6.3): the employer's contact, without an account.
        EmployerContact = "EMPLOYER_CONTACT",
        /// The platform itself: timers and the document job.
        Worker = "WORKER",
    }
}

impl ActorRole {
    /// The level at which this role reviews, if it does.
    pub const fn review_level(self) -> Option<ReviewLevel> {
        match self {
            Self::DepartmentReviewer => Some(ReviewLevel::Department),
            Self::SchoolReviewer => Some(ReviewLevel::School),
            Self::Graduate | Self::Employer | Self::EmployerContact | Self::Operator | Self::Worker => None,
        }
    }
}

/// Why a step is not taken. Each tells the person what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The case is not in a status in which this can be done.
    #[error("this cannot be done in the case's present status")]
    NotInThisStatus,
    /// This role never takes this action.
    #[error("this is not yours to do")]
    NotYourRole,
    /// The case waits for a reviewer of the other level.
    #[error("the case is waiting for the review of the other level")]
    OtherReviewLevel,
    /// What was handed in can be taken back only before a reviewer has decided (§6.1).
    #[error("a reviewer has decided already, so it cannot be taken back any more")]
    ReviewBegun,
    /// A graduate keeps a limited number of drafts.
    #[error("there are too many drafts; discard one first")]
    TooManyDrafts,
    /// Nobody reviews a case that he submitted himself.
    #[error("you submitted this case yourself, so somebody else reviews it")]
    OwnSubmission,
    /// From the response deadline on an invitation can be neither answered nor cancelled.
    #[error("the response deadline has passed")]
    DeadlinePassed,
    /// The timer came too early.
    #[error("the moment for this has not come yet")]
    TooEarly,
    /// Another case holds the graduate (DOMAIN.md, Engagement).
    #[error("another case already holds this graduate")]
    AlreadyEngaged,
    /// The graduate has not confirmed his basic information (§2).
    #[error("the basic information has to be checked and confirmed first")]
    DataNotConfirmed,
    /// The school has corrected the graduate's basic information, and he has not confirmed it since (§2): it would stand on the
    /// paper.
    #[error("the graduate has not confirmed his corrected basic information yet")]
    ConfirmationPending,
    /// 定向/委培（不可网签）: the graduate may not sign online.
    #[error("this graduate's training mode does not allow online signing")]
    OnlineSigningNotAllowed,
    /// 去向类型不可选 the type of destination is not offered to this graduate (§9.1 note).
    #[error("this type of destination is not offered to this graduate")]
    TypeNotOffered,
    /// The operator has not verified the employer yet.
    #[error("the employer has not been verified yet")]
    EmployerNotVerified,
    /// One employer has at most one live agreement with one graduate.
    #[error("there is already a live agreement with this graduate")]
    AlreadyInvited,
    /// An agreement has at most one termination that is not decided yet.
    #[error("a termination of this agreement has been asked for already")]
    TerminationOpen,
    /// A school has one roster worked on at a time.
    #[error("another roster of this school is being worked on")]
    ImportAtWork,
    /// The file that was announced is not there, or is another.
    #[error("the announced file has not been handed in")]
    FileNotUploaded,
    /// Too many files were announced and attached to nothing.
    #[error("too many files wait to be used")]
    TooManyUploads,
    /// After the last day for his class nobody but the school begins anything on a graduate's cases (DOMAIN.md, Leaving school).
    #[error("the last day for this class year has passed")]
    CutOffPassed,
    /// The confirmation period of the graduate's class is not open.
    #[error("the confirmation period of this class year is not open")]
    LeavingNotOpen,
    /// One person asks for so many exports a day.
    #[error("too many exports were asked for in a day")]
    TooManyExports,
    /// This decision needs a reason.
    #[error("a reason is needed")]
    ReasonRequired,
    /// Nobody takes his own account away from himself.
    #[error("nobody disables or moves his own account")]
    OwnAccount,
    /// A school keeps somebody who runs it.
    #[error("this is the last enabled reviewer of the whole school")]
    LastSchoolReviewer,
}
