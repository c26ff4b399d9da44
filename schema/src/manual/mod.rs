//! The graduate's manual (操作手册, §3): its text, and the data of which it makes its tables. Statuses, what may be done in them, types of
//! destinations, limits and deadlines come from the rules and lists themselves, so that the manual says what this release does.
//!
//! The text is here and not with the typesetter, as the texts of messages are: so the API knows which manual is its release's, without
//! being able to make it.

mod refusals;
mod statuses;

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    codes::CodeList,
    destination::{Asked, DestinationType},
    model::{case_file, case_upload, login_throttle, passcode, session, stamped_copy_link, terms, upload},
    password,
    step::MAX_EXPLANATION,
    workflow::{
        Workflow,
        agreement::{self, REMINDER_LEAD},
        destination,
        termination::Party,
    },
};

/// The day on which the text was last gone through, printed on the cover.
const EDITION: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 28);

/// The source: the look first, then the chapters.
const SOURCE: &str = concat!(
    include_str!("../../manual/look.typ"),
    include_str!("../../manual/signing.typ"),
    include_str!("../../manual/filing.typ"),
    include_str!("../../manual/after.typ"),
);

/// The manual of this release.
#[derive(Clone, Debug)]
pub struct Manual {
    /// The text, in the typesetter's markup.
    pub source: &'static str,
    /// The data of which it makes its tables, as JSON.
    pub data: String,
    /// 修订日期 the day on which the text was last gone through.
    pub edition: NaiveDate,
    /// SHA-256 of text and data: what tells this manual from that of another release.
    pub source_sha256: [u8; 32],
}

impl Manual {
    /// The hash of text and data, in hexadecimal.
    pub fn id(&self) -> String {
        self.source_sha256
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The manual of this release.
pub fn manual() -> &'static Manual {
    static MANUAL: LazyLock<Manual> = LazyLock::new(|| {
        let data = data().to_string();
        let hash = Sha256::new()
            .chain_update(SOURCE)
            .chain_update([0])
            .chain_update(&data);
        Manual {
            source: SOURCE,
            data,
            edition: EDITION.unwrap_or_default(),
            source_sha256: hash.finalize().into(),
        }
    });
    &MANUAL
}

/// What the text is filled in with.
fn data() -> Value {
    json!({
        "release": env!("CARGO_PKG_VERSION"),
        "edition": EDITION.unwrap_or_default().format("%Y年%-m月%-d日").to_string(),
        "agreement": statuses::agreement_labels(),
        "termination": statuses::termination_labels(),
        "destination": statuses::destination_labels(),
        "standing": {
            "online_signing": statuses::online_signing(),
            "offline_signing": statuses::offline_signing(),
            "registration": statuses::registration(),
            "online_termination": statuses::online_termination(),
            "offline_termination": statuses::offline_termination(),
            "destination": statuses::destination(),
        },
        "workflows": workflows(),
        "types": DestinationType::ALL.iter().copied().map(type_row).collect::<Vec<_>>(),
        "reasons": reasons(),
        "household": names(CodeList::HouseholdRegistration),
        "fields": fields(),
        "refusals": refusals::rows(),
        "limits": {
            "drafts": agreement::MAX_DRAFTS,
            "destination_drafts": destination::MAX_DRAFTS,
            "explanation": MAX_EXPLANATION,
            "files": case_file::MAX_FILES,
            "file_mib": upload::MAX_BYTES / (1024 * 1024),
            "upload_hours": upload::LIFETIME.num_hours(),
            "open_uploads": case_upload::MAX_OPEN,
            "link_days": stamped_copy_link::LIFETIME.num_days(),
            "reminder_hours": REMINDER_LEAD.num_hours(),
            "session_days": session::LIFETIME.num_days(),
            "code_minutes": passcode::LIFETIME.num_minutes(),
            "code_tries": passcode::MAX_TRIES,
            "password_length": password::MIN_LENGTH,
            "first_lock_minutes": login_throttle::FIRST_LOCK.num_minutes(),
            "longest_lock_minutes": login_throttle::LONGEST_LOCK.num_minutes(),
        },
    })
}

/// What the workflows are called, by their words.
fn workflows() -> Map<String, Value> {
    let all = Workflow::ALL.iter();
    all.map(|of| (of.to_string(), of.name().into())).collect()
}

/// A type of destination, as a row of the table.
fn type_row(of: DestinationType) -> Value {
    let codes: Vec<_> = of.national_codes().map(|code| code.code.as_str()).collect();
    json!({
        "code": of.as_str(),
        "name": of.name_zh(),
        "codes": codes.join("、"),
        "proof": of.proof_text(),
        "signed_on": match of.signing_date() {
            Asked::Required => "必填",
            Asked::Optional => "选填",
            Asked::No => "—",
        },
        "archive": if of.archive().asked { "可填" } else { "—" },
    })
}

/// The reasons that a graduate may give for a termination.
fn reasons() -> Vec<&'static str> {
    CodeList::TerminationReason
        .entries()
        .iter()
        .filter(|reason| reason.active && reason.party.is_none_or(|party| party == Party::Graduate))
        .map(|reason| reason.name_zh.as_str())
        .collect()
}

/// What the form of an agreement calls its fields.
fn fields() -> Map<String, Value> {
    terms::FIELDS
        .iter()
        .map(|(name, label)| ((*name).to_owned(), (*label).into()))
        .collect()
}

fn names(list: CodeList) -> Vec<&'static str> {
    let chosen = list.entries().iter().filter(|entry| entry.active);
    chosen.map(|entry| entry.name_zh.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_every_type_and_is_told_from_others_by_its_hash() {
        let read: Value = serde_json::from_str(&manual().data).unwrap();
        assert_eq!(
            read["types"].as_array().unwrap().len(),
            DestinationType::ALL.len()
        );
        assert_eq!(EDITION, Some(manual().edition));
        assert_eq!(manual().source_sha256.len(), 32);
        // Which limits the text names, the typesetter would miss; which it does not name, nobody would.
        for limit in read["limits"].as_object().unwrap().keys() {
            assert!(SOURCE.contains(&format!("#limit(\"{limit}\")")), "{limit}");
        }
    }
}
