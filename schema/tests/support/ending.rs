//! Terminations, as tests ask for them.

use uuid::Uuid;
use wangqian_schema::{
    model::{Viewer, termination::TerminationView},
    step::{self, Actor, IdempotencyKey, StepError, TerminationForm, TerminationRequest, TerminationStep},
    workflow::termination::TerminationAction,
};

use super::World;

impl World {
    /// Asks to end an agreement, for a reason that either side may give.
    pub(crate) async fn request_termination(
        &self,
        viewer: &Viewer,
        agreement_id: Uuid,
    ) -> Result<TerminationView, StepError> {
        self.hand_in_termination(viewer, agreement_id, &[]).await
    }

    /// Asks to end an agreement with these files.
    pub(crate) async fn hand_in_termination(
        &self,
        viewer: &Viewer,
        agreement_id: Uuid,
        files: &[Uuid],
    ) -> Result<TerminationView, StepError> {
        let form = mutual(files);
        let request = TerminationRequest { agreement_id, form };
        let key = IdempotencyKey {
            key: Uuid::now_v7().to_string(),
            request_hash: [2; 32],
        };
        step::request_termination(&self.platform, viewer, &request, None, Some(&key)).await
    }

    /// Takes a step on a termination.
    pub(crate) async fn take_termination(
        &self,
        viewer: &Viewer,
        termination_id: Uuid,
        step: TerminationStep,
    ) -> Result<TerminationView, StepError> {
        step::take_termination(&self.platform, Actor::Viewer(*viewer), termination_id, step, None).await
    }

    /// Ends a signed agreement: the first asks, the second agrees, the others approve.
    pub(crate) async fn terminate(&self, people: &[Viewer], agreement_id: Uuid) -> TerminationView {
        let [asker, other, reviewers @ ..] = people else {
            panic!("who asks, who agrees and who reviews");
        };
        let mut view = self.request_termination(asker, agreement_id).await.unwrap();
        let id = view.termination.id;
        self.take_termination(other, id, TerminationStep::Accept)
            .await
            .unwrap();
        for reviewer in reviewers {
            view = self
                .take_termination(reviewer, id, TerminationStep::Approve)
                .await
                .unwrap();
        }
        view
    }
}

/// Whether an action is done only to terminations of what graduates filled in themselves.
pub(crate) const fn filed_ending_only(action: TerminationAction) -> bool {
    matches!(
        action,
        TerminationAction::Return | TerminationAction::Submit | TerminationAction::Discard
    )
}

/// What is said of a termination for a reason that either side may give, with these files.
pub(crate) fn mutual(files: &[Uuid]) -> TerminationForm {
    TerminationForm {
        reason_code: "MUTUAL".into(),
        explanation: "双方协商一致".into(),
        files: files.to_vec(),
    }
}
