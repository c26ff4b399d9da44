//! What is done in the stories: each step with the kinds of writes that it is made of.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use uuid::Uuid;
use wangqian_schema::{
    SecretToken,
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
    step::{self, Actor, AgreementStep, Colleague, IdempotencyKey, StepError, TerminationStep},
    workflow::{
        agreement::{AgreementAction, AgreementChannel},
        termination::TerminationAction,
    },
};

use super::watching::fails_at_each;
use crate::filed::{filled, ready};
use crate::support::{Company, Student, World, execute, invitation, text};

const COLLEAGUE: &str = "colleague@example.com";

/// What is done.
pub(super) enum Deed {
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
pub(super) enum Done {
    Agreement(AgreementAction),
    Termination(TerminationAction),
}

/// A step, and the kinds of writes that it is made of.
pub(super) struct Attempt {
    pub(super) deed: Deed,
    pub(super) writes: BTreeSet<String>,
}

pub(super) fn attempt(deed: Deed, writes: &[&str]) -> Attempt {
    let writes = writes.iter().map(|write| (*write).to_owned()).collect();
    Attempt { deed, writes }
}

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) employer: Company,
    pub(super) student: Student,
}

impl Scene {
    /// Does it. Gives the agreement, and which action it was where the rules of agreements or terminations have a word for it.
    pub(super) async fn run(
        &self,
        deed: &Deed,
        case: Option<Uuid>,
    ) -> Result<(Option<Uuid>, Option<Done>), StepError> {
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
    pub(super) async fn proved(&self) -> Try {
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
    pub(super) async fn session(&self) -> Uuid {
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
    pub(super) async fn invited(&self) -> SecretToken {
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
    pub(super) async fn filed(&self, key: &str) -> (Uuid, Uuid) {
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
    pub(super) async fn sabotage_each(&self, attempt: &Attempt, case: Option<Uuid>, what: &str) {
        let conn = &mut *self.world.conn().await;
        fails_at_each(conn, &attempt.writes, what, async || {
            let mut woken = self.world.platform.waker.subscribe();
            woken.mark_unchanged();
            let failed = self.run(&attempt.deed, case).await;
            assert!(!woken.has_changed().unwrap(), "{what}: nothing to wake for");
            failed
        })
        .await;
    }
}
