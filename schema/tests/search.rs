//! An employer finds a graduate by name and number, and browses nobody; a graduate finds employers by a part of their name.

use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use wangqian_schema::{
    checks::IdCardNumber,
    model::{
        Viewer,
        employer::{self, EmployerVerification},
        graduate::{self, SearchNumber},
    },
    workflow::ReviewRoute,
};

use crate::support::{Student, World, distinct, execute};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employer_is_found_by_a_part_of_its_name_by_graduates_and_reviewers() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let student = world.graduate(&campus, 0).await.viewer;
    let department = world.department_reviewer(&campus, 0).await;
    let school = world.school_reviewer(&campus).await;
    let operator = world.operator().await;
    let conn = &mut *world.conn().await;
    let mut member = None;
    for (name, verification) in [
        ("北京示例云海科技有限公司", EmployerVerification::Verified),
        ("示例云海", EmployerVerification::Verified),
        ("示例云海（上海）Data有限公司", EmployerVerification::Verified),
        ("云海例示有限公司", EmployerVerification::Verified),
        ("示例云海待核验有限公司", EmployerVerification::Pending),
        ("示例云海未通过有限公司", EmployerVerification::Refused),
    ] {
        let company = world.employer_with(verification).await;
        execute(
            conn,
            &format!("UPDATE employers SET name = '{name}' WHERE id = '{}'", company.id),
        )
        .await;
        member.get_or_insert(company.viewer);
    }
    let found = async |conn: &mut AsyncPgConnection, viewer: &Viewer, part: &str| {
        let found = employer::search(conn, viewer, part).await.unwrap();
        found
            .into_iter()
            .map(|employer| employer.name)
            .collect::<Vec<_>>()
    };
    let all = [
        "示例云海",
        "示例云海（上海）Data有限公司",
        "北京示例云海科技有限公司",
    ];
    for viewer in [&student, &department, &school] {
        assert_eq!(found(conn, viewer, "示例云海").await, all);
    }
    assert_eq!(
        found(conn, &student, " 例云海 ").await,
        all,
        "not from its beginning"
    );
    assert_eq!(found(conn, &student, "dATA").await, [all[1]]);
    assert_eq!(found(conn, &student, "海云").await, Vec::<String>::new());
    for nothing in ["", "云", " 云 ", "%%", "__", "示例云海%"] {
        assert_eq!(
            found(conn, &student, nothing).await,
            Vec::<String>::new(),
            "{nothing:?}"
        );
    }
    for nobody in [&member.unwrap(), &operator] {
        assert_eq!(found(conn, nobody, "示例云海").await, Vec::<String>::new());
    }

    // Of many, ten, and by the index.
    execute(
        conn,
        "INSERT INTO employers (id, credit_code, name, nature, industry, region, address, verification) \
         SELECT gen_random_uuid(), lpad(n::text, 18, '0'), '千峰示例' || n || '号有限公司', '39', '34', '110108', '-', 'VERIFIED' \
         FROM generate_series(1, 3000) AS n; ANALYZE employers",
    )
    .await;
    assert_eq!(found(conn, &student, "千峰示例").await.len(), 10);
    let plan = "EXPLAIN SELECT FROM employers WHERE name_pairs(name) @> name_pairs('示例云海')";
    let plan: Vec<Plan> = diesel::sql_query(plan).load(conn).await.unwrap();
    assert!(
        plan.iter().any(|step| step.line.contains("employers_name_pairs")),
        "{plan:?}"
    );
}

#[derive(diesel::QueryableByName, Debug)]
struct Plan {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    line: String,
}
