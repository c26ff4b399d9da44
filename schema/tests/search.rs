//! An employer finds a graduate by name and number, and browses nobody.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use wangqian_schema::{
    checks::IdCardNumber,
    model::{
        employer::EmployerVerification,
        graduate::{self, SearchNumber},
    },
    workflow::ReviewRoute,
};

use crate::support::{Student, World, distinct};

const NOBODY: [Uuid; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn a_graduate_is_found_by_name_and_number_only_by_a_verified_employer() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let (student, other) = (
        &world.graduate(&campus, 0).await,
        &world.graduate(&campus, 0).await,
    );
    let verified = world.employer().await.id;
    let waiting = world.employer_with(EmployerVerification::Pending).await.id;
    let conn = &mut *world.conn().await;
    let id_card =
        |student: &Student| SearchNumber::IdCardNumber(IdCardNumber::parse(&student.id_card_number).unwrap());
    let school_number = |student: &Student| SearchNumber::StudentNumber(student.student_number.clone());
    let search = async |conn: &mut AsyncPgConnection, employer: Uuid, name: &str, number: &SearchNumber| {
        let found = graduate::search(conn, employer, name, number).await.unwrap();
        found.into_iter().map(|graduate| graduate.id).collect::<Vec<_>>()
    };

    for number in [id_card(student), school_number(student)] {
        assert_eq!(search(conn, verified, &student.name, &number).await, [student.id]);
        assert_eq!(
            search(conn, verified, &format!(" {} ", student.name), &number).await,
            [student.id]
        );
        assert_eq!(
            search(conn, waiting, &student.name, &number).await,
            NOBODY,
            "not verified"
        );
        assert_eq!(
            search(conn, verified, &other.name, &number).await,
            NOBODY,
            "somebody else's name"
        );
        assert_eq!(search(conn, verified, "", &number).await, NOBODY);
        assert_eq!(search(conn, verified, "%", &number).await, NOBODY);
        assert_eq!(
            search(conn, verified, &student.name[..3], &number).await,
            NOBODY,
            "a part of the name"
        );
    }
    let nothing = SearchNumber::StudentNumber("%".into());
    assert_eq!(search(conn, verified, &student.name, &nothing).await, NOBODY);
    let foreign = graduate::search(conn, Uuid::now_v7(), &student.name, &id_card(student)).await;
    assert_eq!(foreign.unwrap().len(), 0, "an employer that does not exist");

    // The same name and number at another school.
    let twin = world
        .graduate_with(&world.school(ReviewRoute::SchoolOnly).await, 0, |new| {
            new.name = student.name.clone();
            new.student_number = student.student_number.clone();
        })
        .await;
    assert_eq!(
        distinct(search(conn, verified, &student.name, &school_number(student)).await),
        distinct([student.id, twin.id])
    );
    assert_eq!(
        search(conn, verified, &student.name, &id_card(student)).await,
        [student.id]
    );
}
