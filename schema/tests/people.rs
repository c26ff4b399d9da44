//! The table of W1 for people instead of roles: in every status everybody tries everything, on a real
//! database. Whoever is no party to the case is told that there is none, whatever its status.

use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    model::{Viewer, agreement, document::StoredPdf, terms::AgreementDraft},
    step::{self, Actor, AgreementStep, StepError},
    workflow::{
        Refusal, ReviewLevel, ReviewRoute,
        agreement::{
            AgreementAction::{self, *},
            AgreementStatus::{self, *},
        },
    },
};

use crate::{
    filed::filled,
    support::{Campus, Company, Student, World, count, reason, text},
};

/// Everybody there is, as he stands to the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Graduate,
    /// Of the same department.
    OtherGraduate,
    GraduateOfAnotherSchool,
    Employer,
    /// Another member of the employer than the one who invited.
    Colleague,
    OtherEmployer,
    Department,
    OtherDepartment,
    School,
    DepartmentOfAnotherSchool,
    OtherSchool,
    Operator,
    Worker,
}

use Who::*;

const EVERYBODY: [Who; 13] = [
    Graduate,
    OtherGraduate,
    GraduateOfAnotherSchool,
    Employer,
    Colleague,
    OtherEmployer,
    Department,
    OtherDepartment,
    School,
    DepartmentOfAnotherSchool,
    OtherSchool,
    Operator,
    Worker,
];

/// Those to whom the case exists.
const PARTIES: [Who; 6] = [Graduate, Employer, Colleague, Department, School, Worker];

/// A status, with the level that decides next.
type Standing = (AgreementStatus, Option<ReviewLevel>);

const WAITING_FOR_DEPARTMENT: Standing = (SigningReview, Some(ReviewLevel::Department));
const WAITING_FOR_SCHOOL: Standing = (SigningReview, Some(ReviewLevel::School));

/// Every status, under review once for each level.
fn standings() -> Vec<Standing> {
    let of = |status: &AgreementStatus| match status {
        SigningReview => vec![WAITING_FOR_DEPARTMENT, WAITING_FOR_SCHOOL],
        other => vec![(*other, None)],
    };
    let online = [
        Invited,
        Cancelled,
        Declined,
        Expired,
        SigningReview,
        Signed,
        SigningRejected,
        Terminated,
    ];
    online.iter().flat_map(of).collect()
}

/// The steps that are taken, with where they lead; nobody else takes any from anywhere.
const TAKEN: [(Standing, &[Who], AgreementAction, Standing); 9] = [
    ((Invited, None), &[Employer, Colleague], Cancel, (Cancelled, None)),
    ((Invited, None), &[Graduate], Accept, WAITING_FOR_DEPARTMENT),
    ((Invited, None), &[Graduate], Decline, (Declined, None)),
    ((Invited, None), &[Worker], Expire, (Expired, None)),
    ((Invited, None), &[Worker], Remind, (Invited, None)),
    (WAITING_FOR_DEPARTMENT, &[Department], Approve, WAITING_FOR_SCHOOL),
    (
        WAITING_FOR_DEPARTMENT,
        &[Department],
        Reject,
        (SigningRejected, None),
    ),
    (WAITING_FOR_SCHOOL, &[School], Approve, (Signed, None)),
    (WAITING_FOR_SCHOOL, &[School], Reject, (SigningRejected, None)),
];

/// Who takes an action at all.
fn takers(action: AgreementAction) -> &'static [Who] {
    match action {
        Invite | Cancel => &[Employer, Colleague],
        Accept | Decline => &[Graduate],
        Approve | Reject | Return => &[Department, School],
        // Of agreements that he fills in himself; here they come from the wrong status.
        SaveDraft | Submit | Withdraw | Discard | RequestStampedCopy | SubmitStampedCopy => &[Graduate],
        Expire | Remind | StoreDocument => &[Worker],
        Amend => &[School],
        RequestTermination => &[Graduate, Employer, Colleague],
        Terminate => unreachable!("taken by nobody alone"),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Taken(Standing),
    Refused(Refusal),
    /// As if there were no case.
    Nothing,
}

/// What the table says of an action on an existing case. Where time matters there is still a day and an hour, or with
/// `late` none at all.
fn expected(standing: Standing, who: Who, action: AgreementAction, late: bool) -> Outcome {
    if !PARTIES.contains(&who) {
        return Outcome::Nothing;
    }
    if !takers(action).contains(&who) {
        return Outcome::Refused(Refusal::NotYourRole);
    }
    let row = TAKEN
        .iter()
        .find(|(from, by, what, _)| (*from, *what) == (standing, action) && by.contains(&who));
    match (row, action) {
        (Some(_), Accept | Decline | Cancel | Remind) if late => Outcome::Refused(Refusal::DeadlinePassed),
        (Some(_), Expire | Remind) if !late => Outcome::Refused(Refusal::TooEarly),
        (Some((.., to)), _) => Outcome::Taken(*to),
        (None, StoreDocument) if matches!(standing.0, Signed | Terminated) => Outcome::Taken(standing),
        (None, RequestTermination | Amend) if standing.0 == Signed => Outcome::Taken(standing),
        (None, Accept | Decline | Cancel) if standing.0 == Expired => {
            Outcome::Refused(Refusal::DeadlinePassed)
        }
        (None, Approve | Reject) if standing.0 == SigningReview => {
            Outcome::Refused(Refusal::OtherReviewLevel)
        }
        (None, _) => Outcome::Refused(Refusal::NotInThisStatus),
    }
}

fn refused(error: StepError) -> Outcome {
    match error {
        StepError::Refused(refusal) => Outcome::Refused(refusal),
        StepError::NotFound => Outcome::Nothing,
        error => panic!("{error}"),
    }
}

struct Scene {
    world: World,
    campus: Campus,
    employer: Company,
    /// All but the graduate of a case, who is another one in each.
    others: Vec<(Who, Actor)>,
}

/// A case in some status, and its graduate.
struct Case {
    id: Uuid,
    student: Student,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
        let foreign = world.school(ReviewRoute::DepartmentThenSchool).await;
        let employer = world.employer().await;
        let viewers = [
            (OtherGraduate, world.graduate(&campus, 0).await.viewer),
            (GraduateOfAnotherSchool, world.graduate(&foreign, 0).await.viewer),
            (Employer, employer.viewer),
            (Colleague, world.member(employer.id).await),
            (OtherEmployer, world.employer().await.viewer),
            (Department, world.department_reviewer(&campus, 0).await),
            (OtherDepartment, world.department_reviewer(&campus, 1).await),
            (School, world.school_reviewer(&campus).await),
            (
                DepartmentOfAnotherSchool,
                world.department_reviewer(&foreign, 0).await,
            ),
            (OtherSchool, world.school_reviewer(&foreign).await),
            (Operator, world.operator().await),
        ];
        let mut others: Vec<_> = viewers.map(|(who, viewer)| (who, Actor::Viewer(viewer))).into();
        others.push((Worker, Actor::Worker));
        Self {
            world,
            campus,
            employer,
            others,
        }
    }

    fn actor(&self, who: Who, case: &Case) -> Actor {
        match self.others.iter().find(|(other, _)| *other == who) {
            Some((_, actor)) => *actor,
            None => Actor::Viewer(case.student.viewer),
        }
    }

    fn viewer(&self, who: Who, case: &Case) -> Option<Viewer> {
        match self.actor(who, case) {
            Actor::Viewer(viewer) => Some(viewer),
            Actor::EmployerContact | Actor::Worker => None,
        }
    }

    /// A new graduate's case, brought to a status by the steps of the table, with a day and an hour to answer.
    async fn case(&self, standing: Standing) -> Case {
        let student = self.world.graduate(&self.campus, 0).await;
        let deadline = self.world.now() + TimeDelta::hours(25);
        let invited = self
            .world
            .try_invite(&self.employer.viewer, student.id, deadline)
            .await;
        let id = invited.unwrap().agreement.id;
        let case = Case { id, student };
        let way: &[(Who, AgreementAction)] = match standing {
            (Invited, _) => &[],
            (Cancelled, _) => &[(Employer, Cancel)],
            (Declined, _) => &[(Graduate, Decline)],
            (Expired, _) => &[(Worker, Expire)],
            WAITING_FOR_DEPARTMENT => &[(Graduate, Accept)],
            (SigningReview, _) => &[(Graduate, Accept), (Department, Approve)],
            (Signed | Terminated, _) => &[(Graduate, Accept), (Department, Approve), (School, Approve)],
            (SigningRejected, _) => &[(Graduate, Accept), (Department, Reject)],
            _ => unreachable!("no status of an agreement that is signed online"),
        };
        for (who, action) in way {
            if *action == Expire {
                self.world.platform.clock.advance(TimeDelta::hours(25));
            }
            let taken = self.attempt(&case, *who, *action).await;
            assert!(matches!(taken, Outcome::Taken(_)), "{who:?} {action}: {taken:?}");
        }
        if standing.0 == Terminated {
            self.world
                .terminate(
                    &self.actors(&case, [Employer, Graduate, Department, School]),
                    case.id,
                )
                .await;
        }
        assert_eq!(self.standing(&case).await, standing);
        case
    }

    async fn standing(&self, case: &Case) -> Standing {
        let found = self.world.find(&case.student.viewer, case.id).await.agreement;
        (found.status, found.awaiting_review)
    }

    async fn attempt(&self, case: &Case, who: Who, action: AgreementAction) -> Outcome {
        let step = match action {
            Invite => unreachable!("not a step on a case"),
            Cancel => AgreementStep::Cancel,
            Accept => AgreementStep::Accept,
            Decline => AgreementStep::Decline(reason()),
            Expire => AgreementStep::Expire,
            Remind => AgreementStep::Remind,
            Approve => AgreementStep::Approve,
            Reject => AgreementStep::Reject(reason()),
            StoreDocument => self.storing(case).await,
            Return => AgreementStep::Return(reason()),
            Amend => AgreementStep::Amend(Box::new(self.amended()), reason()),
            Submit => AgreementStep::Submit(Vec::new()),
            Withdraw => AgreementStep::Withdraw,
            Discard => AgreementStep::Discard,
            SaveDraft | RequestStampedCopy | SubmitStampedCopy => unreachable!("left to their own test"),
            Terminate => unreachable!("only the step of a termination can say it"),
            RequestTermination => {
                let Some(viewer) = self.viewer(who, case) else {
                    // The worker has no way to ask.
                    return Outcome::Refused(Refusal::NotYourRole);
                };
                return match self.world.request_termination(&viewer, case.id).await {
                    Ok(_) => Outcome::Taken(self.standing(case).await),
                    Err(error) => refused(error),
                };
            }
        };
        let actor = self.actor(who, case);
        match step::take(&self.world.platform, actor, case.id, step, None).await {
            Ok(view) => Outcome::Taken((view.agreement.status, view.agreement.awaiting_review)),
            Err(error) => refused(error),
        }
    }

    /// Terms of which one is another than before.
    fn amended(&self) -> AgreementDraft {
        let mut terms = filled();
        terms.employer_name.clone_from(&self.employer.name);
        terms.credit_code.clone_from(&self.employer.credit_code);
        terms.terms.regular_salary = Some(12_000);
        terms
    }

    fn actors<const N: usize>(&self, case: &Case, who: [Who; N]) -> [Viewer; N] {
        who.map(|who| self.viewer(who, case).unwrap())
    }

    async fn storing(&self, case: &Case) -> AgreementStep {
        let query = format!("SELECT id FROM documents WHERE agreement_id = '{}'", case.id);
        let found = text(&mut *self.world.conn().await, &query).await;
        let pdf = StoredPdf {
            object_key: format!("agreements/{}.pdf", case.id),
            sha256: [7; 32],
            byte_size: 1000,
        };
        let document = found.first().map_or_else(Uuid::now_v7, |id| id.parse().unwrap());
        AgreementStep::StoreDocument(document, pdf)
    }

    /// Everybody tries everything on a case of this standing; whoever succeeds gets one of his own for it.
    async fn try_everything(&self, standing: Standing, late: bool) -> (u32, u32) {
        let (mut taken, mut refused) = (0, 0);
        let case = self.case(standing).await;
        if late {
            self.world.platform.clock.advance(TimeDelta::hours(25));
        }
        let events = format!("case_id = '{}'", case.id);
        let before = count(&mut *self.world.conn().await, "case_events", &events).await;
        let steps = AgreementAction::ALL.iter().filter(|action| {
            !matches!(
                action,
                Invite | Terminate | SaveDraft | RequestStampedCopy | SubmitStampedCopy
            )
        });
        for action in steps {
            for who in EVERYBODY {
                let what = format!("{who:?} {action} in {standing:?}, late: {late}");
                let expected = expected(standing, who, *action, late);
                if let Some(viewer) = self.viewer(who, &case) {
                    let conn = &mut *self.world.conn().await;
                    let view = agreement::find(conn, &viewer, case.id).await.unwrap();
                    assert_eq!(view.is_some(), expected != Outcome::Nothing, "{what}: seen");
                    let offered = view
                        .is_some_and(|view| view.viewer_actions(&viewer, self.world.now()).contains(action));
                    assert_eq!(offered, matches!(expected, Outcome::Taken(_)), "{what}: offered");
                }
                if let Outcome::Taken(to) = expected {
                    let own = self.case(standing).await;
                    if late {
                        self.world.platform.clock.advance(TimeDelta::hours(25));
                    }
                    assert_eq!(
                        self.attempt(&own, who, *action).await,
                        Outcome::Taken(to),
                        "{what}"
                    );
                    assert_eq!(self.standing(&own).await, to, "{what}");
                    taken += 1;
                } else {
                    assert_eq!(self.attempt(&case, who, *action).await, expected, "{what}");
                    refused += 1;
                }
            }
        }
        let events = format!("case_id = '{}'", case.id);
        let after = count(&mut *self.world.conn().await, "case_events", &events).await;
        assert_eq!(
            (after, self.standing(&case).await),
            (before, standing),
            "nothing happened"
        );
        (taken, refused)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_every_status_everybody_comes_to_what_the_table_says() {
    let scene = Scene::new().await;
    let (mut taken, mut refused) = (0, 0);
    for standing in standings() {
        let (more, less) = scene.try_everything(standing, false).await;
        taken += more;
        refused += less;
    }
    let (more, less) = scene.try_everything((Invited, None), true).await;
    // In time: cancelled by two, accepted, declined, approved and rejected by two each, stored while signed and after its end, and
    // its termination asked for by three, amended by the school; late: expired.
    assert_eq!((taken, more), (2 + 1 + 1 + 4 + 2 + 3 + 1, 1));
    // 9 standings in time and one late × 14 actions × 13 people.
    assert_eq!(taken + refused + more + less, 10 * 14 * 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reminder_is_the_worker_s_alone_too() {
    let scene = Scene::new().await;
    let case = scene.case((Invited, None)).await;
    scene.world.platform.clock.advance(TimeDelta::hours(2));
    for who in EVERYBODY.into_iter().filter(|who| *who != Worker) {
        let expected = match PARTIES.contains(&who) {
            true => Outcome::Refused(Refusal::NotYourRole),
            false => Outcome::Nothing,
        };
        assert_eq!(scene.attempt(&case, who, Remind).await, expected, "{who:?}");
    }
    let reminded = scene.attempt(&case, Worker, Remind).await;
    assert_eq!(reminded, Outcome::Taken((Invited, None)));
    let again = scene.attempt(&case, Worker, Remind).await;
    assert_eq!(again, Outcome::Refused(Refusal::NotInThisStatus), "once");
}

/// "One employer may have at most one live agreement with one graduate"; others may invite him whatever it is.
#[tokio::test(flavor = "multi_thread")]
async fn in_every_status_an_employer_invites_again_or_not_and_nobody_else_invites() {
    let scene = Scene::new().await;
    let live = [Invited, SigningReview, Signed];
    for standing in standings() {
        let case = scene.case(standing).await;
        for who in EVERYBODY {
            let Some(viewer) = scene.viewer(who, &case) else {
                continue;
            };
            let deadline = scene.world.now() + TimeDelta::days(3);
            let invited = scene.world.try_invite(&viewer, case.student.id, deadline).await;
            let expected = match who {
                OtherEmployer => Ok(()),
                Employer if !live.contains(&standing.0) => Ok(()),
                // The new one stands in his way where the old one did not.
                Employer | Colleague => Err(Refusal::AlreadyInvited),
                _ => Err(Refusal::NotYourRole),
            };
            let invited = match invited {
                Ok(_) => Ok(()),
                Err(StepError::Refused(refusal)) => Err(refusal),
                Err(error) => panic!("{who:?} in {standing:?}: {error}"),
            };
            assert_eq!(invited, expected, "{who:?} in {standing:?}");
        }
    }
}
