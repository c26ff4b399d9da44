//! Random people try random things on a graduate's destinations and an invitation of his: every try comes to what a simple model says,
//! and the database holds the same.

use wangqian_schema::{
    audit,
    step::{self, Actor, AgreementStep, DestinationStep, StepError},
    workflow::{
        Refusal, ReviewLevel, ReviewRoute,
        destination::DestinationStatus::{self, *},
    },
};

use super::{Scene, seeking, standing};
use crate::support::{reason, refusal, text};

/// How many tries.
const TRIES: u32 = 900;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Graduate,
    Department,
    School,
    Stranger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Submit,
    Withdraw,
    Discard,
    Approve,
    Return,
    Reject,
    Change,
    Void,
}

const WHO: [Who; 4] = [Who::Graduate, Who::Department, Who::School, Who::Stranger];
const DO: [Do; 8] = [
    Do::Submit,
    Do::Withdraw,
    Do::Discard,
    Do::Approve,
    Do::Return,
    Do::Reject,
    Do::Change,
    Do::Void,
];

/// A destination as the model knows it: both levels review.
#[derive(Clone, Copy, Debug)]
struct Known {
    status: DestinationStatus,
    awaiting: Option<ReviewLevel>,
    handed_in: bool,
    /// Whether the graduate's tick that it is true stands: a reviewer's change takes it away.
    ticked: bool,
}

/// What may come of a try that is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum No {
    Unseen,
    Unticked,
    Refused(Refusal),
}

/// The texts once more: where a step leads, and what it needs. `free`: nobody holds him but perhaps this one.
fn expected(known: Known, who: Who, what: Do, free: bool, voiding_reviewed: bool) -> Result<Known, No> {
    let no = |refusal| Err(No::Refused(refusal));
    let reviewer = match who {
        Who::Stranger => return Err(No::Unseen),
        Who::Department | Who::School if !known.handed_in => return Err(No::Unseen),
        Who::Graduate => None,
        Who::Department => Some(ReviewLevel::Department),
        Who::School => Some(ReviewLevel::School),
    };
    let his = matches!(what, Do::Submit | Do::Withdraw | Do::Discard | Do::Void);
    if his != reviewer.is_none() {
        return no(Refusal::NotYourRole);
    }
    let to = match (what, known.status) {
        (Do::Submit, Draft | Returned) => RegistrationReview,
        (Do::Withdraw, RegistrationReview) => Draft,
        (Do::Withdraw | Do::Reject, VoidingReview) => Registered,
        (Do::Discard, Draft | Returned) => Discarded,
        (Do::Approve, RegistrationReview) => Registered,
        (Do::Approve, VoidingReview) => Voided,
        (Do::Return, RegistrationReview) => Returned,
        (Do::Reject, RegistrationReview) => Rejected,
        (Do::Change, RegistrationReview) => RegistrationReview,
        (Do::Void, Registered) if voiding_reviewed => VoidingReview,
        (Do::Void, Registered) => Voided,
        _ => return no(Refusal::NotInThisStatus),
    };
    if what == Do::Submit && !free {
        return no(Refusal::AlreadyEngaged);
    }
    if what == Do::Submit && !known.ticked {
        return Err(No::Unticked);
    }
    if what == Do::Withdraw && known.awaiting != Some(ReviewLevel::Department) {
        return no(Refusal::ReviewBegun);
    }
    if reviewer.is_some() && reviewer != known.awaiting {
        return no(Refusal::OtherReviewLevel);
    }
    let first_of_two = what == Do::Approve && reviewer == Some(ReviewLevel::Department);
    let (status, awaiting) = match what {
        Do::Approve if first_of_two => (known.status, Some(ReviewLevel::School)),
        Do::Change => (to, known.awaiting),
        _ if matches!(to, RegistrationReview | VoidingReview) => (to, Some(ReviewLevel::Department)),
        _ => (to, None),
    };
    Ok(Known {
        status,
        awaiting,
        handed_in: known.handed_in || what == Do::Submit,
        ticked: known.ticked && what != Do::Change,
    })
}

impl Known {
    fn holds(self) -> bool {
        self.handed_in
            && matches!(
                self.status,
                Draft | RegistrationReview | Returned | Registered | VoidingReview
            )
    }

    fn over(self) -> bool {
        matches!(self.status, Rejected | Voided | Discarded)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_try_comes_to_what_the_model_says() {
    let scene = Scene::new(ReviewRoute::DepartmentThenSchool).await;
    let platform = &scene.world.platform;
    let stranger = scene.world.graduate(&scene.campus, 0).await.viewer;
    let viewers = [scene.student.viewer, scene.department, scene.school, stranger];
    let employer = scene.world.employer().await;
    let mut dice = Dice(20_271_127);
    let mut cases: Vec<(uuid::Uuid, Known)> = Vec::new();
    let (mut voiding_reviewed, mut done, mut unticked) = (false, 0, 0);
    let mut met = std::collections::HashSet::new();
    for nth in 0..TRIES {
        // Some of what is over makes room, so that something is always going on.
        cases.retain(|(_, known)| !known.over() || nth % 3 > 0);
        if cases.len() < 3 {
            let fresh = Known {
                status: Draft,
                awaiting: None,
                handed_in: false,
                ticked: true,
            };
            cases.push((scene.draft(&seeking()).await, fresh));
        }
        if nth % 50 == 49 {
            voiding_reviewed = !voiding_reviewed;
            step::set_voiding_review(platform, &scene.school, voiding_reviewed, None)
                .await
                .unwrap();
        }
        let at = dice.roll(cases.len());
        // Whose tick was taken away reads it again, mostly, and ticks.
        let (id, before) = cases[at];
        if !before.ticked && matches!(before.status, Draft | Returned) && dice.roll(2) == 0 {
            scene.save(id, &seeking()).await.unwrap();
            cases[at].1.ticked = true;
        }
        let (id, known) = cases[at];
        let free = !cases.iter().any(|(other, known)| *other != id && known.holds());
        // Half of the tries are of those that come to something.
        let all = WHO
            .iter()
            .flat_map(|who| DO.iter().map(move |what| (*who, *what)));
        let (fitting, all): (Vec<_>, Vec<_>) = (
            all.clone()
                .filter(|(who, what)| expected(known, *who, *what, free, voiding_reviewed).is_ok())
                .collect(),
            all.collect(),
        );
        let among = match dice.roll(2) == 0 && !fitting.is_empty() {
            true => fitting,
            false => all,
        };
        let (who, what) = among[dice.roll(among.len())];
        let expected = expected(known, who, what, free, voiding_reviewed);
        let step = match what {
            Do::Submit => DestinationStep::Submit(Vec::new()),
            Do::Withdraw => DestinationStep::Withdraw,
            Do::Discard => DestinationStep::Discard,
            Do::Approve => DestinationStep::Approve,
            Do::Return => DestinationStep::Return(reason()),
            Do::Reject => DestinationStep::Reject(reason()),
            Do::Void => DestinationStep::Void(None),
            Do::Change => {
                let mut form = seeking();
                form.remark = Some(format!("第 {nth} 次修改"));
                DestinationStep::Change(Box::new(form), None)
            }
        };
        let viewer = viewers[who as usize];
        let came = match (who, what) {
            (Who::Graduate, Do::Discard) => scene.discard(id).await,
            _ => scene.take(&viewer, id, step).await,
        };
        let says = format!("{nth}: {who:?} tries {what:?} on {known:?}, free: {free}");
        match (expected, came) {
            (Ok(after), Ok(view)) => {
                assert_eq!(standing(&view), (after.status, after.awaiting), "{says}");
                cases[at].1 = after;
                if after.status == Discarded && !known.handed_in {
                    // Nobody ever knew of it, and it is gone.
                    cases.remove(at);
                }
                done += 1;
            }
            (Err(No::Unseen), Err(StepError::NotFound)) => {}
            (Err(No::Unticked), Err(StepError::Invalid(wrong))) => {
                let fields: Vec<_> = wrong.iter().map(|error| error.field).collect();
                assert_eq!(fields, ["truthful"], "{says}");
                unticked += 1;
            }
            (Err(No::Refused(expected)), Err(StepError::Refused(refusal))) => {
                assert_eq!(refusal, expected, "{says}");
            }
            (expected, came) => panic!("{says}: {came:?}, not {expected:?}"),
        }
        met.insert((who as usize, what as usize, expected.is_ok()));
        let holder: Vec<_> = cases
            .iter()
            .filter(|(_, known)| known.holds())
            .map(|(id, _)| format!("DESTINATION {id}"))
            .collect();
        assert!(holder.len() <= 1, "{says}");
        assert_eq!(scene.holder().await, holder, "{says}");
        // Whoever is held answers no invitation; whoever is not, may.
        if nth % 100 == 99 {
            let student = &scene.student;
            let invitation = scene.world.invite(&employer, student).await;
            let declined = AgreementStep::Decline(None);
            let answered = step::take(
                platform,
                Actor::Viewer(student.viewer),
                invitation,
                declined,
                None,
            )
            .await;
            match holder.is_empty() {
                true => assert!(answered.is_ok(), "{answered:?}"),
                false => {
                    assert_eq!(refusal(answered), Refusal::AlreadyEngaged);
                    scene
                        .world
                        .take(&employer.viewer, invitation, AgreementStep::Cancel)
                        .await
                        .unwrap();
                }
            }
        }
    }
    assert!(unticked > 0, "nobody handed in again without ticking");
    assert!(done > 100, "only {done} steps were taken");
    for (who, what) in [
        (Who::Graduate, Do::Submit),
        (Who::Graduate, Do::Withdraw),
        (Who::Graduate, Do::Void),
        (Who::Department, Do::Approve),
        (Who::Department, Do::Return),
        (Who::School, Do::Approve),
        (Who::School, Do::Reject),
        (Who::Graduate, Do::Discard),
        (Who::Department, Do::Change),
        (Who::School, Do::Change),
    ] {
        assert!(
            met.contains(&(who as usize, what as usize, true)),
            "{who:?} {what:?}"
        );
    }
    let conn = &mut *scene.world.conn().await;
    assert_eq!(audit::walk(conn, None).await.unwrap().breaks, []);
    crate::figures::assert_right(conn).await;
    let changed = "SELECT count(*)::text FROM case_events e WHERE action = 'CHANGE'
        AND NOT EXISTS (SELECT FROM field_changes f WHERE f.case_id = e.case_id AND f.sequence = e.sequence)";
    assert_eq!(text(conn, changed).await, ["0"], "each change is on record");
}
