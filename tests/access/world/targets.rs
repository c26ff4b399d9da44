//! What the operations of the table are about.

use uuid::Uuid;
use wangqian_api::id::NodeType;

use super::{World, text_of};

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::access) enum Target {
    /// Nothing in particular.
    Nothing,
    /// The case of the section.
    Case,
    /// Its paper.
    Document,
    /// The code on its paper.
    VerificationCode,
    /// The graduate of the case.
    Graduate,
    /// His e-mail address, as an identifier to log in with.
    Identifier,
    /// A session of his on another device.
    Session,
    /// A message to him about the case.
    GraduatesMessage,
    /// A message to the employer about the case.
    EmployersMessage,
    /// The employer of the case.
    Employer,
    /// The graduate's school.
    School,
    /// The graduate's department.
    Department,
    /// A third student, with whom nobody has a case at first.
    Third,
    /// The third student's number.
    StudentNumber,
    /// The third student's ID-card number.
    IdCardNumber,
    /// A message to the employer that could not be sent.
    StuckWork,
    /// How far it got.
    MessageDelivery,
    /// The employer that waits to be verified.
    Waiting,
    /// A colleague of the employer's member, who is its administrator.
    Colleague,
    /// The last termination of the case.
    Termination,
    /// A roster that the school has announced.
    Import,
    /// What the school's reviewer has exported.
    Export,
    /// A second reviewer of the graduate's department.
    Reviewer,
    /// A file that the graduate has announced for a case.
    Upload,
    /// A file of the case.
    CaseFile,
    /// The destination that the graduate registers.
    Destination,
    /// The agreement that the graduate fills in himself.
    Filed,
    /// What opens the link for its stamped copy, with a space and a page that came through it.
    CopyLink,
    /// The like of a page that was announced through it, and never put.
    AnnouncedPage,
    /// The like of a link that never was.
    WrongLink,
    /// The like of a link that a newer one has replaced.
    ReplacedLink,
    /// The like of a link whose seven days are over.
    ExpiredLink,
    /// The like of a link by which a copy was handed in that was returned since.
    UsedLink,
    /// What opens another agreement's link, with a space and the page of this one.
    OthersLink,
    /// A picture of the graduate's that is ready to be handed in.
    Page,
    /// A file of the termination of what the graduate registered himself.
    TerminationFile,
    /// A file of the destination.
    DestinationFile,
    /// The termination of what the graduate registered himself.
    FiledTermination,
    /// The graduate's confirmation before he leaves school.
    Leaving,
    /// His name and the number of his sheet, with a space between.
    SheetNumber,
}

impl World {
    /// The id of something, and one of the same form that means nothing.
    pub(in crate::access) fn target(&self, target: Target) -> (String, String) {
        let node = |node_type: NodeType, uuid| node_type.id(uuid).to_string();
        let nothing = |node_type| node(node_type, Uuid::now_v7());
        match target {
            Target::Nothing => (String::new(), String::new()),
            Target::Case => (self.case(), nothing(NodeType::Agreement)),
            Target::Document => (text_of(&self.document["id"]), nothing(NodeType::Document)),
            Target::VerificationCode => (
                text_of(&self.document["verificationCode"]),
                "0000-0000-0000-0000".to_owned(),
            ),
            Target::Graduate => (
                node(NodeType::Graduate, self.graduate.id),
                nothing(NodeType::Graduate),
            ),
            Target::Identifier => (self.graduate.email.clone(), "nobody@example.com".to_owned()),
            Target::Session => (self.session.clone(), nothing(NodeType::Session)),
            Target::GraduatesMessage => (self.messages[0].clone(), nothing(NodeType::Notification)),
            Target::EmployersMessage => (self.messages[1].clone(), nothing(NodeType::Notification)),
            Target::Employer => (
                node(NodeType::Employer, self.company.id),
                nothing(NodeType::Employer),
            ),
            Target::Waiting => (
                node(NodeType::Employer, self.waiting),
                nothing(NodeType::Employer),
            ),
            Target::Colleague => (
                node(NodeType::EmployerMember, self.colleague),
                nothing(NodeType::EmployerMember),
            ),
            Target::Reviewer => (
                node(NodeType::Reviewer, self.reviewer),
                nothing(NodeType::Reviewer),
            ),
            Target::School => (
                node(NodeType::School, self.school.school),
                nothing(NodeType::School),
            ),
            Target::Department => (
                node(NodeType::Department, self.school.department),
                nothing(NodeType::Department),
            ),
            Target::Third => (
                node(NodeType::Graduate, self.third.id),
                nothing(NodeType::Graduate),
            ),
            Target::StudentNumber => (self.third.student_number.clone(), "1999000000".to_owned()),
            Target::StuckWork => (
                node(NodeType::StuckWork, self.stuck),
                nothing(NodeType::StuckWork),
            ),
            Target::MessageDelivery => (
                node(NodeType::MessageDelivery, self.stuck),
                nothing(NodeType::MessageDelivery),
            ),
            Target::Termination => (self.termination(), nothing(NodeType::Termination)),
            Target::Import => (self.import.clone(), nothing(NodeType::GraduateImport)),
            Target::Export => (text_of(&self.export["id"]), nothing(NodeType::RecordExport)),
            Target::Upload => (self.upload.clone(), nothing(NodeType::Upload)),
            Target::Filed => (self.filed.clone(), nothing(NodeType::Agreement)),
            Target::Destination => (self.destination(), nothing(NodeType::Destination)),
            Target::CopyLink => (self.beside.live.clone(), "00 00".to_owned()),
            Target::AnnouncedPage => (self.beside.announced.clone(), "00 00".to_owned()),
            Target::WrongLink => {
                let (_, page) = self.beside.live.split_once(' ').unwrap_or_default();
                (format!("{} {page}", "0".repeat(64)), "00 00".to_owned())
            }
            Target::ReplacedLink => (self.beside.replaced.clone(), "00 00".to_owned()),
            Target::ExpiredLink => (self.beside.expired.clone(), "00 00".to_owned()),
            Target::UsedLink => (self.beside.used.clone(), "00 00".to_owned()),
            Target::OthersLink => {
                let (_, page) = self.beside.live.split_once(' ').unwrap_or_default();
                let with = |page: &str| format!("{} {page}", self.beside.others);
                (with(page), with(&nothing(NodeType::Upload)))
            }
            Target::Page => (self.beside.page.clone(), nothing(NodeType::Upload)),
            Target::TerminationFile => (self.beside.termination_file.clone(), nothing(NodeType::CaseFile)),
            Target::DestinationFile => (self.beside.destination_file.clone(), nothing(NodeType::CaseFile)),
            Target::FiledTermination => (self.filed_termination.clone(), nothing(NodeType::Termination)),
            Target::Leaving => (self.leaving.clone(), nothing(NodeType::LeavingConfirmation)),
            Target::SheetNumber => (
                format!("{} {}", self.graduate.name, self.sheet_number),
                format!("{} 0000-0000-0000-0000", self.graduate.name),
            ),
            Target::CaseFile => (self.case_file.clone(), nothing(NodeType::CaseFile)),
            Target::IdCardNumber => (self.third.id_card_number.clone(), "11010119900307299X".to_owned()),
        }
    }
}
