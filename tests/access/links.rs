//! The secret link for a stamped copy, as it lives and in every way in which it is good for nothing: what is sent for each row, and how
//! its answer is recognised. What is asked about is a token, with a space and a page.

use serde_json::{Value, json};

use super::{
    probes::{Mark, Probe, link},
    world::Target,
};

/// The operations that take a link, each with what it is called.
pub(super) const OPERATIONS: [&str; 4] = [
    "stampedCopyRequest",
    "createStampedCopyUpload",
    "completeStampedCopyUpload",
    "submitStampedCopyByLink",
];

/// The links that do not open this agreement. Each operation has a row for each.
pub(super) const DEAD: [&str; 5] = [
    "a wrong link",
    "a used link",
    "a replaced link",
    "an expired link",
    "another agreement's link",
];

const REQUEST: &str = "query($token: String!) { stampedCopyRequest(token: $token) { employerName } }";
const PAPER: &str = "query($token: String!) { stampedCopyRequest(token: $token) { downloadLink { url } } }";
const PAGE: &str = "query($token: String!, $page: ID!) { stampedCopyRequest(token: $token) {
    employerName upload(id: $page) { fileName } } }";
const CREATE: &str =
    "mutation($input: CreateStampedCopyUploadInput!) { createStampedCopyUpload(input: $input) {
    upload { id } userErrors { code field message } } }";
const COMPLETE: &str =
    "mutation($input: CompleteStampedCopyUploadInput!) { completeStampedCopyUpload(input: $input) {
    upload { id } userErrors { code field message } } }";
const SUBMIT: &str =
    "mutation($input: SubmitStampedCopyByLinkInput!) { submitStampedCopyByLink(input: $input) {
    submitted userErrors { code field message } } }";

fn split(asked: &str) -> (&str, &str) {
    asked.split_once(' ').unwrap_or_default()
}

fn asked(asked: &str) -> Value {
    let (token, page) = split(asked);
    json!({ "token": token, "page": page })
}

fn upload(asked: &str) -> Value {
    let token = split(asked).0;
    json!({ "input": { "token": token, "fileName": "a", "contentType": "image/png", "byteSize": 5 } })
}

fn completion(asked: &str) -> Value {
    let (token, page) = split(asked);
    json!({ "input": { "token": token, "uploadId": page } })
}

fn copy(asked: &str) -> Value {
    let (token, page) = split(asked);
    json!({ "input": { "token": token, "files": [page] } })
}

fn no_copy(asked: &str) -> Value {
    json!({ "input": { "token": split(asked).0, "files": [] } })
}

const fn opening(row: &'static str, target: Target) -> Probe {
    Probe {
        row,
        document: REQUEST,
        target,
        variables: asked,
        mark: Mark::Text(|_| "示例山区中学".to_owned()),
    }
}

const fn page(row: &'static str, target: Target) -> Probe {
    Probe {
        row,
        document: PAGE,
        target,
        variables: asked,
        mark: Mark::Text(|_| "stamped.png".to_owned()),
    }
}

const fn acting(
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

pub(super) const PROBES: &[Probe] = &[
    opening("stampedCopyRequest", Target::CopyLink),
    Probe {
        variables: asked,
        ..link("StampedCopyRequest.downloadLink", PAPER, Target::CopyLink)
    },
    page("StampedCopyRequest.upload", Target::CopyLink),
    page(
        "StampedCopyRequest.upload by another agreement's link",
        Target::OthersLink,
    ),
    acting("createStampedCopyUpload", CREATE, upload, Target::CopyLink),
    // Without the bytes of a file and without a page: whose link lives gets as far as that.
    acting(
        "completeStampedCopyUpload",
        COMPLETE,
        completion,
        Target::AnnouncedPage,
    ),
    acting("submitStampedCopyByLink", SUBMIT, no_copy, Target::CopyLink),
    opening("stampedCopyRequest by a wrong link", Target::WrongLink),
    opening("stampedCopyRequest by a used link", Target::UsedLink),
    opening("stampedCopyRequest by a replaced link", Target::ReplacedLink),
    opening("stampedCopyRequest by an expired link", Target::ExpiredLink),
    opening(
        "stampedCopyRequest by another agreement's link",
        Target::OthersLink,
    ),
    acting(
        "createStampedCopyUpload by a wrong link",
        CREATE,
        upload,
        Target::WrongLink,
    ),
    acting(
        "createStampedCopyUpload by a used link",
        CREATE,
        upload,
        Target::UsedLink,
    ),
    acting(
        "createStampedCopyUpload by a replaced link",
        CREATE,
        upload,
        Target::ReplacedLink,
    ),
    acting(
        "createStampedCopyUpload by an expired link",
        CREATE,
        upload,
        Target::ExpiredLink,
    ),
    // It opens the other agreement, and none of this one's.
    Probe {
        mark: Mark::Text(|world| world.target(Target::Filed).0),
        ..acting(
            "createStampedCopyUpload by another agreement's link",
            CREATE,
            upload,
            Target::OthersLink,
        )
    },
    acting(
        "completeStampedCopyUpload by a wrong link",
        COMPLETE,
        completion,
        Target::WrongLink,
    ),
    acting(
        "completeStampedCopyUpload by a used link",
        COMPLETE,
        completion,
        Target::UsedLink,
    ),
    acting(
        "completeStampedCopyUpload by a replaced link",
        COMPLETE,
        completion,
        Target::ReplacedLink,
    ),
    acting(
        "completeStampedCopyUpload by an expired link",
        COMPLETE,
        completion,
        Target::ExpiredLink,
    ),
    acting(
        "completeStampedCopyUpload by another agreement's link",
        COMPLETE,
        completion,
        Target::OthersLink,
    ),
    acting(
        "submitStampedCopyByLink by a wrong link",
        SUBMIT,
        copy,
        Target::WrongLink,
    ),
    acting(
        "submitStampedCopyByLink by a used link",
        SUBMIT,
        copy,
        Target::UsedLink,
    ),
    acting(
        "submitStampedCopyByLink by a replaced link",
        SUBMIT,
        copy,
        Target::ReplacedLink,
    ),
    acting(
        "submitStampedCopyByLink by an expired link",
        SUBMIT,
        copy,
        Target::ExpiredLink,
    ),
    acting(
        "submitStampedCopyByLink by another agreement's link",
        SUBMIT,
        copy,
        Target::OthersLink,
    ),
];
