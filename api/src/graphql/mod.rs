//! The GraphQL schema: one file a noun, its objects, queries and mutations side by side.

pub mod account;
pub mod agreement;
pub mod agreement_input;
pub mod case_event;
pub mod case_file;
pub mod case_upload;
pub mod code;
pub mod contact;
pub mod date;
pub mod delivery;
#[cfg(test)]
mod described;
pub mod destination;
pub mod document;
pub mod employer;
pub mod employer_member;
pub mod employer_verification;
pub mod figure;
pub mod graduate;
pub mod graduate_import;
pub mod leaving;
pub(crate) mod licence;
pub mod live;
pub mod manual;
pub mod message_preference;
mod mutation;
pub mod node;
pub mod notification;
mod passcode;
pub mod password;
pub mod record_export;
pub mod registration;
pub mod review;
pub mod review_assignment;
pub mod review_flag;
pub mod reviewer;
pub mod school;
pub mod stuck_work;
pub mod termination;
pub mod upload;
pub mod verification;

use agreement::Agreement;
use async_graphql::{
    MergedObject, MergedSubscription, Schema, SchemaBuilder,
    connection::{Connection, Edge, EmptyFields, PageInfo},
};
use case_event::{
    AgreementEvent, DestinationEvent, EmployerEvent, GraduateEvent, LeavingEvent, SchoolEvent,
    TerminationEvent,
};
use chrono::{DateTime, Utc};
use delivery::MessageDelivery;
use destination::Destination;
use employer::Employer;
use employer_member::{EmployerMember, MemberInvitation};
use figure::{FigureDay, FigureRow};
use graduate_import::{GraduateImport, ImportProblem};
use leaving::{LeavingConfirmation, LeavingSchool};
use notification::Notification;
use record_export::{RecordExport, RecordExportLogEntry};
use review::ReviewableCase;
use reviewer::Reviewer;
use school::{Department, School};
use stuck_work::StuckWork;
use termination::Termination;

use account::Session;

/// 查询 Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    account::AccountQuery,
    contact::ContactQuery,
    employer_verification::EmployerVerificationQuery,
    employer::EmployerQuery,
    employer_member::EmployerMemberQuery,
    CaseQuery,
    graduate::GraduateQuery,
    school::SchoolQuery,
    notification::NotificationQuery,
    live::LiveQuery,
    verification::VerificationQuery,
    code::CodeQuery,
    manual::ManualQuery,
    stuck_work::StuckWorkQuery,
    delivery::DeliveryQuery,
    message_preference::MessagePreferenceQuery,
    graduate_import::GraduateImportQuery,
    record_export::RecordExportQuery,
    record_export::RecordExportLogQuery,
);

/// What is read of cases; apart, since the types of one long list would be nested too deep for the compiler.
#[derive(MergedObject, Default)]
pub struct CaseQuery(
    agreement::AgreementQuery,
    agreement::StampedCopyQuery,
    termination::TerminationQuery,
    destination::DestinationQuery,
    leaving::LeavingQuery,
    leaving::SheetQuery,
    review::ReviewQuery,
);

/// 变更 Everything that can be done. What a person can put right comes back as `userErrors`; each field names the codes that it
/// may give. Without a session all but the public ones fail as a whole with `UNAUTHENTICATED`.
#[derive(MergedObject, Default)]
pub struct Mutation(
    account::AccountMutation,
    password::PasswordMutation,
    contact::ContactMutation,
    upload::UploadMutation,
    case_upload::CaseUploadMutation,
    registration::RegistrationMutation,
    employer_verification::EmployerVerificationMutation,
    employer_member::EmployerMemberMutation,
    school::SchoolMutation,
    reviewer::ReviewerMutation,
    graduate::GraduateMutation,
    CaseMutation,
    notification::NotificationMutation,
    message_preference::MessagePreferenceMutation,
    stuck_work::StuckWorkMutation,
    graduate_import::GraduateImportMutation,
    record_export::RecordExportMutation,
);

/// What is done to cases; apart, since the types of one long list would be nested too deep for the compiler.
#[derive(MergedObject, Default)]
pub struct CaseMutation(
    agreement::AgreementMutation,
    agreement::AgreementFilingMutation,
    agreement::StampedCopyMutation,
    agreement::AmendmentMutation,
    termination::TerminationMutation,
    destination::DestinationMutation,
    leaving::LeavingMutation,
    review::ReviewMutation,
    review_assignment::ReviewAssignmentMutation,
);

/// 订阅 What can be followed live, over WebSocket or SSE.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    live::LiveSubscription,
    graduate_import::GraduateImportSubscription,
    figure::FigureSubscription,
    record_export::RecordExportSubscription,
);

/// The schema of the API.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// The schema before limits and data are put in.
pub fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    let mut builder = Schema::build(Query::default(), Mutation::default(), Subscription::default());
    // Connections and edges are generic types of the library, which take no doc comments.
    macro_rules! describe {
        ($($node:ty: $chinese:literal $english:literal),+ $(,)?) => {$(
            builder = builder
                .override_output_type_description::<Connection<String, $node>>(concat!(
                    $chinese, "分页 A page of ", $english, "."
                ))
                .override_output_type_description::<Edge<String, $node, EmptyFields>>(concat!(
                    $chinese, "及其位置 One of the ", $english, ", and its place in the list."
                ));
        )+};
    }
    describe! {
        Agreement: "就业协议" "agreements",
        AgreementEvent: "办理记录" "events of an agreement",
        Termination: "解约" "terminations",
        TerminationEvent: "解约办理记录" "events of a termination",
        Destination: "毕业去向" "destinations",
        DestinationEvent: "毕业去向办理记录" "events of a destination",
        LeavingConfirmation: "离校确认" "confirmations before leaving school",
        LeavingSchool: "离校毕业生" "graduates who leave school",
        LeavingEvent: "离校确认办理记录" "events of a confirmation",
        ReviewableCase: "待审核事项" "cases that wait for review",
        FigureRow: "分类统计" "figures that are told apart",
        FigureDay: "每日统计" "days of figures",
        Notification: "消息" "messages",
        Session: "登录会话" "sessions",
        StuckWork: "滞留事项" "pieces of stuck work",
        MessageDelivery: "消息发送情况" "deliveries of messages",
        Employer: "用人单位" "employers",
        GraduateImport: "毕业生导入" "imports of graduates",
        ImportProblem: "导入问题" "problems of an import",
        RecordExport: "导出" "exports of records",
        RecordExportLogEntry: "导出日志" "lines of the log of exports",
        GraduateEvent: "毕业生信息办理记录" "events of a graduate's data",
        EmployerMember: "单位成员" "members of an employer",
        School: "学校" "schools",
        Department: "院系" "departments of a school",
        Reviewer: "审核人" "reviewers of a school",
        SchoolEvent: "学校办理记录" "events of a school",
        MemberInvitation: "成员邀请" "invitations to join an employer",
        EmployerEvent: "单位办理记录" "events of an employer",
    }
    builder
        .override_output_type_description::<PageInfo>("分页信息 Where a page stands in its list (Relay).")
        .override_output_type_description::<DateTime<Utc>>(
            "日期时间 A moment, as in RFC 3339: `2027-07-01T08:00:00Z`. Any offset is taken; answers are in UTC, to be shown in \
             Asia/Shanghai.",
        )
}

/// The schema as SDL, as it is published in `schema/schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions()
        .include_specified_by();
    let sdl = builder().finish().sdl_with_options(options);
    // The exporter indents the blank lines within descriptions, too.
    sdl.replace("\n\t\n", "\n\n")
}

#[cfg(test)]
mod tests {
    /// The published schema is what clients generate their types from: a change shows in the diff, never unseen.
    #[test]
    fn the_published_schema_is_the_programs_own() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/schema.graphql");
        let sdl = super::sdl();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &sdl).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            published == sdl,
            "schema/schema.graphql is stale: run UPDATE_SCHEMA=1 cargo test -p wangqian-api"
        );
    }
}
