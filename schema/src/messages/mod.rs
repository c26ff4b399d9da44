//! Messages: which there are ([`MessageTemplate`]), whom a step owes which ([`owed`]), what they say ([`write`]), and which of them
//! people may not want ([`MessageGroup`]). Sending is the worker's business.

mod group;
mod owed;
mod text;

pub use self::{
    group::{MessageGroup, offered},
    owed::{
        Audience, Owed, STAMPED_COPY_RECEIVED, destination_owed, leaving_owed, owed, registration_owed,
        termination_owed,
    },
    text::{Text, TextError, write},
};
use crate::text_enum::text_enum;

text_enum! {
    /// The messages that exist; the file of a text bears the same name.
    pub enum MessageTemplate {
        /// To the graduate: somebody invites him.
        InvitationReceived = "INVITATION_RECEIVED",
        /// To the graduate: 24 hours are left.
        InvitationExpiring = "INVITATION_EXPIRING",
        /// To the graduate: the deadline passed.
        InvitationExpired = "INVITATION_EXPIRED",
        /// To the graduate: the employer took the invitation back.
        InvitationCancelled = "INVITATION_CANCELLED",
        /// To the employer: the graduate accepted.
        InvitationAccepted = "INVITATION_ACCEPTED",
        /// To the employer: the graduate declined.
        InvitationDeclined = "INVITATION_DECLINED",
        /// To the employer: the graduate did not answer in time.
        InvitationUnanswered = "INVITATION_UNANSWERED",
        /// To both: the department approved, the school decides next.
        ReviewAdvanced = "REVIEW_ADVANCED",
        /// To both: signed.
        AgreementSigned = "AGREEMENT_SIGNED",
        /// To both: the review refused.
        SigningRejected = "SIGNING_REJECTED",
        /// To the graduate: the terms of an offline agreement are approved, its paper can be printed.
        TermsApproved = "TERMS_APPROVED",
        /// To the graduate: what he filled in is to be mended.
        AgreementReturned = "AGREEMENT_RETURNED",
        /// To the graduate: another stamped copy is wanted.
        StampedCopyReturned = "STAMPED_COPY_RETURNED",
        /// To the graduate: the agreement that he registered counts as signed.
        AgreementRegistered = "AGREEMENT_REGISTERED",
        /// To the graduate: the review refused what he registered, which is void.
        RegistrationRejected = "REGISTRATION_REJECTED",
        /// To the graduate: an offline agreement is signed.
        FiledAgreementSigned = "FILED_AGREEMENT_SIGNED",
        /// To the graduate: the review refused what he filed, which is void.
        FiledAgreementRejected = "FILED_AGREEMENT_REJECTED",
        /// To the employer's contact: the link by which he hands the stamped copy in.
        StampedCopyLink = "STAMPED_COPY_LINK",
        /// To the graduate: his employer has handed the stamped copy in.
        StampedCopyReceived = "STAMPED_COPY_RECEIVED",
        /// To both: one side asks to end the agreement.
        TerminationRequested = "TERMINATION_REQUESTED",
        /// To the other side: whoever asked took it back.
        TerminationWithdrawn = "TERMINATION_WITHDRAWN",
        /// To both: the other side agrees to end it, the school decides.
        TerminationAccepted = "TERMINATION_ACCEPTED",
        /// To both: the other side does not agree.
        TerminationRefused = "TERMINATION_REFUSED",
        /// To both: the department approved the termination, the school decides next.
        TerminationAdvanced = "TERMINATION_ADVANCED",
        /// To both: the agreement has ended.
        AgreementTerminated = "AGREEMENT_TERMINATED",
        /// To both: the review refused the termination.
        TerminationRejected = "TERMINATION_REJECTED",
        /// To the graduate: his application to end the agreement is to be mended.
        TerminationReturned = "TERMINATION_RETURNED",
        /// To the graduate: the department approved his destination, or its voiding; the school decides next.
        DestinationAdvanced = "DESTINATION_ADVANCED",
        /// To the graduate: his destination is registered.
        DestinationRegistered = "DESTINATION_REGISTERED",
        /// To the graduate: his destination is to be mended.
        DestinationReturned = "DESTINATION_RETURNED",
        /// To the graduate: the review refused his destination, which is void.
        DestinationRejected = "DESTINATION_REJECTED",
        /// To the graduate: a reviewer has changed what he filled in.
        DestinationChanged = "DESTINATION_CHANGED",
        /// To both: the school has changed the terms of what is signed.
        AgreementAmended = "AGREEMENT_AMENDED",
        /// To the graduate: the school has changed what is registered for him.
        DestinationAmended = "DESTINATION_AMENDED",
        /// To the graduate: his destination is void, as he wanted.
        DestinationVoided = "DESTINATION_VOIDED",
        /// To the graduate: his destination stands, although he wanted it void.
        VoidingRejected = "VOIDING_REJECTED",
        /// To the graduate: the confirmation period of his class is open.
        LeavingOpened = "LEAVING_OPENED",
        /// To the graduate: the school has answered what he disputes before he leaves.
        LeavingAnswered = "LEAVING_ANSWERED",
        /// To the graduate: the school has reopened his cases after the cut-off.
        LeavingReopened = "LEAVING_REOPENED",
        /// To the graduate: the sheet of what he confirmed can be downloaded.
        DestinationSheetReady = "DESTINATION_SHEET_READY",
        /// To whoever reads the address: the code with which a new password can be set.
        PasswordResetCode = "PASSWORD_RESET_CODE",
        /// To whoever reads the address: the code with which it becomes the account's own.
        ContactChangeCode = "CONTACT_CHANGE_CODE",
        /// To an account's former address: it is no longer the account's.
        ContactChanged = "CONTACT_CHANGED",
        /// To an account: its password was changed.
        PasswordChanged = "PASSWORD_CHANGED",
        /// To the address that an account keeps: its other one is new.
        OtherContactChanged = "OTHER_CONTACT_CHANGED",
        /// To whoever reads the address: the code with which an employer can be registered.
        RegistrationCode = "REGISTRATION_CODE",
        /// To the employer: it waits to be verified.
        EmployerRegistered = "EMPLOYER_REGISTERED",
        /// To the employer: an operator has verified it.
        EmployerVerified = "EMPLOYER_VERIFIED",
        /// To the employer: an operator has refused it, and why.
        EmployerRefused = "EMPLOYER_REFUSED",
        /// To a colleague: the link with which he joins an employer.
        MemberInvited = "MEMBER_INVITED",
        /// To the graduate: the school has corrected his basic information.
        DataCorrected = "DATA_CORRECTED",
        /// To a new reviewer: his account is open, and how he sets its password.
        ReviewerAdded = "REVIEWER_ADDED",
        /// To a reviewer: what waits for him today.
        ReviewDigest = "REVIEW_DIGEST",
        /// To a reviewer: the disputes that wait for him today, where nothing else does.
        DisputeDigest = "DISPUTE_DIGEST",
    }
}
