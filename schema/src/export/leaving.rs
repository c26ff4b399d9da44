//! 离校确认: where a graduate's confirmation before leaving school stands, with archive and household as he has confirmed them.

use super::{Scope, moment_of, words};
use crate::{destination::ArchiveBlock, model::leaving::LeavingView, workflow::leaving::LeavingStatus};

/// The headings of [`cells`].
pub(super) const HEADINGS: [&str; 14] = [
    "离校确认状态",
    "离校确认时间",
    "确认后有变更",
    "有待答复异议",
    "档案去向",
    "档案接收单位",
    "档案转递地址",
    "档案收件部门",
    "档案收件人",
    "档案收件人电话",
    "档案邮政编码",
    "同意接收档案",
    "户口迁移",
    "户口迁往地址",
];

/// The cells of [`HEADINGS`]; `None` is a graduate of whom there is no confirmation yet.
pub(super) fn cells(scope: &Scope, of: Option<&LeavingView>) -> Vec<String> {
    let confirmation = of.map(|view| &view.confirmation);
    let status = confirmation.map_or(LeavingStatus::Open, |confirmation| confirmation.status);
    let changed = of.is_some_and(|view| status == LeavingStatus::Confirmed && !view.stands());
    let mut cells = vec![
        words::leaving(status).to_owned(),
        moment_of(confirmation.and_then(|confirmation| confirmation.confirmed_at)),
        words::yes(changed).to_owned(),
        words::yes(status == LeavingStatus::Disputed).to_owned(),
    ];
    match confirmation.and_then(|confirmation| confirmation.archive.as_ref()) {
        Some(archive) => cells.extend(of_archive(scope, archive)),
        None => cells.resize(HEADINGS.len(), String::new()),
    }
    cells
}

fn of_archive(scope: &Scope, archive: &ArchiveBlock) -> [String; 10] {
    fn text(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    [
        archive.route.name_zh().to_owned(),
        text(&archive.receiving_unit).to_owned(),
        scope.address(text(&archive.address)),
        text(&archive.department).to_owned(),
        text(&archive.contact_person).to_owned(),
        scope.phone(text(&archive.phone)),
        scope.address(text(&archive.postcode)),
        words::yes(archive.accepted).to_owned(),
        words::yes(archive.household_moves).to_owned(),
        scope.address(text(&archive.new_address)),
    ]
}
