//! That a class's confirmation period is open, as the workers tell its graduates.

use chrono::{DateTime, TimeDelta};
use mail_parser::MessageParser;

use crate::world::World;

const TOLD: &str = "SELECT count(*) FROM messages WHERE template = 'LEAVING_OPENED'";
const UNSENT: &str = "SELECT count(*) FROM messages WHERE template = 'LEAVING_OPENED' AND status = 'PENDING'";
const DONE: &str = "SELECT count(*) FROM jobs WHERE queue = 'announce_leaving' AND state = 'DONE'";
const ANNOUNCED: &str = "SELECT count(*) FROM leaving_periods WHERE announced_for = opens_on";

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
    assert_eq!(world.db.number(ANNOUNCED).await, 1);
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

    // Broken off before the end was noted, and run again: nobody is told twice.
    world
        .db
        .execute("UPDATE leaving_periods SET announced_for = NULL; UPDATE jobs SET state = 'READY', finished_at = NULL WHERE queue = 'announce_leaving'")
        .await;
    world.platform.waker.wake();
    world.comes_to(2, DONE).await;
    assert_eq!(world.db.number(ANNOUNCED).await, 1);
    // Nor the next day; but again when the school opens it anew, except for those who have confirmed.
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(3, DONE).await;
    assert_eq!(world.db.number(TOLD).await, told);
    let anew = "UPDATE leaving_periods SET opens_on = date '2030-01-05' WHERE closes_on = date '2030-01-05';
        INSERT INTO leaving_confirmations (id, graduate_id, class_year, school_id, department_id, status, archive, confirmed_at,
            confirmed_data_version, transfer_number, updated_at)
        SELECT gen_random_uuid(), id, class_year, school_id, department_id, 'CONFIRMED', '{}', now(), version, 'ZD', now()
        FROM graduates ORDER BY id LIMIT 1";
    world.db.execute(anew).await;
    world.platform.clock.advance(TimeDelta::days(1));
    world.comes_to(4, DONE).await;
    assert_eq!(world.db.number(TOLD).await, 2 * told - 3);
    for workers in both {
        workers.stop().await;
    }
}
