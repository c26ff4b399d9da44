//! The tries themselves.

use uuid::Uuid;
use wangqian_schema::{
    model::{Viewer, case_upload::UploadOwner, terms::AgreementDraft},
    step::{self, Actor, AgreementStep, DestinationStep, StampedCopy, StepError, TerminationStep},
    workflow::{
        ReviewLevel,
        agreement::{
            AgreementAction as AnAgreement,
            AgreementChannel::{Online, Registered},
        },
        destination::DestinationAction as ADestination,
        termination::{Party, TerminationAction as ATermination},
    },
};

use super::{Do, Known, Lives, Of, Who};
use crate::{
    destinations,
    filed::{filled, ready},
    support::{mutual, reason},
};

impl Lives {
    async fn page(&self, by: &Viewer) -> Vec<Uuid> {
        vec![ready(&self.world, &UploadOwner::Account(by.account_id())).await]
    }

    fn terms(&self, known: &Known, salary: u32) -> AgreementDraft {
        let mut draft = filled();
        if self.channel(known) == Some(Online) {
            draft.employer_name.clone_from(&self.employer.name);
            draft.credit_code.clone_from(&self.employer.credit_code);
        }
        draft.terms.regular_salary = Some(i32::try_from(salary).unwrap());
        draft
    }

    /// Does it. Gives where the case stands, or of a termination that was asked for, what is known of that.
    pub(super) async fn attempt(
        &self,
        nth: u32,
        at: usize,
        who: Who,
        what: Do,
        goes: bool,
    ) -> Result<(Of, Option<ReviewLevel>, Option<Known>), StepError> {
        let known = self.cases[at];
        let by = self.viewer(who, known.graduate);
        // Files are asked for where they are used.
        let files = match what {
            Do::Agreement(AnAgreement::SubmitStampedCopy) | Do::Termination(ATermination::Submit) if goes => {
                self.page(&by).await
            }
            Do::Agreement(AnAgreement::Submit | AnAgreement::RequestTermination)
                if goes && self.channel(&known) != Some(Online) =>
            {
                self.page(&by).await
            }
            _ => Vec::new(),
        };
        let platform = &self.world.platform;
        match (what, known.of) {
            (Do::Agreement(AnAgreement::RequestTermination), of) => {
                let asked = self.world.hand_in_termination(&by, known.id, &files).await?;
                let made = asked.termination;
                let party = if who == Who::Employer {
                    Party::Employer
                } else {
                    Party::Graduate
                };
                let begun = Known {
                    id: made.id,
                    graduate: known.graduate,
                    awaiting: made.awaiting_review,
                    told: true,
                    of: Of::Termination(at, party, made.status),
                };
                Ok((of, None, Some(begun)))
            }
            (Do::Agreement(action), Of::Agreement(channel, _)) => {
                let step = match action {
                    AnAgreement::Cancel => AgreementStep::Cancel,
                    AnAgreement::Accept => AgreementStep::Accept,
                    AnAgreement::Decline => AgreementStep::Decline(None),
                    AnAgreement::Approve => AgreementStep::Approve,
                    AnAgreement::Reject => AgreementStep::Reject(reason()),
                    AnAgreement::Return => AgreementStep::Return(reason()),
                    AnAgreement::Submit => {
                        AgreementStep::Submit(if channel == Registered { files } else { Vec::new() })
                    }
                    AnAgreement::Withdraw => AgreementStep::Withdraw,
                    AnAgreement::Discard => AgreementStep::Discard,
                    AnAgreement::RequestStampedCopy => AgreementStep::RequestStampedCopy,
                    AnAgreement::SubmitStampedCopy => {
                        AgreementStep::SubmitStampedCopy(StampedCopy { files, token: None })
                    }
                    AnAgreement::Amend => {
                        AgreementStep::Amend(Box::new(self.terms(&known, 10_000 + nth)), reason())
                    }
                    other => unreachable!("{other} is not tried"),
                };
                let view = match (who, action) {
                    (Who::Graduate, AnAgreement::Discard) => {
                        step::discard_agreement(platform, &by, known.id, None).await?
                    }
                    _ => step::take(platform, Actor::Viewer(by), known.id, step, None).await?,
                };
                let row = view.agreement;
                Ok((Of::Agreement(channel, row.status), row.awaiting_review, None))
            }
            (Do::Termination(action), Of::Termination(of, party, _)) => {
                let step = match action {
                    ATermination::Submit => TerminationStep::Submit(mutual(&files)),
                    ATermination::Discard => TerminationStep::Discard,
                    ATermination::Withdraw => TerminationStep::Withdraw,
                    ATermination::Accept => TerminationStep::Accept,
                    ATermination::Refuse => TerminationStep::Refuse(None),
                    ATermination::Approve => TerminationStep::Approve,
                    ATermination::Reject => TerminationStep::Reject(reason()),
                    ATermination::Return => TerminationStep::Return(reason()),
                    ATermination::Request => unreachable!("begins one"),
                };
                let row = self
                    .world
                    .take_termination(&by, known.id, step)
                    .await?
                    .termination;
                Ok((Of::Termination(of, party, row.status), row.awaiting_review, None))
            }
            (Do::Destination(action), Of::Destination { .. }) => {
                let mut form = destinations::seeking();
                form.remark = Some(format!("第 {nth} 次修改"));
                let step = match action {
                    ADestination::Submit => DestinationStep::Submit(Vec::new()),
                    ADestination::Withdraw => DestinationStep::Withdraw,
                    ADestination::Discard => DestinationStep::Discard,
                    ADestination::Approve => DestinationStep::Approve,
                    ADestination::Return => DestinationStep::Return(reason()),
                    ADestination::Reject => DestinationStep::Reject(reason()),
                    ADestination::Change => DestinationStep::Change(Box::new(form), None),
                    ADestination::Void => DestinationStep::Void(None),
                    ADestination::Amend => DestinationStep::Amend(Box::new(form), reason()),
                    ADestination::SaveDraft => unreachable!("is no step"),
                };
                let view = match (who, action) {
                    (Who::Graduate, ADestination::Discard) => {
                        step::discard_destination(platform, &by, known.id, None).await?
                    }
                    _ => step::take_destination(platform, Actor::Viewer(by), known.id, step, None).await?,
                };
                let row = view.destination;
                let of = Of::Destination {
                    status: row.status,
                    ticked: true,
                    department_approved: false,
                };
                Ok((of, row.awaiting_review, None))
            }
            (what, of) => panic!("{what:?} is nothing to do to {of:?}"),
        }
    }
}
