//! Employers: how they register, and their members: what is sent for each row, and how its answer is recognised.

use serde_json::json;

use super::{
    probes::{Mark, Probe, node, of},
    world::Target,
};
use crate::support::{client::PASSWORD, registering};

pub(super) const PROBES: &[Probe] = &[
    node("node: Employer", Target::Employer),
    of(
        "findEmployers",
        "{ findEmployers(name: \"例科技\") { name creditCode } }",
        Target::Nothing,
        Mark::Text(|world| world.company.name.clone()),
    ),
    of(
        "employersAwaitingVerification",
        "{ employersAwaitingVerification(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Waiting).0),
    ),
    of(
        "Employer.registration of one that waits",
        "query($id: ID!) { node(id: $id) { ... on Employer { registration { version } } } }",
        Target::Waiting,
        Mark::Text(|_| "version".to_owned()),
    ),
    of(
        "EmployerLicence.downloadLink",
        "query($id: ID!) { node(id: $id) { ... on Employer { registration { version licence { downloadLink { url } } } } } }",
        Target::Waiting,
        Mark::Text(|_| "X-Amz-Signature".to_owned()),
    ),
    of(
        "employerMembers",
        "{ employerMembers(first: 100) { nodes { id email } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Colleague).0),
    ),
    of(
        "employerMembers of the employer",
        "query($id: ID!) { employerMembers(employerId: $id) { nodes { id email } } }",
        Target::Employer,
        Mark::Text(|world| world.target(Target::Colleague).0),
    ),
    node("node: EmployerMember", Target::Colleague),
    of(
        "memberInvitations",
        "{ memberInvitations(first: 100) { nodes { email } } }",
        Target::Nothing,
        Mark::Text(|_| "invited@example.com".to_owned()),
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
];
