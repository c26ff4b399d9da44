//! The mutations of the table: what is sent for each row, and how its answer is recognised.

use serde_json::{Value, json};

use super::{
    probes::{Mark, Probe, of},
    world::{Target, World},
};
use crate::support::{
    client::PASSWORD, exporting, filing, placing, registering, reviewing, signing, terminating, uploading,
};

const END_SESSION: &str = "mutation($id: ID!) { endSession(input: { sessionId: $id }) {
    sessionId userErrors { code field message } } }";

const MARK_READ: &str = "mutation($id: ID!) { markNotificationsRead(input: { notificationIds: [$id] }) {
    userErrors { code field message } } }";

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
    viewer { ... on Graduate { name } } session { current } userErrors { code field message } } }";

fn agreement(id: &str) -> Value {
    json!({ "input": { "agreementId": id } })
}

fn termination(id: &str) -> Value {
    json!({ "input": { "terminationId": id } })
}

fn destination(id: &str) -> Value {
    json!({ "input": { "destinationId": id } })
}

fn approval(id: &str) -> Value {
    json!({ "input": { "caseId": id, "decision": "APPROVE" } })
}

fn log_in(identifier: &str, password: &str) -> Value {
    json!({ "input": { "identifier": identifier, "password": password, "delivery": "BEARER" } })
}

const fn step(row: &'static str, document: &'static str, variables: fn(&str) -> Value) -> Probe {
    Probe {
        row,
        document,
        target: Target::Case,
        variables,
        mark: Mark::Target,
    }
}

const fn ending(row: &'static str, document: &'static str, variables: fn(&str) -> Value) -> Probe {
    Probe {
        target: Target::Termination,
        ..step(row, document, variables)
    }
}

const CREATE_COPY_UPLOAD: &str =
    "mutation($input: CreateStampedCopyUploadInput!) { createStampedCopyUpload(input: $input) {
    upload { id } userErrors { code field message } } }";

fn copy_upload(token: &str) -> Value {
    json!({ "input": { "token": token, "fileName": "a", "contentType": "image/png", "byteSize": 5 } })
}

const fn filed(
    row: &'static str,
    document: &'static str,
    variables: fn(&str) -> Value,
    target: Target,
) -> Probe {
    Probe {
        row,
        document,
        target,
        variables,
        mark: Mark::Change,
    }
}

/// Everything that is done.
pub(super) const DOING: &[Probe] = &[
    Probe {
        row: "inviteGraduates",
        document: signing::INVITE,
        target: Target::Third,
        variables: |id| signing::invitation(&uuid::Uuid::now_v7().to_string(), &[id.to_owned()]),
        mark: Mark::Change,
    },
    step("acceptInvitation", signing::ACCEPT, agreement),
    step("declineInvitation", signing::DECLINE, agreement),
    step("cancelInvitation", signing::CANCEL, agreement),
    step("reviewCase", signing::REVIEW, approval),
    step("assignReview", reviewing::ASSIGN, reviewing::of_case),
    step("releaseReview", reviewing::RELEASE, reviewing::of_case),
    Probe {
        row: "setMessagePreference",
        document: reviewing::SET_PREFERENCE,
        target: Target::Nothing,
        variables: |_| json!({ "input": { "group": "INVITATIONS", "channel": "EMAIL", "enabled": false } }),
        mark: Mark::Change,
    },
    Probe {
        row: "reviewCases",
        document: "mutation($input: ReviewCasesInput!) { reviewCases(input: $input) {
            results { case { id } userErrors { code field message } } userErrors { code field message } } }",
        target: Target::Termination,
        variables: |id| json!({ "input": { "cases": [{ "caseId": id }], "decision": "APPROVE" } }),
        mark: Mark::Target,
    },
    Probe {
        row: "requestTermination",
        document: terminating::REQUEST,
        target: Target::Case,
        variables: |id| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "agreementId": id, "terminationReason": "MUTUAL",
                "explanation": "示例",
            } })
        },
        mark: Mark::Change,
    },
    filed(
        "createAgreementDraft",
        "mutation($input: CreateAgreementDraftInput!) { createAgreementDraft(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |_| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "channel": "REGISTERED", "draft": {},
            } })
        },
        Target::Nothing,
    ),
    filed(
        "saveAgreementDraft",
        "mutation($input: SaveAgreementDraftInput!) { saveAgreementDraft(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |id| json!({ "input": { "agreementId": id, "draft": filing::filled() } }),
        Target::Filed,
    ),
    filed(
        "submitAgreement",
        "mutation($input: SubmitAgreementInput!) { submitAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    filed(
        "withdrawAgreement",
        "mutation($input: AgreementStepInput!) { withdrawAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    filed(
        "discardAgreement",
        "mutation($input: AgreementStepInput!) { discardAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    filed(
        "requestStampedCopy",
        "mutation($input: AgreementStepInput!) { requestStampedCopy(input: $input) {
            agreement { id } userErrors { code field message } } }",
        agreement,
        Target::Filed,
    ),
    filed(
        "submitStampedCopy",
        "mutation($input: SubmitStampedCopyInput!) { submitStampedCopy(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |id| json!({ "input": { "agreementId": id, "files": [] } }),
        Target::Filed,
    ),
    filed(
        "createStampedCopyUpload",
        CREATE_COPY_UPLOAD,
        copy_upload,
        Target::CopyLink,
    ),
    filed(
        "createStampedCopyUpload by a wrong link",
        CREATE_COPY_UPLOAD,
        |_| copy_upload("00"),
        Target::Nothing,
    ),
    filed(
        "completeStampedCopyUpload by a wrong link",
        "mutation { completeStampedCopyUpload(input: { token: \"00\", uploadId: \"x\" }) {
            upload { id } userErrors { code field message } } }",
        |_| json!({}),
        Target::Nothing,
    ),
    filed(
        "submitStampedCopyByLink by a wrong link",
        "mutation { submitStampedCopyByLink(input: { token: \"00\", files: [] }) {
            submitted userErrors { code field message } } }",
        |_| json!({}),
        Target::Nothing,
    ),
    filed(
        "createDestinationDraft",
        "mutation($input: CreateDestinationDraftInput!) { createDestinationDraft(input: $input) {
            destination { id } userErrors { code field message } } }",
        |_| {
            json!({ "input": {
                "idempotencyKey": uuid::Uuid::now_v7(), "draft": { "details": { "notSeeking": {} } },
            } })
        },
        Target::Nothing,
    ),
    filed(
        "saveDestinationDraft",
        "mutation($input: SaveDestinationDraftInput!) { saveDestinationDraft(input: $input) {
            destination { id } userErrors { code field message } } }",
        |id| json!({ "input": { "destinationId": id, "draft": placing::seeking("备注") } }),
        Target::Destination,
    ),
    filed(
        "submitDestination",
        "mutation($input: SubmitDestinationInput!) { submitDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    filed(
        "withdrawDestination",
        "mutation($input: DestinationStepInput!) { withdrawDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    filed(
        "discardDestination",
        "mutation($input: DestinationStepInput!) { discardDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    filed(
        "voidDestination",
        "mutation($input: VoidDestinationInput!) { voidDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        destination,
        Target::Destination,
    ),
    filed(
        "changeDestination",
        "mutation($input: ChangeDestinationInput!) { changeDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        |id| json!({ "input": { "destinationId": id, "form": placing::seeking("另注"), "expectedVersion": 3 } }),
        Target::Destination,
    ),
    // Of a version that is over: amended, the story would go on with another paper. Who may amend, the tests of the step say.
    filed(
        "amendDestination",
        "mutation($input: AmendDestinationInput!) { amendDestination(input: $input) {
            destination { id } userErrors { code field message } } }",
        |id| {
            json!({ "input": {
                "destinationId": id, "form": placing::seeking("补登"), "reason": "示例", "expectedVersion": 1,
            } })
        },
        Target::Destination,
    ),
    filed(
        "amendAgreement",
        "mutation($input: AmendAgreementInput!) { amendAgreement(input: $input) {
            agreement { id } userErrors { code field message } } }",
        |id| json!({ "input": { "agreementId": id, "terms": {}, "reason": "示例", "expectedVersion": 1 } }),
        Target::Case,
    ),
    Probe {
        target: Target::Destination,
        ..step("reviewCase of the destination", signing::REVIEW, approval)
    },
    ending("withdrawTermination", terminating::WITHDRAW_TERMINATION, termination),
    ending("acceptTermination", terminating::ACCEPT_TERMINATION, termination),
    ending("refuseTermination", terminating::REFUSE_TERMINATION, termination),
    filed(
        "submitTermination",
        terminating::SUBMIT_TERMINATION,
        |id| {
            json!({ "input": {
                "terminationId": id, "terminationReason": "MUTUAL", "explanation": "示例", "files": [],
            } })
        },
        Target::FiledTermination,
    ),
    filed(
        "discardTermination",
        terminating::DISCARD_TERMINATION,
        termination,
        Target::FiledTermination,
    ),
    ending("reviewCase of the termination", signing::REVIEW, approval),
    of(
        "confirmGraduateData",
        "mutation { confirmGraduateData(input: { expectedVersion: 1 }) { graduate { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Graduate).0),
    ),
    Probe {
        row: "correctGraduate",
        document: "mutation($input: CorrectGraduateInput!) { correctGraduate(input: $input) {
            graduate { id } userErrors { code field message } } }",
        target: Target::Graduate,
        variables: |id| json!({ "input": { "graduateId": id, "major": "数学" } }),
        mark: Mark::Change,
    },
    of(
        "markNotificationsRead of the graduate",
        MARK_READ,
        Target::GraduatesMessage,
        Mark::Change,
    ),
    of(
        "retryStuckWork",
        "mutation($id: ID!) { retryStuckWork(input: { stuckWorkIds: [$id] }) {
            stuckWork { id } userErrors { code field message } } }",
        Target::StuckWork,
        Mark::Target,
    ),
    of(
        "endSession of the graduate",
        END_SESSION,
        Target::Session,
        Mark::Target,
    ),
    of(
        "logOut",
        "mutation { logOut { __typename userErrors { code field message } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    Probe {
        row: "logIn as the graduate",
        document: LOG_IN,
        target: Target::Identifier,
        variables: |identifier| log_in(identifier, PASSWORD),
        mark: Mark::Text(|world| world.graduate.name.clone()),
    },
    Probe {
        row: "logIn with a wrong password",
        document: LOG_IN,
        target: Target::Identifier,
        variables: |identifier| log_in(identifier, "not it"),
        mark: Mark::Change,
    },
    Probe {
        row: "requestPasswordReset of the graduate",
        document: "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
            userErrors { code field message } } }",
        target: Target::Identifier,
        variables: |identifier| json!({ "input": { "identifier": identifier } }),
        mark: Mark::Change,
    },
    Probe {
        row: "resetPassword without the code",
        document: "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) {
            userErrors { code field message } } }",
        target: Target::Identifier,
        variables: |identifier| {
            json!({ "input": { "identifier": identifier, "code": "abcdef", "newPassword": "a new pass phrase" } })
        },
        mark: Mark::Change,
    },
    of(
        "changePassword with a wrong one",
        "mutation { changePassword(input: { currentPassword: \"not it\", newPassword: \"a new pass phrase\" }) {
            userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "requestContactChange",
        "mutation { requestContactChange(input: { contact: { email: \"other@example.com\" }, currentPassword: \"wangqian-demo\" }) {
            userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "confirmContactChange without the code",
        "mutation { confirmContactChange(input: { code: \"abcdef\" }) {
            contact { email } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "requestRegistrationCode",
        "mutation { requestRegistrationCode(input: { email: \"anybody@example.com\" }) {
            userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "beginUpload",
        "mutation { beginUpload(input: { purpose: BUSINESS_LICENCE, contentType: \"image/png\", byteSize: 5 }) {
            link { url } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "createUpload",
        "mutation { createUpload(input: { fileName: \"a\", contentType: \"image/png\", byteSize: 5 }) {
            upload { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of("downloadRecordExport", exporting::DOWNLOAD, Target::Export, Mark::Change),
    Probe {
        row: "exportRecords",
        document: exporting::EXPORT,
        target: Target::Nothing,
        variables: |_| exporting::input(&uuid::Uuid::now_v7().to_string(), json!({})),
        mark: Mark::Change,
    },
    Probe {
        row: "exportRecords of the department",
        document: exporting::EXPORT,
        target: Target::Department,
        variables: |id| exporting::input(&uuid::Uuid::now_v7().to_string(), json!({ "departmentId": id })),
        mark: Mark::Change,
    },
    of("completeUpload", uploading::COMPLETE, Target::Upload, Mark::Change),
    Probe {
        row: "registerEmployer without the code",
        document: registering::REGISTER,
        target: Target::Nothing,
        variables: |_| {
            json!({ "input": {
                "employer": {
                    "creditCode": registering::credit_code(1), "name": "示例注册有限公司", "nature": "39",
                    "industry": "34", "region": "110108", "address": "示例路一号院二号楼",
                },
                "member": {
                    "name": "示例经办人", "mobile": "10011112222", "email": "anybody@example.com",
                    "code": "abcdef", "password": PASSWORD,
                },
                "licenceUploadId": "x", "idempotencyKey": "key",
            } })
        },
        mark: Mark::Change,
    },
    of(
        "verifyEmployer",
        "mutation($id: ID!) { verifyEmployer(input: { employerId: $id, decision: REFUSE, reason: \"示例\" }) {
            employer { id } userErrors { code field message } } }",
        Target::Waiting,
        Mark::Target,
    ),
    Probe {
        row: "resubmitEmployer",
        document: "mutation($input: ResubmitEmployerInput!) { resubmitEmployer(input: $input) {
            employer { id } userErrors { code field message } } }",
        target: Target::Nothing,
        variables: |_| {
            json!({ "input": { "employer": {
                "creditCode": registering::credit_code(1), "name": "示例注册有限公司", "nature": "39", "industry": "34",
                "region": "110108", "address": "示例路一号院二号楼",
            } } })
        },
        mark: Mark::Text(|world| world.target(Target::Waiting).0),
    },
    of(
        "caseChanged of a registration",
        "subscription($after: String, $id: ID!) { caseChanged(after: $after, caseId: $id) {
            event { id } case { ... on Employer { id } } } }",
        Target::Waiting,
        Mark::Target,
    ),
    of(
        "inviteEmployerMember",
        "mutation { inviteEmployerMember(input: { email: \"new@example.com\", name: \"示例\", role: MEMBER }) {
            userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "withdrawMemberInvitation",
        "mutation { withdrawMemberInvitation(input: { email: \"new@example.com\" }) {
            userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "joinEmployer without the token",
        "mutation { joinEmployer(input: { token: \"nothing\", password: \"a new pass phrase\" }) {
            member { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "disableEmployerMember",
        "mutation($id: ID!) { disableEmployerMember(input: { memberId: $id }) {
            member { id } userErrors { code field message } } }",
        Target::Colleague,
        Mark::Target,
    ),
    of(
        "enableEmployerMember",
        "mutation($id: ID!) { enableEmployerMember(input: { memberId: $id }) {
            member { id } userErrors { code field message } } }",
        Target::Colleague,
        Mark::Target,
    ),
    Probe {
        row: "openSchool",
        document: "mutation($input: OpenSchoolInput!) { openSchool(input: $input) {
            school { id } userErrors { code field message } } }",
        target: Target::Nothing,
        variables: |_| {
            json!({ "input": {
                "code": "89999", "name": "示例大学", "defaultReviewRoute": "SCHOOL_ONLY", "idempotencyKey": "open",
                "reviewer": { "name": "示例", "email": "opened@example.com" },
            } })
        },
        mark: Mark::Change,
    },
    Probe {
        row: "updateSchool",
        document: "mutation($input: UpdateSchoolInput!) { updateSchool(input: $input) {
            school { id } userErrors { code field message } } }",
        target: Target::School,
        variables: |id| json!({ "input": { "schoolId": id, "address": uuid::Uuid::now_v7() } }),
        mark: Mark::Target,
    },
    of(
        "setReviewRoute",
        "mutation { setReviewRoute(input: { workflow: ONLINE_SIGNING, route: SCHOOL_ONLY }) {
            school { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "setVoidingReview",
        "mutation { setVoidingReview(input: { reviewed: true }) {
            school { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "addDepartment",
        "mutation { addDepartment(input: { code: \"77\", name: \"示例\", idempotencyKey: \"77\" }) {
            department { id } userErrors { code field message } } }",
        Target::Nothing,
        Mark::Change,
    ),
    of(
        "renameDepartment",
        "mutation($id: ID!) { renameDepartment(input: { departmentId: $id, name: \"示例新学院\" }) {
            department { id } userErrors { code field message } } }",
        Target::Department,
        Mark::Target,
    ),
    Probe {
        row: "addReviewer",
        document: "mutation($input: AddReviewerInput!) { addReviewer(input: $input) {
            reviewer { id } userErrors { code field message } } }",
        target: Target::Nothing,
        variables: |_| {
            let key = uuid::Uuid::now_v7();
            json!({ "input": {
                "place": { "wholeSchool": true }, "name": "示例", "email": format!("{key}@example.com"),
                "idempotencyKey": key,
            } })
        },
        mark: Mark::Change,
    },
    of(
        "updateReviewer",
        "mutation($id: ID!) { updateReviewer(input: { reviewerId: $id, name: \"示例新名\" }) {
            reviewer { id } userErrors { code field message } } }",
        Target::Reviewer,
        Mark::Target,
    ),
    // Each leaves the account as it was, for whoever comes next; the answer that is judged stands first in the alphabet.
    of(
        "disableReviewer",
        "mutation($id: ID!) {
            a: disableReviewer(input: { reviewerId: $id }) { reviewer { id } userErrors { code field message } }
            z: enableReviewer(input: { reviewerId: $id }) { userErrors { code } } }",
        Target::Reviewer,
        Mark::Target,
    ),
    of(
        "enableReviewer",
        "mutation($id: ID!) {
            z: disableReviewer(input: { reviewerId: $id }) { userErrors { code } }
            a: enableReviewer(input: { reviewerId: $id }) { reviewer { id } userErrors { code field message } } }",
        Target::Reviewer,
        Mark::Target,
    ),
];
