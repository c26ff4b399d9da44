//! Accounts, their sessions and what they are told, and what everybody may read: what is sent for each row, and how its answer is
//! recognised.

use serde_json::{Value, json};

use super::{
    probes::{Mark, Probe, node, of},
    world::{Target, World},
};
use crate::support::{client::PASSWORD, reviewing};

const END_SESSION: &str = "mutation($id: ID!) { endSession(input: { sessionId: $id }) {
    sessionId userErrors { code field message } } }";

const MARK_READ: &str = "mutation($id: ID!) { markNotificationsRead(input: { notificationIds: [$id] }) {
    userErrors { code field message } } }";

const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) {
    viewer { ... on Graduate { name } } session { current } userErrors { code field message } } }";

fn log_in(identifier: &str, password: &str) -> Value {
    json!({ "input": { "identifier": identifier, "password": password, "delivery": "BEARER" } })
}

pub(super) const PROBES: &[Probe] = &[
    node("node: Notification of the graduate", Target::GraduatesMessage),
    node("node: Notification of the employer", Target::EmployersMessage),
    node("node: Session of the graduate", Target::Session),
    of(
        "messagePreferences",
        "{ messagePreferences { group channel enabled } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "notifications",
        "{ notifications(first: 100) { nodes { id body case { ... on Agreement { id } } } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "unreadNotificationCount",
        "{ unreadNotificationCount }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "viewer",
        "{ viewer { __typename ... on Graduate { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Graduate).0),
    ),
    of(
        "sessions",
        "{ sessions(first: 100) { nodes { id } } }",
        Target::Nothing,
        Mark::Text(|world| world.target(Target::Session).0),
    ),
    of(
        "feedCursor",
        "{ feedCursor }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "manual",
        "{ manual { url pages } }",
        Target::Nothing,
        Mark::Text(|_| "/manual".to_owned()),
    ),
    of(
        "codes",
        "{ codes(list: REGION) { code nameZh } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "notificationReceived",
        "subscription($after: String) { notificationReceived(after: $after) {
            notification { id case { ... on Agreement { id } } } } }",
        Target::Nothing,
        Mark::Text(World::case),
    ),
    of(
        "contact",
        "{ contact { mobile email } }",
        Target::Nothing,
        Mark::Text(|world| world.graduate.mobile.clone()),
    ),
    Probe {
        row: "setMessagePreference",
        document: reviewing::SET_PREFERENCE,
        target: Target::Nothing,
        variables: |_| json!({ "input": { "group": "INVITATIONS", "channel": "EMAIL", "enabled": false } }),
        mark: Mark::Change,
    },
    of(
        "markNotificationsRead of the graduate",
        MARK_READ,
        Target::GraduatesMessage,
        Mark::Change,
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
];
