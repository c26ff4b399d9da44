//! That a class's confirmation period is open, as the workers tell its graduates.

use chrono::{DateTime, TimeDelta};
use mail_parser::MessageParser;

use crate::world::World;

const TOLD: &str = "SELECT count(*) FROM messages WHERE template = 'LEAVING_OPENED'";
const UNSENT: &str = "SELECT count(*) FROM messages WHERE template = 'LEAVING_OPENED' AND status = 'PENDING'";
const DONE: &str = "SELECT count(*) FROM jobs WHERE queue = 'announce_leaving' AND state = 'DONE'";
/// A graduate of a class that has no period, who is entered now.
const ENTERED: &str = "WITH account AS (INSERT INTO accounts (id, kind, password_hash) VALUES (gen_random_uuid(), 'GRADUATE', '-') RETURNING id)
    INSERT INTO graduates (id, account_id, school_id, department_id, class_year, student_number, name, gender, id_card_number,
        degree_level, major, training_mode, origin_region, online_signing_allowed)
    SELECT gen_random_uuid(), account.id, school_id, department_id, class_year + 3, account.id, '林示例', 'MALE', account.id,
        degree_level, major, training_mode, origin_region, true
    FROM account, graduates WHERE student_number = 'S1'";

fn set_to(world: &World, moment: &str) {
    let moment: DateTime<chrono::Utc> = moment.parse().unwrap();
    world.platform.clock.advance(moment - world.platform.clock.now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_morning_on_which_it_opens_the_class_is_told_once_whatever_workers_there_are() {
    let world = World::new().await;
    let period = "INSERT INTO leaving_periods (school_id, class_year, opens_on, closes_on, cut_off_on)
        SELECT DISTINCT school_id, class_year, date '2030-01-03', date '2030-01-05', date '2030-08-31' FROM graduates";
    world.db.execute(period).await;
    let of_another = "INSERT INTO leaving_periods (school_id, class_year, opens_on, closes_on, cut_off_on)
        SELECT DISTINCT school_id, class_year + 1, date '2030-01-09', date '2030-01-10', date '2031-08-31' FROM graduates";
    world.db.execute(of_another).await;
    // 08:10 in Shanghai on the day before.
    set_to(&world, "2030-01-02T00:10:00Z");
    let both = [world.work(&[]), world.work(&[])];
    world.comes_to(1, DONE).await;
    assert_eq!(world.db.number(TOLD).await, 0);
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(2, DONE).await;
    let told = world.db.number("SELECT 3 * count(*) FROM graduates").await;
    assert!(told > 0 && world.db.number(TOLD).await == told);
    world.comes_to(0, UNSENT).await;
    let mails: Vec<_> = world
        .sent("mail")
        .iter()
        .map(|mail| {
            let mail = MessageParser::default().parse(mail).unwrap();
            (
                mail.subject().unwrap().to_owned(),
                mail.body_text(0).unwrap().into_owned(),
            )
        })
        .filter(|(subject, _)| subject == "请核对并确认毕业去向登记信息")
        .collect();
    assert!(!mails.is_empty());
    for said in [
        "2030年1月3日至2030年1月5日",
        "2030年8月31日",
        "https://wangqian.example",
    ] {
        assert!(mails[0].1.contains(said), "{said:?} in {}", mails[0].1);
    }

    // Broken off at its end, and run again: nobody is told twice.
    world
        .db
        .execute("UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'announce_leaving'")
        .await;
    world.platform.waker.wake();
    world.comes_to(2, DONE).await;
    assert_eq!(world.db.number(TOLD).await, told);
    // The next day those who have joined the class since are told, one who was entered and one who was corrected into it, and nobody else.
    for _ in 0..3 {
        world.db.execute(ENTERED).await;
    }
    let joined = "UPDATE graduates SET class_year = class_year - 3
        WHERE id IN (SELECT id FROM graduates WHERE student_number <> 'S1' LIMIT 2)";
    world.db.execute(joined).await;
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(3, DONE).await;
    let told = told + 2 * 3;
    assert_eq!(world.db.number(TOLD).await, told);
    // Again when the school opens it anew, except for those who have confirmed.
    let anew = "UPDATE leaving_periods SET opens_on = date '2030-01-05' WHERE closes_on = date '2030-01-05';
        INSERT INTO leaving_confirmations (id, graduate_id, class_year, school_id, department_id, status, archive, confirmed_at,
            confirmed_data_version, transfer_number, updated_at)
        SELECT gen_random_uuid(), id, class_year, school_id, department_id, 'CONFIRMED', '{}', now(), version, 'ZD', now()
        FROM graduates WHERE student_number = 'S1'";
    world.db.execute(anew).await;
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(4, DONE).await;
    assert_eq!(world.db.number(TOLD).await, 2 * told - 3);
    for workers in both {
        workers.stop().await;
    }
}
