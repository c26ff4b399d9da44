//! PDFs: whether one may be kept as it is.
//!
//! The file is not read the way a viewer reads it, from the cross-reference table on. A hostile table shows one file to us
//! and another to the viewer, and viewers rebuild broken tables each in their own way. Instead every place where an object
//! can begin is looked at, wherever it lies, in the bytes and in the object streams; see [`objects`]. What a viewer can
//! come upon is among what was seen.
//!
//! No parser of the shelf is used, since none is made for this: they inflate streams without a bound, and follow a tree of
//! pages that holds itself until the stack ends, which no caller survives. Only object streams are inflated here, into a
//! bounded store; contents, pictures and fonts stay packed and unseen.

mod active;
mod foreign;
mod objects;
mod pages;
mod syntax;

use memchr::memmem;

use crate::Refused;

/// Where the end mark must stand, counted from the end: viewers look no further.
const END_MARK_WITHIN: usize = 1024;
/// How far before the end of a ZIP archive its directory's end may stand: a comment's greatest length and the record.
const ZIP_END_WITHIN: usize = 65_535 + 22;

/// How many pages a PDF has that may be kept.
pub(crate) fn check(bytes: &[u8]) -> Result<u32, Refused> {
    if memmem::rfind(last(bytes, END_MARK_WITHIN), b"%%EOF").is_none() {
        return Err(Refused::Truncated);
    }
    if is_zip(bytes) {
        return Err(Refused::AlsoAnArchive);
    }
    let work = syntax::Work::new();
    let document = objects::read(bytes, &work)?;
    active::what_happens_by_itself(&document)?;
    let pages = pages::count(&document)?;
    // Last, so that what is no PDF at all is told so.
    foreign::bytes_in(bytes)?;
    Ok(pages)
}

fn last(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[bytes.len().saturating_sub(count)..]
}

/// Whether the bytes end in a ZIP archive: its closing record, with the directory that the record speaks of right before.
fn is_zip(bytes: &[u8]) -> bool {
    let start = bytes.len().saturating_sub(ZIP_END_WITHIN);
    memmem::find_iter(&bytes[start..], b"PK\x05\x06").any(|at| {
        let at = start + at;
        let Some(&[a, b, c, d]) = bytes.get(at + 12..at + 16) else {
            return false;
        };
        let directory = u32::from_le_bytes([a, b, c, d]) as usize;
        at.checked_sub(directory)
            .and_then(|directory| bytes.get(directory..))
            .is_some_and(|directory| directory.starts_with(b"PK\x01\x02"))
    })
}
