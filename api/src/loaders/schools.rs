//! What schools have: routes, confirmation periods, departments and reviewers.

use uuid::Uuid;
use wangqian_schema::model::{
    leaving_period::{self, LeavingPeriod},
    reviewer::{self, ReviewerAccount},
    school::{self, Department, OwnRoute},
};

use super::batch::{many, pages};

many!(
    /// The routes of its own of a school that is open to the viewer.
    OwnRoutesKey => OwnRoute, |conn, ids| school::own_routes(conn, &ids), |route: &OwnRoute| route.school_id
);

many!(
    /// The confirmation periods of a school that is open to the viewer.
    LeavingPeriodsKey => LeavingPeriod, |conn, ids| leaving_period::periods(conn, &ids),
    |period: &LeavingPeriod| period.school_id
);

pages!(
    /// A page of the departments of a school that is open to the viewer.
    DepartmentsKey {
        /// The school.
        school_id by String,
    } => Department, |conn, ids, request| school::departments_of(conn, &ids, request)
);

pages!(
    /// A page of the reviewers of a school as far as the viewer sees them.
    ReviewersKey {
        /// The school.
        school_id by Uuid,
    } => ReviewerAccount, for viewer, |conn, ids, request| reviewer::lists(conn, viewer, &ids, request)
);
