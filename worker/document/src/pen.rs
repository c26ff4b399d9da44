//! The only way a person's words get onto the page: cleaned, every character checked against the fonts, and cut into
//! pieces that the layout sets one after another; what the fields mean is the layout's business.
//!
//! What becomes of unusual characters:
//! - line breaks of any kind (`\n`, `\r\n`, U+2028 …) stay line breaks; blank lines at the ends go, and of several in a row
//!   one stays
//! - a tab becomes a space
//! - characters without a shape (zero-width spaces and joiners, direction marks, soft hyphens, U+FEFF: they come along
//!   with text pasted from phones) are left out
//! - a variation selector is kept if a font has that very form, else left out: the character's usual form is printed
//! - a letter and its combining marks must come from one font
//! - control characters, private-use code points and U+FFFD have no agreed shape and are refused, whatever a font says

use serde::Serialize;
use typst::text::is_default_ignorable;
use unicode_segmentation::UnicodeSegmentation;

use crate::DocumentError;
use crate::fonts::{Fonts, is_variation_selector};

/// Longest field in characters. The forms allow 1000; the limit only keeps a defect elsewhere from becoming a book.
const LONGEST: usize = 100_000;

/// Widest run without a place to break, in em; the narrowest cell of the layout is wider than this.
const WIDEST_RUN: f64 = 11.0;

/// A field of the paper, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its path in [`AgreementPaper`](crate::AgreementPaper).
    pub(crate) path: &'static str,
    /// Its name on the paper.
    pub(crate) label: &'static str,
}

/// Text that can be set as it is: lines of pieces.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Ink(Vec<Vec<Piece>>);

/// A piece of a line. In JSON: a string, `[face, string]`, or null.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Piece {
    /// Text in the embedded font.
    Plain(String),
    /// Text in another font.
    In(usize, String),
    /// A place where the line may break although no rule of language says so.
    Break,
}

impl Ink {
    /// Whether nothing would be seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it might not fit on a page with its surroundings, so that it must be allowed to run over the page's end.
    pub(crate) fn is_long(&self) -> bool {
        self.0.len() > 8 || self.length() > 300
    }

    fn length(&self) -> usize {
        let of = |piece: &Piece| match piece {
            Piece::Plain(text) | Piece::In(_, text) => text.chars().count(),
            Piece::Break => 0,
        };
        self.0.iter().flatten().map(of).sum()
    }
}

/// Turns text into [`Ink`].
pub(crate) struct Pen<'a> {
    fonts: &'a Fonts,
}

/// A character with its marks, and what is known about it.
struct Cluster {
    text: String,
    face: usize,
    width: f64,
    kind: Kind,
}

impl Cluster {
    /// Whether a long address may well be broken after it.
    fn divides(&self) -> bool {
        matches!(
            self.text.as_str(),
            "/" | "?" | "&" | "=" | "-" | "_" | "." | "@" | "#" | "," | ";" | ":" | "+" | "%"
        )
    }
}

/// How a cluster behaves at the end of a line.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Lines break on either side: ideographs and the like, and spaces.
    Free,
    /// Anything else: letters, figures, signs.
    Solid,
}

impl<'a> Pen<'a> {
    /// A pen that writes with these fonts.
    pub(crate) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts }
    }

    /// Cleans, checks and cuts one field.
    pub(crate) fn write(&self, field: Field, text: &str) -> Result<Ink, DocumentError> {
        let length = text.chars().count();
        if length > LONGEST {
            return Err(DocumentError::TooLong {
                field: field.path,
                label: field.label,
                length,
            });
        }
        let mut lines: Vec<Vec<Piece>> = Vec::new();
        for line in clean(text).split('\n') {
            let line = line.trim_end();
            if line.is_empty() && lines.last().is_none_or(Vec::is_empty) {
                continue;
            }
            lines.push(pieces(&self.clusters(field, line)?));
        }
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        Ok(Ink(lines))
    }

    fn clusters(&self, field: Field, line: &str) -> Result<Vec<Cluster>, DocumentError> {
        line.graphemes(true)
            .map(|cluster| self.cluster(field, cluster))
            .collect()
    }

    fn cluster(&self, field: Field, text: &str) -> Result<Cluster, DocumentError> {
        let all: Vec<char> = text.chars().collect();
        let missing = |character: char| DocumentError::MissingGlyph {
            character,
            code_point: character.into(),
            field: field.path,
            label: field.label,
        };
        if let Some(&character) = all.iter().find(|&&character| has_no_agreed_shape(character)) {
            return Err(missing(character));
        }
        let mut chars = all;
        let mut choice = self.fonts.choose(&chars);
        if choice.is_none() && chars.iter().copied().any(is_variation_selector) {
            chars.retain(|&character| !is_variation_selector(character));
            choice = self.fonts.choose(&chars);
        }
        let Some(choice) = choice else {
            // Name the character that is in no font; if each is in some font, the mark is what cannot be joined.
            let absent = chars
                .iter()
                .find(|&&character| self.fonts.choose(&[character]).is_none());
            let character = absent.or(chars.last()).copied().unwrap_or('\u{FFFD}');
            return Err(missing(character));
        };
        Ok(Cluster {
            kind: kind(chars.first().copied().unwrap_or(' ')),
            text: chars.into_iter().collect(),
            face: choice.face,
            width: choice.width,
        })
    }
}

/// One kind of line break, no tabs, nothing invisible.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_base = false;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\r' => {
                rest.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            // A selector picks a form of what stands directly before it; one that follows nothing is invisible.
            selector if is_variation_selector(selector) && after_base => out.push(selector),
            ignorable if is_default_ignorable(ignorable) => continue,
            other => out.push(other),
        }
        after_base = !character.is_whitespace() && !is_variation_selector(character);
    }
    out
}

/// Whether no font may draw it, because what it would show is nobody's agreement.
fn has_no_agreed_shape(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' | '\u{FFF9}'..='\u{FFFD}')
}

fn kind(character: char) -> Kind {
    match character {
        // Ideographs, radicals, kana, hangul, full-width letters and figures.
        '\u{2E80}'..='\u{2FFF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '０'..='９'
        | 'Ａ'..='Ｚ'
        | 'ａ'..='ｚ'
        | '\u{20000}'..='\u{3FFFF}' => Kind::Free,
        space if space.is_whitespace() && space != '\u{A0}' => Kind::Free,
        _ => Kind::Solid,
    }
}

/// Joins clusters of one font, and puts breaks into runs that are too wide for a cell: after the signs that divide an
/// address, and anywhere in what is too wide even so.
fn pieces(clusters: &[Cluster]) -> Vec<Piece> {
    let mut out = Vec::new();
    for run in clusters.chunk_by(|a, b| a.kind != Kind::Free && b.kind != Kind::Free) {
        if !too_wide(run) {
            run.iter().for_each(|cluster| push(&mut out, cluster));
            continue;
        }
        for (i, part) in run.chunk_by(|a, b| !a.divides() || b.divides()).enumerate() {
            if i > 0 {
                out.push(Piece::Break);
            }
            let anywhere = too_wide(part);
            for (i, cluster) in part.iter().enumerate() {
                if anywhere && i > 0 {
                    out.push(Piece::Break);
                }
                push(&mut out, cluster);
            }
        }
    }
    out
}

fn too_wide(run: &[Cluster]) -> bool {
    run.iter().map(|cluster| cluster.width).sum::<f64>() > WIDEST_RUN
}

fn push(pieces: &mut Vec<Piece>, cluster: &Cluster) {
    match pieces.last_mut() {
        Some(Piece::Plain(text)) if cluster.face == 0 => text.push_str(&cluster.text),
        Some(Piece::In(face, text)) if *face == cluster.face => text.push_str(&cluster.text),
        _ if cluster.face == 0 => pieces.push(Piece::Plain(cluster.text.clone())),
        _ => pieces.push(Piece::In(cluster.face, cluster.text.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: Field = Field {
        path: "graduate.name",
        label: "乙方姓名",
    };

    fn write(text: &str) -> Result<Ink, DocumentError> {
        let fonts = Fonts::load(&[]).unwrap();
        Pen::new(&fonts).write(FIELD, text)
    }

    fn plain(lines: &[&str]) -> Ink {
        let line = |text: &&str| match *text {
            "" => Vec::new(),
            text => vec![Piece::Plain(text.to_owned())],
        };
        Ink(lines.iter().map(line).collect())
    }

    #[test]
    fn what_is_invisible_goes_and_lines_stay() {
        for (text, lines) in [
            ("张三", &["张三"][..]),
            ("", &[]),
            (" \u{3000}\n\t\u{200B}", &[]),
            ("\u{202D}10000000002\u{202C}", &["10000000002"]),
            ("张\u{200D}三\u{FEFF}\u{AD}", &["张三"]),
            ("甲\r\n乙\r丙\u{2028}丁\n", &["甲", "乙", "丙", "丁"]),
            ("\n\n甲\n\n \n\n乙\n\n", &["甲", "", "乙"]),
            ("甲\t乙", &["甲 乙"]),
            ("  首行", &["  首行"]),
            // No loaded font has this form of 葛, so the usual one is printed; a selector after nothing is nothing.
            ("葛\u{E0100}城", &["葛城"]),
            ("\u{FE0F}葛\u{FE0F}\u{FE0F}", &["葛"]),
            ("e\u{301}", &["e\u{301}"]),
        ] {
            assert_eq!(write(text).unwrap(), plain(lines), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        for (text, wrong) in [
            ("张𠀀三", '𠀀'),
            ("😀", '😀'),
            ("张\u{E863}", '\u{E863}'),
            ("\u{0}", '\u{0}'),
            ("a\u{7}b", '\u{7}'),
            ("\u{FFFD}", '\u{FFFD}'),
            ("中\u{323}", '\u{323}'),
            ("\u{10FFFE}", '\u{10FFFE}'),
        ] {
            match write(text) {
                Err(DocumentError::MissingGlyph {
                    character,
                    code_point,
                    field: "graduate.name",
                    label: "乙方姓名",
                }) => assert_eq!((character, code_point), (wrong, wrong.into())),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        let message = write("𠀀").unwrap_err().to_string();
        assert!(message.contains("U+20000") && message.contains("graduate.name"));
        assert!(matches!(
            write(&"字".repeat(LONGEST + 1)),
            Err(DocumentError::TooLong { .. })
        ));
    }

    #[test]
    fn only_runs_that_would_not_fit_get_breaks() {
        let breaks = |text: &str| {
            let Ink(lines) = write(text).unwrap();
            lines
                .concat()
                .iter()
                .filter(|piece| **piece == Piece::Break)
                .count()
        };
        assert_eq!(breaks(&"这是一个很长的句子，".repeat(20)), 0);
        assert_eq!(breaks("Representative of the company"), 0);
        assert_eq!(breaks(&"a".repeat(50)), 49);
        assert_eq!(breaks(&"（".repeat(50)), 49);
        assert_eq!(breaks("https://www.example.edu.cn/verify?code=ABCD"), 7);
    }
}
