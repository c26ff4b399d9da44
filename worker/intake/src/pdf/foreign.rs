//! What in the bytes of a PDF is no PDF: something else behind its end or between its updates, and a page of the web that hides in it.
//! A PDF is kept byte for byte, so whoever takes the copy for a page, a browser that guesses among them, must find none.
//!
//! White space and zeros behind the end are harmless, and scanners write them; so are updates (ISO 32000-2, 7.5.6), each of
//! which ends with a mark of its own, and comments in which no tag stands.

use memchr::memmem;

use super::syntax::is_white;
use crate::Refused;

const END_MARK: &[u8] = b"%%EOF";
/// With it some programs of old end a file.
const SUBSTITUTE: u8 = 0x1a;
/// What a page of the web opens with, or what makes it act: looked for in all bytes, whatever the structure around it, in capitals or
/// not, with what must follow; long enough that chance does not write it into a packed picture.
const TAGS: [&[u8]; 8] = [
    b"!doctype",
    b"?php",
    b"body",
    b"embed",
    b"html",
    b"iframe",
    b"object",
    b"script",
];

/// Refuses a PDF that holds bytes of something else.
pub(super) fn bytes_in(bytes: &[u8]) -> Result<(), Refused> {
    if memchr::memchr_iter(b'<', bytes).any(|at| is_tag(&bytes[at + 1..])) {
        return Err(Refused::ForeignBytes("a page of the web"));
    }
    let last = memmem::rfind(bytes, END_MARK).map_or(bytes.len(), |at| at + END_MARK.len());
    let only_padding = |byte: &u8| is_white(*byte) || *byte == SUBSTITUTE;
    if !bytes[last..].iter().all(only_padding) {
        return Err(Refused::ForeignBytes("behind its end"));
    }
    // The header is a comment.
    let mut past = past_comments(bytes, 0)?;
    for at in memmem::find_iter(bytes, END_MARK) {
        if at < past {
            continue;
        }
        past = past_comments(bytes, at + END_MARK.len())?;
        if !is_update(&bytes[past..]) {
            return Err(Refused::ForeignBytes("between its updates"));
        }
    }
    Ok(())
}

/// Whether a tag stands here, behind its opening bracket.
fn is_tag(rest: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| is_white(*byte) || matches!(byte, b'/' | b'>'));
    TAGS.iter().any(|tag| {
        rest.get(..tag.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(tag))
            && ends(rest.get(tag.len()))
    }) && !is_rich_text(rest)
}

/// Whether this is the `body` of rich text as notes and typed words have it beside their plain text (ISO 32000-2, 12.7.3.4): it names the
/// namespace of XHTML, and no attribute of it acts.
fn is_rich_text(rest: &[u8]) -> bool {
    const NAMESPACE: &[u8] = b"xmlns=\"http://www.w3.org/1999/xhtml\"";
    const LONGEST: usize = 2048;
    let Some(rest) = rest.strip_prefix(b"body") else {
        return false;
    };
    let rest = &rest[..rest.len().min(LONGEST)];
    let Some(end) = memchr::memchr(b'>', rest) else {
        return false;
    };
    let attributes = &rest[..end];
    let acts = |at: &[u8]| {
        !at[0].is_ascii_alphanumeric()
            && at[1].eq_ignore_ascii_case(&b'o')
            && at[2].eq_ignore_ascii_case(&b'n')
    };
    memmem::find(attributes, NAMESPACE).is_some() && !attributes.windows(3).any(acts)
}

/// Where comments and white space from here on end. No tag at all may stand in them: what is no comment to a browser is a tag there.
fn past_comments(bytes: &[u8], mut at: usize) -> Result<usize, Refused> {
    loop {
        match bytes.get(at) {
            Some(byte) if is_white(*byte) || *byte == SUBSTITUTE => at += 1,
            Some(b'%') => {
                let line = &bytes[at..];
                let end = memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len());
                let tag = |pair: &[u8]| {
                    pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || matches!(pair[1], b'!' | b'?'))
                };
                if line[..end].windows(2).any(tag) {
                    return Err(Refused::ForeignBytes("a tag in a comment"));
                }
                at += end;
            }
            _ => return Ok(at),
        }
    }
}

/// Whether what stands behind the mark of an end is nothing, or goes on as an update does. Such a mark in a stream's data is none.
fn is_update(rest: &[u8]) -> bool {
    if rest.is_empty() {
        return true;
    }
    if [&b"xref"[..], b"trailer", b"startxref", b"endstream"]
        .iter()
        .any(|keyword| rest.starts_with(keyword))
    {
        return true;
    }
    // `12 0 obj`
    let mut words = rest[..rest.len().min(64)]
        .split(|byte| is_white(*byte))
        .filter(|word| !word.is_empty());
    let mut number = || {
        words
            .next()
            .is_some_and(|word| word.iter().all(u8::is_ascii_digit))
    };
    number() && number() && words.next().is_some_and(|word| word.starts_with(b"obj"))
}
