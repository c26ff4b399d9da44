//! Who reviews, and in which order: the route that a school has set.

use crate::text_enum::text_enum;

text_enum! {
    /// The levels at which a case is reviewed.
    pub enum ReviewLevel {
        /// 院系 department.
        Department = "DEPARTMENT",
        /// 学校 school.
        School = "SCHOOL",
    }
}

text_enum! {
    /// A school's way of reviewing (DOMAIN.md, Who may do what).
    pub enum ReviewRoute {
        /// The department alone decides.
        DepartmentOnly = "DEPARTMENT_ONLY",
        /// The school alone decides.
        SchoolOnly = "SCHOOL_ONLY",
        /// The department first, then the school.
        DepartmentThenSchool = "DEPARTMENT_THEN_SCHOOL",
    }
}

text_enum! {
    /// The workflows for which a school may set a route of its own.
    pub enum Workflow {
        /// W1 online signing.
        OnlineSigning = "ONLINE_SIGNING",
        /// W2 online termination.
        OnlineTermination = "ONLINE_TERMINATION",
        /// W3 offline signing, both of its review stages.
        OfflineSigning = "OFFLINE_SIGNING",
        /// W5 registration of an agreement that was signed on paper.
        AgreementRegistration = "AGREEMENT_REGISTRATION",
        /// W4 offline termination, of offline and of registered agreements.
        OfflineTermination = "OFFLINE_TERMINATION",
        /// W6 other destinations, and their voiding where the school reviews it.
        OtherDestination = "OTHER_DESTINATION",
    }
}

impl Workflow {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlineSigning => "线上签约",
            Self::OnlineTermination => "线上解约",
            Self::OfflineSigning => "线下签约",
            Self::AgreementRegistration => "已签就业协议登记",
            Self::OfflineTermination => "线下解约",
            Self::OtherDestination => "其他毕业去向登记",
        }
    }
}

impl ReviewRoute {
    /// The level that decides first.
    pub const fn first(self) -> ReviewLevel {
        match self {
            Self::DepartmentOnly | Self::DepartmentThenSchool => ReviewLevel::Department,
            Self::SchoolOnly => ReviewLevel::School,
        }
    }

    /// The level that decides after `level` has approved, or `None` when that was the last one.
    pub const fn after(self, level: ReviewLevel) -> Option<ReviewLevel> {
        match (self, level) {
            (Self::DepartmentThenSchool, ReviewLevel::Department) => Some(ReviewLevel::School),
            _ => None,
        }
    }
}
