//! A step is taken as a whole or not at all: whichever of its writes fails, nothing of it remains.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use wangqian_schema::{
    SecretToken, audit,
    checks::Email,
    model::{
        account::{self, Credentials},
        case_upload::UploadOwner,
        document::StoredPdf,
        employer::MemberRole,
        member::{self, INVITATION_LIFETIME, MemberInvitation},
        passcode::{self, PasscodeChannel, PasscodeRequest, PasscodeSubject, Purpose, Try},
        secret_link::{LinkDelivery, SecretLink},
        session,
    },
    step::{self, Actor, AgreementStep, Colleague, IdempotencyKey, StampedCopy, StepError, TerminationStep},
    workflow::{
        ReviewRoute,
        agreement::{AgreementAction, AgreementChannel},
        termination::TerminationAction,
    },
};

use crate::filed::{filled, ready};
use crate::support::{Company, Student, World, execute, invitation, reason, text};

/// Everything in the database, as text.
pub(crate) async fn everything(conn: &mut AsyncPgConnection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in tables(conn).await {
        let query = format!("SELECT concat('{table} ', to_jsonb({table})) FROM {table} ORDER BY 1");
        rows.extend(text(conn, &query).await);
    }
    rows
}

async fn tables(conn: &mut AsyncPgConnection) -> Vec<String> {
    text(
        conn,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    )
    .await
}

/// Notes from now on which rows are written, where [`everything`] does not look.
pub(crate) async fn watch_writes(conn: &mut AsyncPgConnection) {
    execute(
        conn,
        "CREATE SCHEMA watch;
         CREATE TABLE watch.writes (place text);
         CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO watch.writes VALUES (concat_ws(' ', TG_OP, TG_TABLE_NAME)); RETURN NULL; END $$",
    )
    .await;
    for table in tables(conn).await {
        let watch = format!(
            "CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON {table}
             FOR EACH ROW EXECUTE FUNCTION watch.note()"
        );
        execute(conn, &watch).await;
    }
}

/// The kinds of writes since the last time, such as `INSERT jobs`.
pub(crate) async fn writes_seen(conn: &mut AsyncPgConnection) -> BTreeSet<String> {
    let seen = text(conn, "SELECT DISTINCT place FROM watch.writes").await;
    execute(conn, "TRUNCATE watch.writes").await;
    seen.into_iter().collect()
}

/// Makes every write of this kind to a table fail. `deferred`: only when the transaction commits.
pub(crate) async fn sabotage(conn: &mut AsyncPgConnection, table: &str, write: &str, deferred: bool) {
    let kind = if deferred {
        "CREATE CONSTRAINT TRIGGER sabotage AFTER"
    } else {
        "CREATE TRIGGER sabotage AFTER"
    };
    let when = if deferred {
        "DEFERRABLE INITIALLY DEFERRED"
    } else {
        ""
    };
    execute(
        conn,
        &format!(
            "CREATE OR REPLACE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'sabotaged'; END $$;
             {kind} {write} ON {table} {when} FOR EACH ROW EXECUTE FUNCTION sabotage()"
        ),
    )
    .await;
}

pub(crate) async fn repair(conn: &mut AsyncPgConnection, table: &str) {
    execute(conn, &format!("DROP TRIGGER sabotage ON {table}")).await;
}

const COLLEAGUE: &str = "colleague@example.com";

/// What is done.
enum Deed {
    /// The graduate confirms his data.
    Confirm,
    /// The graduate changes how he is reached, to what this proves.
    ChangeContact(Uuid, Try),
    /// An administrator invites a colleague.
    InviteMember,
    /// He takes the invitation back.
    WithdrawMemberInvitation,
    /// An invited colleague joins.
    Join(SecretToken),
    /// An administrator disables a colleague's account.
    DisableMember(Uuid),
    /// The employer invites.
    Invite,
    /// A step on the agreement.
    Take(Actor, AgreementStep),
    /// The worker has stored the agreement's document.
    Store,
    /// The employer asks to end the agreement.
    RequestTermination,
    /// The graduate hands in this draft.
    File(Uuid),
    /// A step on the last termination of the agreement.
    End(Actor, TerminationStep),
    /// The graduate hands in to end an agreement that he filled in, with this page.
    EndFiled(Uuid),
}

/// Which action was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Done {
    Agreement(AgreementAction),
    Termination(TerminationAction),
}

/// A step, and the kinds of writes that it is made of.
struct Attempt {
    deed: Deed,
    writes: BTreeSet<String>,
}

fn attempt(deed: Deed, writes: &[&str]) -> Attempt {
    let writes = writes.iter().map(|write| (*write).to_owned()).collect();
    Attempt { deed, writes }
}

struct Scene {
    world: World,
    employer: Company,
    student: Student,
}

impl Scene {
    /// Does it. Gives the agreement, and which action it was where the rules of agreements or terminations have a word for it.
    async fn run(&self, deed: &Deed, case: Option<Uuid>) -> Result<(Option<Uuid>, Option<Done>), StepError> {
        let platform = &self.world.platform;
        let (actor, step) = match deed {
            Deed::Confirm => {
                step::confirm_data(platform, &self.student.viewer, 1).await?;
                return Ok((None, None));
            }
            Deed::ChangeContact(session_id, proved) => {
                step::change_contact(platform, &self.student.viewer, *session_id, proved).await?;
                return Ok((None, None));
            }
            Deed::InviteMember => {
                let colleague = Colleague {
                    email: Email::parse(COLLEAGUE).unwrap(),
                    name: "示例同事".to_owned(),
                    role: MemberRole::Member,
                };
                step::invite_member(platform, &self.employer.viewer, &colleague, false).await?;
                return Ok((None, None));
            }
            Deed::WithdrawMemberInvitation => {
                let email = Email::parse(COLLEAGUE).unwrap();
                step::withdraw_member_invitation(platform, &self.employer.viewer, &email).await?;
                return Ok((None, None));
            }
            Deed::Join(token) => {
                step::join(platform, token, "nobody logs in here").await?;
                return Ok((None, None));
            }
            Deed::DisableMember(account_id) => {
                step::set_member_enabled(platform, &self.employer.viewer, *account_id, false).await?;
                return Ok((None, None));
            }
            Deed::Invite => {
                let key = IdempotencyKey {
                    key: "the same request".to_owned(),
                    request_hash: [1; 32],
                };
                let deadline = self.world.now() + TimeDelta::days(7);
                let invitation = invitation(self.student.id, deadline);
                let invited = step::invite(platform, &self.employer.viewer, &invitation, Some(&key)).await?;
                let action = Done::Agreement(AgreementAction::Invite);
                return Ok((Some(invited.agreement.id), Some(action)));
            }
            Deed::RequestTermination => {
                let asked = self
                    .world
                    .request_termination(&self.employer.viewer, case.unwrap())
                    .await?;
                assert_eq!(asked.termination.agreement_id, case.unwrap());
                return Ok((case, Some(Done::Termination(TerminationAction::Request))));
            }
            Deed::End(actor, step) => {
                let query = format!(
                    "SELECT id FROM terminations WHERE agreement_id = '{}' ORDER BY id DESC LIMIT 1",
                    case.unwrap()
                );
                let id = text(&mut *self.world.conn().await, &query).await[0]
                    .parse()
                    .unwrap();
                step::take_termination(platform, *actor, id, step.clone(), None).await?;
                return Ok((case, Some(Done::Termination(step.action()))));
            }
            Deed::EndFiled(page) => {
                let agreement = case.unwrap();
                self.world
                    .hand_in_termination(&self.student.viewer, agreement, &[*page])
                    .await?;
                return Ok((case, Some(Done::Termination(TerminationAction::Submit))));
            }
            Deed::File(draft) => {
                let actor = Actor::Viewer(self.student.viewer);
                let step = AgreementStep::Submit(Vec::new());
                step::take(platform, actor, *draft, step, None).await?;
                return Ok((Some(*draft), Some(Done::Agreement(AgreementAction::Submit))));
            }
            Deed::Take(actor, step) => (*actor, step.clone()),
            Deed::Store => (Actor::Worker, self.storing(case.unwrap()).await),
        };
        let action = step.action();
        let view = step::take(platform, actor, case.unwrap(), step, None).await?;
        Ok((Some(view.agreement.id), Some(Done::Agreement(action))))
    }

    /// A code that the graduate has asked for and typed.
    async fn proved(&self) -> Try {
        let conn = &mut *self.world.conn().await;
        let subject = PasscodeSubject::of(self.student.viewer.account_id().as_bytes());
        let request = PasscodeRequest {
            purpose: Purpose::ContactChange,
            subject,
            account_id: None,
            channel: PasscodeChannel::Email,
            address: Some("another@example.com".to_owned()),
        };
        let now = self.world.now();
        passcode::request(conn, &request, now).await.unwrap();
        let tried = passcode::count_try(conn, request.purpose, subject, now).await;
        tried.unwrap().unwrap()
    }

    /// The id of a session of the student.
    async fn session(&self) -> Uuid {
        let conn = &mut *self.world.conn().await;
        let account_id = self.student.viewer.account_id();
        let password_hash = account::password_hash(conn, account_id).await.unwrap();
        let proved = Credentials {
            account_id,
            password_hash,
        };
        let begun = session::begin(conn, &proved, None, self.world.now()).await;
        begun.unwrap().unwrap().0.id
    }

    /// A colleague who was invited and has the link.
    async fn invited(&self) -> SecretToken {
        let conn = &mut *self.world.conn().await;
        execute(conn, "UPDATE employer_members SET role = 'ADMINISTRATOR'").await;
        let now = self.world.now();
        let invitation = MemberInvitation {
            id: Uuid::now_v7(),
            employer_id: self.employer.id,
            email: "joiner@example.com".to_owned(),
            name: "示例同事".to_owned(),
            role: MemberRole::Member,
            created_at: now,
            expires_at: now + INVITATION_LIFETIME,
            delivery: LinkDelivery::Pending,
            silent: false,
        };
        member::invite(conn, &invitation).await.unwrap();
        let token = SecretToken::generate();
        let link = SecretLink::MemberInvitation(invitation.id);
        assert!(link.arm(conn, &token).await.unwrap());
        token
    }

    /// A draft of the graduate's, who has confirmed his data for the moment, and a page that can be handed in.
    async fn filed(&self, key: &str) -> (Uuid, Uuid) {
        let (platform, viewer) = (&self.world.platform, &self.student.viewer);
        let conn = &mut *self.world.conn().await;
        execute(conn, "UPDATE graduates SET confirmed_at = now()").await;
        let key = IdempotencyKey {
            key: key.to_owned(),
            request_hash: [1; 32],
        };
        let channel = AgreementChannel::Offline;
        let draft = step::create_agreement_draft(platform, viewer, channel, &filled(), &key).await;
        execute(conn, "UPDATE graduates SET confirmed_at = NULL").await;
        let owner = UploadOwner::Account(viewer.account_id());
        let page = ready(&self.world, &owner).await;
        // Days go by before it is handed in.
        execute(
            conn,
            "UPDATE uploads SET expires_at = expires_at + interval '1 year'",
        )
        .await;
        (draft.unwrap().agreement.id, page)
    }

    async fn storing(&self, agreement: Uuid) -> AgreementStep {
        let query = format!("SELECT id FROM documents WHERE agreement_id = '{agreement}'");
        let document = text(&mut *self.world.conn().await, &query).await;
        let pdf = StoredPdf {
            object_key: "agreements/one.pdf".to_owned(),
            sha256: [7; 32],
            byte_size: 1000,
        };
        AgreementStep::StoreDocument(document[0].parse().unwrap(), pdf)
    }

    /// Lets each of a step's writes fail, at once and when the transaction commits: whichever it is, nothing remains.
    async fn sabotage_each(&self, attempt: &Attempt, case: Option<Uuid>, what: &str) {
        let conn = &mut *self.world.conn().await;
        for place in &attempt.writes {
            let (write, table) = place.split_once(' ').unwrap();
            for deferred in [false, true] {
                let before = everything(conn).await;
                let mut woken = self.world.platform.waker.subscribe();
                woken.mark_unchanged();
                sabotage(conn, table, write, deferred).await;
                let failed = self.run(&attempt.deed, case).await;
                let place = format!("{what}: {place}, deferred: {deferred}");
                assert!(
                    matches!(failed, Err(StepError::Database(_))),
                    "{place}: {failed:?}"
                );
                assert_eq!(everything(conn).await, before, "{place}");
                assert!(!woken.has_changed().unwrap(), "{place}: nothing to wake for");
                repair(conn, table).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_anywhere_leaves_nothing() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::DepartmentThenSchool).await;
    let department = Actor::Viewer(world.department_reviewer(&campus, 0).await);
    let school = Actor::Viewer(world.school_reviewer(&campus).await);
    let scene = Scene {
        employer: world.employer().await,
        student: world
            .graduate_with(&campus, 0, |new| new.confirmed_at = None)
            .await,
        world,
    };
    let employer = Actor::Viewer(scene.employer.viewer);
    let graduate = Actor::Viewer(scene.student.viewer);
    let proved = scene.proved().await;
    let session = scene.session().await;
    let token = scene.invited().await;
    let colleague = scene.world.member(scene.employer.id).await.account_id();
    let (given_up, _) = scene.filed("one draft").await;
    let (draft, page) = scene.filed("another draft").await;
    let (_, letter) = scene.filed("a page").await;
    let (_, next_letter) = scene.filed("another page").await;
    watch_writes(&mut *scene.world.conn().await).await;

    let told = [
        "INSERT case_events",
        "INSERT messages",
        "INSERT jobs",
        "UPDATE agreements",
    ];
    let told_and = |more: &[&'static str]| [&told, more].concat();
    let step = |actor, step, more: &[&'static str]| attempt(Deed::Take(actor, step), &told_and(more));
    let untold = |actor, step, more: &[&'static str]| {
        let writes = [&["INSERT case_events", "UPDATE agreements"], more].concat();
        attempt(Deed::Take(actor, step), &writes)
    };
    let filing = |draft| {
        let writes = ["INSERT case_events", "UPDATE agreements", "INSERT engagements"];
        attempt(Deed::File(draft), &writes)
    };
    let (file, file_in_vain) = (filing(draft), filing(given_up));
    let file_again = untold(graduate, AgreementStep::Submit(Vec::new()), &[]);
    let take_back = untold(graduate, AgreementStep::Withdraw, &[]);
    let give_back = step(department, AgreementStep::Return(reason()), &[]);
    let print = step(
        school,
        AgreementStep::Approve,
        &["UPDATE agreement_serials", "INSERT documents"],
    );
    let links = ["INSERT stamped_copy_links", "INSERT jobs"];
    let ask_employer = untold(graduate, AgreementStep::RequestStampedCopy, &links);
    let copy = StampedCopy {
        files: vec![page],
        token: None,
    };
    let copied = ["INSERT case_files", "UPDATE uploads", "DELETE stamped_copy_links"];
    let hand_copy_in = untold(graduate, AgreementStep::SubmitStampedCopy(copy), &copied);
    let discard = untold(graduate, AgreementStep::Discard, &["DELETE engagements"]);
    let confirm = attempt(Deed::Confirm, &["UPDATE graduates", "INSERT case_events"]);
    let change_contact = attempt(
        Deed::ChangeContact(session, proved),
        &[
            "DELETE passcodes",
            "UPDATE accounts",
            "UPDATE graduates",
            "INSERT case_events",
            "INSERT account_notices",
            "INSERT jobs",
        ],
    );
    let on_trail = |deed, more: &[&'static str]| {
        attempt(
            deed,
            &[&["UPDATE employers", "INSERT case_events"][..], more].concat(),
        )
    };
    let invite_member = on_trail(Deed::InviteMember, &["INSERT member_invitations", "INSERT jobs"]);
    let withdraw = on_trail(Deed::WithdrawMemberInvitation, &["DELETE member_invitations"]);
    let join = on_trail(
        Deed::Join(token),
        &[
            "DELETE member_invitations",
            "INSERT accounts",
            "INSERT employer_members",
        ],
    );
    let disable = on_trail(Deed::DisableMember(colleague), &["UPDATE accounts"]);
    let invite = attempt(
        Deed::Invite,
        &told_and(&["INSERT idempotency_keys", "INSERT agreements"]),
    );
    let cancel = step(employer, AgreementStep::Cancel, &[]);
    let decline = step(graduate, AgreementStep::Decline(reason()), &[]);
    let remind = step(Actor::Worker, AgreementStep::Remind, &[]);
    let expire = step(Actor::Worker, AgreementStep::Expire, &[]);
    let accept = step(graduate, AgreementStep::Accept, &["INSERT engagements"]);
    let reject = step(
        department,
        AgreementStep::Reject(reason()),
        &["DELETE engagements"],
    );
    let approve = step(department, AgreementStep::Approve, &[]);
    let reject_later = step(school, AgreementStep::Reject(reason()), &["DELETE engagements"]);
    let sign = step(
        school,
        AgreementStep::Approve,
        &[
            "INSERT agreement_serials",
            "INSERT documents",
            "UPDATE placements",
            "INSERT figure_deltas",
        ],
    );
    let store = attempt(
        Deed::Store,
        &["UPDATE documents", "INSERT case_events", "UPDATE agreements"],
    );
    let mut amended = filled();
    // The employer that signed online stays.
    amended.employer_name.clone_from(&scene.employer.name);
    amended.credit_code.clone_from(&scene.employer.credit_code);
    amended.terms.regular_salary = Some(12_000);
    let amend = step(
        school,
        AgreementStep::Amend(Box::new(amended), reason()),
        &["INSERT field_changes", "UPDATE documents", "INSERT documents"],
    );
    let ask = attempt(
        Deed::RequestTermination,
        &[
            "INSERT idempotency_keys",
            "INSERT terminations",
            "UPDATE terminations",
            "INSERT case_events",
            "INSERT messages",
            "INSERT jobs",
        ],
    );
    let told_of_end = [
        "INSERT case_events",
        "INSERT messages",
        "INSERT jobs",
        "UPDATE terminations",
    ];
    let end = |actor, step, more: &[&'static str]| {
        attempt(Deed::End(actor, step), &[&told_of_end[..], more].concat())
    };
    let withdraw_end = end(employer, TerminationStep::Withdraw, &[]);
    let refuse_end = end(graduate, TerminationStep::Refuse(reason()), &[]);
    let agree = end(graduate, TerminationStep::Accept, &[]);
    let advance_end = end(department, TerminationStep::Approve, &[]);
    let reject_end = end(school, TerminationStep::Reject(reason()), &[]);
    let terminate = end(
        school,
        TerminationStep::Approve,
        &[
            "UPDATE agreements",
            "DELETE engagements",
            "UPDATE placements",
            "INSERT figure_deltas",
        ],
    );
    let letters = ["INSERT case_files", "UPDATE uploads"];
    let handing_in = [
        "INSERT idempotency_keys",
        "INSERT terminations",
        "UPDATE terminations",
        "INSERT case_events",
    ];
    let end_filed = |page| attempt(Deed::EndFiled(page), &[&handing_in[..], &letters].concat());
    let (end_in_vain, end_filed) = (end_filed(letter), end_filed(next_letter));
    let untold_end = |step| {
        let writes = ["INSERT case_events", "UPDATE terminations"];
        attempt(Deed::End(graduate, step), &writes)
    };
    let (take_end_back, discard_end) = (
        untold_end(TerminationStep::Withdraw),
        untold_end(TerminationStep::Discard),
    );
    let return_end = end(school, TerminationStep::Return(reason()), &[]);
    let counted = ["UPDATE placements", "INSERT figure_deltas"];
    let sign_filed = step(school, AgreementStep::Approve, &counted);
    let half_a_day_left = TimeDelta::hours(7 * 24 - 12);
    let at_once = TimeDelta::zero();

    // Each story is one case; before a step some time passes.
    let stories: [&[(TimeDelta, &Attempt)]; 10] = [
        &[(at_once, &confirm), (at_once, &change_contact)],
        &[
            (at_once, &join),
            (at_once, &invite_member),
            (at_once, &withdraw),
            (at_once, &disable),
        ],
        &[(at_once, &invite), (at_once, &cancel)],
        &[(at_once, &invite), (at_once, &decline)],
        &[
            (at_once, &invite),
            (half_a_day_left, &remind),
            (TimeDelta::hours(12), &expire),
        ],
        &[(at_once, &invite), (at_once, &accept), (at_once, &reject)],
        &[
            (at_once, &invite),
            (at_once, &accept),
            (at_once, &approve),
            (at_once, &reject_later),
        ],
        &[
            (at_once, &invite),
            (at_once, &accept),
            (at_once, &approve),
            (at_once, &sign),
            (at_once, &store),
            (at_once, &amend),
            (at_once, &ask),
            (at_once, &withdraw_end),
            (at_once, &ask),
            (at_once, &refuse_end),
            (at_once, &ask),
            (at_once, &agree),
            (at_once, &advance_end),
            (at_once, &reject_end),
            (at_once, &ask),
            (at_once, &agree),
            (at_once, &advance_end),
            (at_once, &terminate),
        ],
        &[
            (at_once, &file_in_vain),
            (at_once, &take_back),
            (at_once, &discard),
        ],
        &[
            (at_once, &file),
            (at_once, &give_back),
            (at_once, &file_again),
            (at_once, &approve),
            (at_once, &print),
            (at_once, &ask_employer),
            (at_once, &hand_copy_in),
            (at_once, &approve),
            (at_once, &sign_filed),
            (at_once, &end_in_vain),
            (at_once, &take_end_back),
            (at_once, &discard_end),
            (at_once, &end_filed),
            (at_once, &advance_end),
            (at_once, &return_end),
            (at_once, &discard_end),
        ],
    ];
    let mut done = BTreeSet::new();
    for story in stories {
        let mut case = None;
        let conn = &mut *scene.world.conn().await;
        execute(conn, "DELETE FROM idempotency_keys").await;
        for (wait, attempt) in story {
            scene.world.platform.clock.advance(*wait);
            let what = format!("after {done:?}");
            scene.sabotage_each(attempt, case, &what).await;
            writes_seen(conn).await;
            let mut woken = scene.world.platform.waker.subscribe();
            woken.mark_unchanged();
            let (of, action) = scene.run(&attempt.deed, case).await.unwrap();
            assert!(woken.has_changed().unwrap(), "{what}: it is heard of");
            // None of its writes was left out above.
            assert_eq!(writes_seen(conn).await, attempt.writes, "{what}: {action:?}");
            case = of;
            done.extend(action);
        }
    }
    // Asking is the first step of a termination, and the end of the agreement a part of its last one.
    let within = [AgreementAction::RequestTermination, AgreementAction::Terminate];
    let agreements = AgreementAction::ALL
        .iter()
        // Saving a draft leaves no event.
        .filter(|action| !within.contains(action) && **action != AgreementAction::SaveDraft);
    let terminations = TerminationAction::ALL.iter().copied().map(Done::Termination);
    let every: BTreeSet<_> = agreements
        .copied()
        .map(Done::Agreement)
        .chain(terminations)
        .collect();
    assert_eq!(done, every, "each step was tried");
    let report = audit::walk(&mut *scene.world.conn().await, None).await.unwrap();
    assert_eq!((report.cases, report.events, report.breaks), (16, 58, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_invitation_leaves_an_expired_one_as_it_was() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let student = world.graduate(&campus, 0).await;
    world.invite(&employer, &student).await;
    world.platform.clock.advance(TimeDelta::days(8));
    let conn = &mut *world.conn().await;
    let before = everything(conn).await;
    // Fails at the new invitation, after the old one was expired on the way.
    sabotage(conn, "agreements", "INSERT", false).await;
    let deadline = world.now() + TimeDelta::days(7);
    let failed = world.try_invite(&employer.viewer, student.id, deadline).await;
    assert!(matches!(failed, Err(StepError::Database(_))), "{failed:?}");
    assert_eq!(everything(conn).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_invitation_does_not_use_up_its_key() {
    let world = World::new().await;
    let campus = world.school(ReviewRoute::SchoolOnly).await;
    let employer = world.employer().await;
    let student = world
        .graduate_with(&campus, 0, |new| new.online_signing_allowed = false)
        .await;
    let key = IdempotencyKey {
        key: "a request".to_owned(),
        request_hash: [1; 32],
    };
    let invitation = invitation(student.id, world.now() + TimeDelta::days(7));
    let invite = async || step::invite(&world.platform, &employer.viewer, &invitation, Some(&key)).await;
    let conn = &mut *world.conn().await;
    let before = everything(conn).await;
    crate::support::refusal(invite().await);
    assert_eq!(everything(conn).await, before);
    execute(conn, "UPDATE graduates SET online_signing_allowed = true").await;
    invite().await.unwrap();
}
