//! Who sees what, viewer by viewer: a stranger's case reads like one that does not exist.

use std::collections::BTreeSet;

use uuid::Uuid;
use wangqian_schema::{
    model::{
        PageRequest, Viewer,
        agreement::{self, AgreementFilter},
        case::CaseRow,
        employer::{self, EmployerVerification},
        event::{self, EventCursor},
        graduate,
        review_queue::{self, QueueFilter},
    },
    step::{AgreementStep, StepError},
    workflow::ReviewRoute,
};

use crate::support::{Campus, Company, Student, World, distinct, number, reason, until_final};

/// Two schools, graduates in several departments, and agreements across them.
struct Scene {
    world: World,
    campuses: [Campus; 2],
    /// Of the first school's first and second department, of the second school, and one of the first department whom
    /// nobody invited.
    students: [Student; 4],
    /// Two that invite, one that does not, and one that is not verified.
    companies: [Company; 4],
    /// 0: company 0 and student 0, waiting for the department. 1: company 1 and student 0. 2: company 0 and student 1,
    /// waiting for the school. 3: company 1 and student 2, waiting for the other school's department.
    agreements: [Uuid; 4],
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let campuses = [
            world.school(ReviewRoute::DepartmentThenSchool).await,
            world.school(ReviewRoute::DepartmentOnly).await,
        ];
        let students = [
            world.graduate(&campuses[0], 0).await,
            world.graduate(&campuses[0], 1).await,
            world.graduate(&campuses[1], 0).await,
            world.graduate(&campuses[0], 0).await,
        ];
        let companies = [
            world.employer().await,
            world.employer().await,
            world.employer().await,
            world.employer_with(EmployerVerification::Pending).await,
        ];
        let agreements = [
            world.invite(&companies[0], &students[0]).await,
            world.invite(&companies[1], &students[0]).await,
            world.invite(&companies[0], &students[1]).await,
            world.invite(&companies[1], &students[2]).await,
        ];
        for (student, id) in [(0, 0), (1, 2), (2, 3)] {
            let viewer = students[student].viewer;
            world
                .take(&viewer, agreements[id], AgreementStep::Accept)
                .await
                .unwrap();
        }
        let department = world.department_reviewer(&campuses[0], 1).await;
        world
            .take(&department, agreements[2], AgreementStep::Approve)
            .await
            .unwrap();
        Self {
            world,
            campuses,
            students,
            companies,
            agreements,
        }
    }

    /// Every kind of viewer, with the agreements, graduates and employers that he sees and those that wait for him.
    async fn viewers(&self) -> Vec<Sight> {
        let world = &self.world;
        let [first, second] = &self.campuses;
        let sight =
            |who, viewer, agreements: &[usize], queue: &[usize], graduates: &[usize], employers: &[usize]| {
                Sight {
                    who,
                    viewer,
                    agreements: agreements.to_vec(),
                    queue: queue.to_vec(),
                    graduates: graduates.to_vec(),
                    employers: employers.to_vec(),
                }
            };
        let member = world.member(self.companies[0].id).await;
        vec![
            sight(
                "a graduate with two",
                self.students[0].viewer,
                &[0, 1],
                &[],
                &[0],
                &[0, 1],
            ),
            sight(
                "a graduate with one",
                self.students[1].viewer,
                &[2],
                &[],
                &[1],
                &[0],
            ),
            sight(
                "a graduate elsewhere",
                self.students[2].viewer,
                &[3],
                &[],
                &[2],
                &[1],
            ),
            sight(
                "a graduate with none",
                self.students[3].viewer,
                &[],
                &[],
                &[3],
                &[],
            ),
            sight("a party", self.companies[0].viewer, &[0, 2], &[], &[0, 1], &[0]),
            sight("its other member", member, &[0, 2], &[], &[0, 1], &[0]),
            sight(
                "another party",
                self.companies[1].viewer,
                &[1, 3],
                &[],
                &[0, 2],
                &[1],
            ),
            sight(
                "an employer without",
                self.companies[2].viewer,
                &[],
                &[],
                &[],
                &[2],
            ),
            sight("one not verified", self.companies[3].viewer, &[], &[], &[], &[3]),
            sight(
                "the department",
                world.department_reviewer(first, 0).await,
                &[0, 1],
                &[0],
                &[0, 3],
                &[0, 1],
            ),
            sight(
                "its neighbour",
                world.department_reviewer(first, 1).await,
                &[2],
                &[],
                &[1],
                &[0],
            ),
            sight(
                "the school",
                world.school_reviewer(first).await,
                &[0, 1, 2],
                &[2],
                &[0, 1, 3],
                &[0, 1],
            ),
            sight(
                "another department",
                world.department_reviewer(second, 0).await,
                &[3],
                &[3],
                &[2],
                &[1],
            ),
            sight(
                "another school",
                world.school_reviewer(second).await,
                &[3],
                &[],
                &[2],
                &[1],
            ),
            sight(
                "the operator",
                world.operator().await,
                &[],
                &[],
                &[],
                &[0, 1, 2, 3],
            ),
        ]
    }
}

struct Sight {
    who: &'static str,
    viewer: Viewer,
    agreements: Vec<usize>,
    queue: Vec<usize>,
    graduates: Vec<usize>,
    employers: Vec<usize>,
}

fn ids(places: &[usize], all: &[Uuid]) -> BTreeSet<Uuid> {
    distinct(places.iter().map(|place| all[*place]))
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_concerns_him_and_nothing_else() {
    let scene = Scene::new().await;
    let agreements = scene.agreements;
    let graduates = scene.students.each_ref().map(|student| student.id);
    let employers = scene.companies.each_ref().map(|company| company.id);
    let viewers = scene.viewers().await;
    let conn = &mut *scene.world.conn().await;
    until_final(conn).await;
    for sight in viewers {
        let (who, viewer) = (sight.who, &sight.viewer);
        let seen = ids(&sight.agreements, &agreements);

        let by_ids = agreement::by_ids(conn, viewer, &agreements).await.unwrap();
        assert_eq!(
            distinct(by_ids.iter().map(|view| view.agreement.id)),
            seen,
            "{who}, by ids"
        );
        for id in agreements {
            let found = agreement::find(conn, viewer, id).await.unwrap();
            assert_eq!(found.is_some(), seen.contains(&id), "{who} finds");
            let locked = agreement::lock(conn, Some(viewer), id).await.unwrap();
            assert_eq!(locked.is_some(), seen.contains(&id), "{who} locks");
            // The same answer in Rust as in SQL.
            let every = agreement::lock(conn, None, id).await.unwrap().unwrap();
            assert_eq!(
                every.agreement.role_of(viewer).is_some(),
                seen.contains(&id),
                "{who} has a role"
            );
            if !seen.contains(&id) {
                assert_eq!(
                    every.viewer_actions(viewer, scene.world.now()),
                    [],
                    "{who}, buttons"
                );
            }
        }

        let all = AgreementFilter::default();
        let listed = agreement::list(conn, viewer, &all, &PageRequest::first(100))
            .await
            .unwrap();
        assert_eq!(
            distinct(listed.items.iter().map(|view| view.agreement.id)),
            seen,
            "{who} lists"
        );
        for (place, student) in scene.students.iter().enumerate() {
            let filter = AgreementFilter {
                graduate_id: Some(student.id),
                ..AgreementFilter::default()
            };
            let listed = agreement::list(conn, viewer, &filter, &PageRequest::first(100))
                .await
                .unwrap();
            let of_him: &[usize] = [&[0, 1][..], &[2], &[3], &[]][place];
            let expected = ids(of_him, &agreements).intersection(&seen).copied().collect();
            assert_eq!(
                distinct(listed.items.iter().map(|view| view.agreement.id)),
                expected,
                "{who} lists by graduate"
            );
        }

        let queue = review_queue::list(conn, viewer, &QueueFilter::default(), &PageRequest::first(100))
            .await
            .unwrap();
        let queue = distinct(queue.items.iter().map(|((_, id), _)| *id));
        assert_eq!(queue, ids(&sight.queue, &agreements), "{who}'s queue");

        let found = {
            let mut found = BTreeSet::new();
            for id in graduates {
                found.extend(
                    graduate::find(conn, viewer, id)
                        .await
                        .unwrap()
                        .map(|graduate| graduate.id),
                );
            }
            found
        };
        assert_eq!(found, ids(&sight.graduates, &graduates), "{who} sees graduates");

        let found = {
            let mut found = BTreeSet::new();
            for id in employers {
                found.extend(
                    employer::find(conn, viewer, id)
                        .await
                        .unwrap()
                        .map(|employer| employer.id),
                );
            }
            found
        };
        assert_eq!(found, ids(&sight.employers, &employers), "{who} sees employers");

        let begin = EventCursor { txid: 0, id: 0 };
        let every = event::feed(conn, begin, 100).await.unwrap();
        assert_eq!(every.len(), 8);
        let replayed = event::replay(conn, viewer, begin, 100).await.unwrap();
        let concerned: Vec<_> = every
            .into_iter()
            .filter(|event| seen.contains(&event.case_id))
            .collect();
        assert_eq!(replayed, concerned, "{who} hears");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_s_step_reads_like_one_on_nothing() {
    let scene = Scene::new().await;
    let viewers = scene.viewers().await;
    for sight in viewers {
        let mut strangers: Vec<Uuid> = vec![Uuid::now_v7()];
        strangers.extend(
            (0..4)
                .filter(|place| !sight.agreements.contains(place))
                .map(|place| scene.agreements[place]),
        );
        for id in strangers {
            for step in [
                AgreementStep::Cancel,
                AgreementStep::Accept,
                AgreementStep::Decline(None),
                AgreementStep::Expire,
                AgreementStep::Approve,
                AgreementStep::Reject(reason()),
                AgreementStep::Reject(None),
            ] {
                let refused = scene.world.take(&sight.viewer, id, step).await;
                assert!(
                    matches!(refused, Err(StepError::NotFound)),
                    "{}: {refused:?}",
                    sight.who
                );
            }
        }
    }
    let conn = &mut *scene.world.conn().await;
    assert_eq!(
        number(conn, "SELECT count(*) FROM case_events").await,
        8,
        "nothing happened"
    );
}
