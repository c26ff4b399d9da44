//! What in a PDF does something, or carries something, beyond its pages.
//!
//! Twice over. First by name: a script runs only where an action says `/JavaScript`, and so on; these words are looked for
//! in all bytes, whatever the structure around them. Second by structure: short words that chance could write into a
//! packed picture count only where they stand as a key or a type, and what happens by itself must be on the list of what
//! is harmless.

use super::{
    objects::Document,
    syntax::{Dictionary, Value, is_regular, unescaped},
};
use crate::Refused;

/// Names that no harmless PDF has, long enough that chance does not write them.
const NAMES: [&str; 11] = [
    "JavaScript",
    "Launch",
    "EmbeddedFile",
    "EmbeddedFiles",
    "FileAttachment",
    "RichMedia",
    "RichMediaExecute",
    "SubmitForm",
    "ImportData",
    "Rendition",
    "GoToE",
];
/// Kinds of actions that open other files, play, or run. A link that is clicked (`/URI`) is harmless.
const ACTIONS: [&str; 3] = ["GoToR", "Movie", "Sound"];
/// Kinds of annotations that play.
const ANNOTATIONS: [&str; 4] = ["Movie", "Sound", "Screen", "3D"];
/// Kinds of actions that may happen by themselves: they move within the document. The last is no action: `/S` says it of a
/// drawing, and a page may call one of its drawings `/AA`.
const HARMLESS: [&str; 8] = [
    "GoTo",
    "GoToDp",
    "Named",
    "ResetForm",
    "Hide",
    "SetOCGState",
    "Trans",
    "Transparency",
];

/// How many actions may follow one from another.
const MAX_CHAIN: usize = 32;

fn known(name: &[u8], list: &'static [&'static str]) -> Option<&'static str> {
    list.iter().copied().find(|known| known.as_bytes() == name)
}

/// Refuses bytes in which a name of [`NAMES`] stands, escaped or not.
pub(super) fn names_in(bytes: &[u8]) -> Result<(), Refused> {
    /// The longest name, each of its characters escaped.
    const LONGEST: usize = 3 * "RichMediaExecute".len();
    for at in memchr::memchr_iter(b'/', bytes) {
        let rest = &bytes[at + 1..bytes.len().min(at + 2 + LONGEST)];
        let end = rest
            .iter()
            .position(|byte| !is_regular(*byte))
            .unwrap_or(rest.len());
        // Most names need no second look.
        if matches!(
            rest.first(),
            Some(b'J' | b'L' | b'E' | b'F' | b'R' | b'S' | b'I' | b'G' | b'#')
        ) && let Some(name) = known(&unescaped(&rest[..end]), &NAMES)
        {
            return Err(Refused::ActivePdf(name));
        }
    }
    Ok(())
}

/// Refuses an object that acts, and says whether it has to do with what happens by itself.
pub(super) fn look_at(value: &Value<'_>) -> Result<bool, Refused> {
    let mut acts = false;
    for dictionary in dictionaries(value) {
        for (key, value) in &dictionary.0 {
            match &**key {
                // A form with scripts of its own kind.
                b"XFA" => return Err(Refused::ActivePdf("XFA")),
                // A file in the file. A page may call a font so too.
                b"EF" if matches!(value, Value::Dictionary(_)) || names_a_file(dictionary) => {
                    return Err(Refused::ActivePdf("EF"));
                }
                _ => {}
            }
            let listed: &'static [&'static str] = match &**key {
                b"S" => &ACTIONS,
                b"Subtype" => &ANNOTATIONS,
                _ => &[],
            };
            if let Value::Name(kind) = value
                && let Some(name) = known(kind, listed).or_else(|| known(kind, &NAMES))
            {
                return Err(Refused::ActivePdf(name));
            }
            acts |= matches!(&**key, b"OpenAction" | b"AA");
        }
    }
    Ok(acts)
}

/// Refuses a stream whose data lie in another file (ISO 32000-2, 7.3.8.2).
pub(super) fn stream(dictionary: &Dictionary<'_>) -> Result<(), Refused> {
    match dictionary.get(b"F") {
        Some(_) => Err(Refused::ActivePdf("data in another file")),
        None => Ok(()),
    }
}

/// Refuses what happens by itself, when the file or a page is opened, unless it is harmless.
pub(super) fn what_happens_by_itself(document: &Document<'_, '_>) -> Result<(), Refused> {
    for value in document.acting() {
        let value = value?;
        for (key, value) in dictionaries(&value).flat_map(|dictionary| &dictionary.0) {
            match &**key {
                b"OpenAction" => actions(document, value, "OpenAction")?,
                b"AA" => {
                    if let Value::Dictionary(events) = document.resolve(value)? {
                        for (_, value) in &events.0 {
                            actions(document, value, "AA")?;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Refuses an action, or one that follows from it, that is not harmless.
fn actions<'v>(document: &'v Document<'_, '_>, first: &Value<'v>, when: &'static str) -> Result<(), Refused> {
    let mut ahead: Vec<Value<'v>> = vec![first.clone()];
    let mut seen = 0;
    while let Some(value) = ahead.pop() {
        seen += 1;
        if seen > MAX_CHAIN {
            return Err(Refused::ActivePdf(when));
        }
        // Anything but a dictionary is a place in the document.
        let Value::Dictionary(action) = document.resolve(&value)? else {
            continue;
        };
        for kind in action.all(b"S") {
            match document.resolve(kind)? {
                Value::Name(kind) if known(&kind, &HARMLESS).is_some() => {}
                _ => return Err(Refused::ActivePdf(when)),
            }
        }
        for next in action.all(b"Next") {
            match document.resolve(next)? {
                Value::Array(all) => ahead.extend(all.into_iter().take(MAX_CHAIN)),
                one => ahead.push(one),
            }
        }
    }
    Ok(())
}

fn names_a_file(dictionary: &Dictionary<'_>) -> bool {
    dictionary.get(b"F").is_some() || dictionary.get(b"UF").is_some()
}

/// All dictionaries in a value, without what it refers to.
fn dictionaries<'t, 'v>(value: &'t Value<'v>) -> impl Iterator<Item = &'t Dictionary<'v>> {
    let mut ahead = vec![value];
    std::iter::from_fn(move || {
        while let Some(value) = ahead.pop() {
            match value {
                Value::Array(values) => ahead.extend(values),
                Value::Dictionary(dictionary) => {
                    ahead.extend(dictionary.0.iter().map(|(_, value)| value));
                    return Some(dictionary);
                }
                _ => {}
            }
        }
        None
    })
}
