//! What the database must hold at any time, by raw SQL and against the model.

use diesel_async::AsyncPgConnection;
use wangqian_schema::audit;

use super::{model::Case, run::Run};
use crate::support::{class_year, number, text};

impl Run {
    /// What must hold at any time, by raw SQL and against the model.
    pub(super) async fn check_all(&self) {
        let conn = &mut *self.world.conn().await;
        for (must_be_nothing, query) in NOTHING {
            assert_eq!(number(conn, query).await, 0, "{must_be_nothing}");
        }
        let report = audit::walk(conn, None).await.unwrap();
        assert_eq!(report.breaks, []);
        crate::figures::assert_right(conn).await;
        let confirmations = self.model.confirmations;
        let endings = || self.model.cases.iter().flat_map(|case| &case.endings);
        let cases = self.model.cases.len() + endings().count();
        assert_eq!(report.cases, (cases + confirmations) as u64);
        let events: usize = self.model.cases.iter().map(|case| case.events.len()).sum();
        let events = events + endings().map(|ending| ending.events.len()).sum::<usize>();
        assert_eq!(report.events, (events + confirmations) as u64);

        let same = async |conn: &mut AsyncPgConnection, query: &str, mut expected: Vec<String>| {
            let mut found = text(conn, query).await;
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{query}");
        };
        let id = |at: usize| self.model.cases[at].id.unwrap();
        let cases = || self.model.cases.iter().enumerate();
        same(
            conn,
            "SELECT concat_ws(' ', case_id, sequence, action, to_status) FROM case_events
             WHERE case_kind = 'AGREEMENT'",
            cases()
                .flat_map(|(at, case)| {
                    let lines = case.events.iter().zip(1..);
                    lines.map(move |((action, to), sequence)| format!("{} {sequence} {action} {to}", id(at)))
                })
                .collect(),
        )
        .await;
        same(
            conn,
            "SELECT concat_ws(' ', case_id, sequence, action, to_status) FROM case_events
             WHERE case_kind = 'TERMINATION'",
            endings()
                .flat_map(|ending| {
                    let lines = ending.events.iter().zip(1..);
                    let id = ending.id.unwrap();
                    lines.map(move |((action, to), sequence)| format!("{id} {sequence} {action} {to}"))
                })
                .collect(),
        )
        .await;
        same(
            conn,
            "SELECT concat_ws(' ', graduate_id, case_id) FROM engagements",
            self.model
                .held
                .iter()
                .map(|(graduate, case)| format!("{} {}", self.students[*graduate].id, id(*case)))
                .collect(),
        )
        .await;
        same(
            conn,
            "SELECT concat_ws(' ', case_id, sequence, account_id, channel, template)
             FROM messages JOIN case_events ON case_events.id = event_id",
            self.model
                .messages
                .iter()
                .map(|((at, ending), sequence, account, channel, template)| {
                    let id = match ending {
                        Some(place) => self.model.cases[*at].endings[*place].id.unwrap(),
                        None => id(*at),
                    };
                    format!("{id} {sequence} {account} {channel} {template}")
                })
                .collect(),
        )
        .await;
        same(
            conn,
            "SELECT concat_ws(' ', id, agreement_number) FROM agreements WHERE agreement_number IS NOT NULL",
            cases()
                .filter_map(|(at, case)| {
                    let school = &self.schools[self.model.graduates[case.graduate].school];
                    let serial = case.serial?;
                    Some(format!("{} {}{}31{serial:06}", id(at), class_year(), school.code))
                })
                .collect(),
        )
        .await;
        // Times as hours since the beginning, so that a job's moment is exact.
        let due =
            |lead: i64| move |case: &Case| format!("{} {}", case.id.unwrap(), (case.deadline - lead) * 3600);
        for (queue, lead, wanted) in [
            ("expire_invitation", 0, (|_| true) as fn(&Case) -> bool),
            ("remind_invitation", 24, |case| case.remind_job),
        ] {
            let begin = self.begin.to_rfc3339();
            same(
                conn,
                &format!(
                    "SELECT concat_ws(' ', payload->>'agreement_id',
                            trim_scale(extract(epoch FROM run_at - '{begin}'::timestamptz)))
                     FROM jobs WHERE queue = '{queue}'"
                ),
                self.model
                    .cases
                    .iter()
                    .filter(|case| wanted(case))
                    .map(due(lead))
                    .collect(),
            )
            .await;
        }
    }
}

/// Queries that must count nothing, whatever was tried.
const NOTHING: [(&str, &str); 10] = [
    (
        "engaged exactly while under review or signed",
        "SELECT count(*) FROM agreements a FULL JOIN engagements e
             ON e.case_id = a.id AND e.graduate_id = a.graduate_id
         WHERE (a.status IN ('SIGNING_REVIEW', 'SIGNED')) IS DISTINCT FROM (e.case_id IS NOT NULL)",
    ),
    (
        "one engagement of a graduate",
        "SELECT count(*) - count(DISTINCT graduate_id) FROM engagements",
    ),
    (
        "one live agreement of an employer with a graduate",
        "SELECT count(*) FROM (SELECT FROM agreements WHERE status IN ('INVITED', 'SIGNING_REVIEW', 'SIGNED')
         GROUP BY employer_id, graduate_id HAVING count(*) > 1) AS twice",
    ),
    (
        "the counters of an agreement are its events",
        "SELECT count(*) FROM agreements a CROSS JOIN LATERAL
             (SELECT count(*), count(*) FILTER (WHERE action NOT IN ('REMIND', 'STORE_DOCUMENT'))
              FROM case_events WHERE case_id = a.id) AS e (events, moves)
         WHERE (event_count, version) IS DISTINCT FROM (events, moves)",
    ),
    (
        "one open termination of an agreement, and an end for a reason",
        "SELECT count(*) FROM agreements a CROSS JOIN LATERAL
             (SELECT count(*) FILTER (WHERE status IN ('REQUESTED', 'TERMINATION_REVIEW')),
                 count(*) FILTER (WHERE status = 'TERMINATED') FROM terminations t WHERE t.agreement_id = a.id) AS t (open, ended)
         WHERE open > (a.status = 'SIGNED')::int OR ended <> (a.status = 'TERMINATED')::int",
    ),
    (
        "a number is given once",
        "SELECT count(agreement_number) - count(DISTINCT agreement_number) FROM agreements",
    ),
    (
        "serials are counted without a gap",
        "SELECT count(*) FROM agreement_serials s WHERE last_serial <>
         (SELECT count(*) FROM agreements a WHERE a.school_id = s.school_id AND agreement_number IS NOT NULL)",
    ),
    (
        "each message through an outside channel has one job, and no other",
        "SELECT count(*) FROM (SELECT id::text FROM messages WHERE channel <> 'IN_APP') AS m (id)
         FULL JOIN (SELECT payload->>'message_id' FROM jobs WHERE queue = 'send_message') AS j (id) USING (id)
         WHERE m.id IS NULL OR j.id IS NULL",
    ),
    (
        "each signed agreement has one document with one job, and no other",
        "SELECT count(*) FROM (SELECT id FROM agreements WHERE status IN ('SIGNED', 'TERMINATED')) AS a (id)
         FULL JOIN documents d ON d.agreement_id = a.id
         FULL JOIN (SELECT (payload->>'document_id')::uuid FROM jobs WHERE queue = 'render_document') AS j (id)
             ON j.id = d.id
         WHERE a.id IS NULL OR d.id IS NULL OR j.id IS NULL OR d.version <> 1",
    ),
    (
        "no queue has a job twice, and there are no other queues",
        "SELECT count(*) - count(DISTINCT (queue, unique_key)) + count(*) FILTER (WHERE queue NOT IN
         ('expire_invitation', 'remind_invitation', 'send_message', 'render_document')) FROM jobs",
    ),
];
