//! The fonts and what they can draw: loading them, and choosing for each piece of text the first font that has it.
//!
//! The typesetter's own fallback is not used. It asks a font to shape first and looks further only if that failed, and
//! shaping may quietly put a canonical equivalent (塚 U+FA10 as U+585A) or drop a variation selector. Here the choice is
//! made from the fonts' own tables, and every piece of text goes to the typesetter with the one font that draws it.

use std::fs;
use std::path::{Path, PathBuf};

use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontBook, FontInstance, FontVariant, FontVariations};
use typst::utils::LazyHash;
use unicode_normalization::char::{compose, is_combining_mark};

use crate::DocumentError;

/// Noto Serif SC Regular; see `fonts/README.md`.
static EMBEDDED: &[u8] = include_bytes!("../fonts/NotoSerifSC-Regular.ttf");

/// The loaded fonts, the embedded one first.
pub(crate) struct Fonts {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
}

struct Face {
    font: Font,
    /// At its default variation, to look glyphs up.
    instance: FontInstance,
}

/// A font for a piece of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    /// The font's index; the typesetter knows it as the family `face-<index>`.
    pub(crate) face: usize,
    /// The advance in em, before any kerning.
    pub(crate) width: f64,
}

impl Fonts {
    /// Loads the embedded font and every font file below the folders, in the order of the folders and of the file names.
    /// A file that is no font is logged and left out.
    pub(crate) fn load(folders: &[PathBuf]) -> Result<Self, DocumentError> {
        let embedded = Font::new(Bytes::new(EMBEDDED), 0).ok_or(DocumentError::EmbeddedFont)?;
        let mut fonts = vec![embedded];
        for folder in folders {
            for path in font_files(folder)? {
                let data = fs::read(&path).map_err(|source| DocumentError::Font {
                    path: path.clone(),
                    source,
                })?;
                let before = fonts.len();
                fonts.extend(Font::iter(Bytes::new(data)));
                if fonts.len() == before {
                    tracing::warn!(path = %path.display(), "not a font, left out");
                }
            }
        }
        let mut book = FontBook::new();
        let mut faces = Vec::with_capacity(fonts.len());
        for (index, font) in fonts.into_iter().enumerate() {
            // A family of its own for each face, so that the typesetter has no choice either.
            let mut info = font.info().clone();
            info.family = format!("face-{index}");
            book.push(info);
            let instance =
                font.clone()
                    .instantiate(FontVariant::default(), Abs::pt(10.0), &FontVariations::default());
            faces.push(Face { font, instance });
        }
        Ok(Self {
            book: LazyHash::new(book),
            faces,
        })
    }

    /// What the typesetter knows about the fonts.
    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// The font with this index.
    pub(crate) fn get(&self, index: usize) -> Option<Font> {
        self.faces.get(index).map(|face| face.font.clone())
    }

    /// The first font that draws the whole cluster: a character with its combining marks, or with a variation selector
    /// that the font knows. All of one cluster must come from one font, or the marks would stand beside their letter.
    pub(crate) fn choose(&self, cluster: &[char]) -> Option<Choice> {
        let composed = composed(cluster);
        self.faces.iter().enumerate().find_map(|(index, face)| {
            let width = face.width(cluster).or_else(|| face.width(&composed))?;
            Some(Choice { face: index, width })
        })
    }
}

impl Face {
    /// The width in em if the face can draw all of the cluster.
    fn width(&self, cluster: &[char]) -> Option<f64> {
        let ttf = self.instance.ttf();
        let mut units = 0.0;
        let mut rest = cluster.iter().copied().peekable();
        while let Some(character) = rest.next() {
            let glyph = match rest.peek() {
                Some(&selector) if is_variation_selector(selector) => {
                    rest.next();
                    ttf.glyph_variation_index(character, selector)?
                }
                _ => ttf.glyph_index(character)?,
            };
            // A font that maps a character to nothing visible (some fonts do so on purpose) does not draw it.
            let drawn = glyph.0 != 0 && ttf.glyph_bounding_box(glyph).is_some();
            if !drawn && !character.is_whitespace() {
                return None;
            }
            units += f64::from(ttf.glyph_hor_advance(glyph)?);
        }
        Some(units / self.instance.units_per_em())
    }
}

/// Whether the character picks a form of the one before it.
pub(crate) fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// The cluster with each combining mark joined to what stands before it, where Unicode has a character for the pair: the
/// typesetter does the same when it shapes.
fn composed(cluster: &[char]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(cluster.len());
    for &character in cluster {
        match out.last_mut() {
            Some(last) if is_combining_mark(character) => match compose(*last, character) {
                Some(joined) => *last = joined,
                None => out.push(character),
            },
            _ => out.push(character),
        }
    }
    out
}

/// The font files below a folder, sorted, so that the order does not depend on the file system.
fn font_files(folder: &Path) -> Result<Vec<PathBuf>, DocumentError> {
    let unreadable = |source| DocumentError::Font {
        path: folder.to_owned(),
        source,
    };
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        // A link to a folder is not followed: it may lead back up.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            files.extend(font_files(&path)?);
        } else if path.extension().is_some_and(|extension| {
            ["ttf", "otf", "ttc", "otc"]
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        }) {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_of_names_are_in_the_embedded_font() {
        let fonts = Fonts::load(&[]).unwrap();
        for character in "𬭎䶮㛃·•—，。？！（）《》〇".chars() {
            let choice = fonts.choose(&[character]);
            assert_eq!(choice.map(|choice| choice.face), Some(0), "{character}");
        }
        assert_eq!(fonts.choose(&['𠀀']), None);
        assert_eq!(fonts.choose(&['中']).unwrap().width, 1.0);
    }

    #[test]
    fn a_mark_needs_a_font_that_has_it_or_the_joined_letter() {
        let fonts = Fonts::load(&[]).unwrap();
        // é is there as one character; 中 with an acute accent is drawn by the font's own accent.
        assert!(fonts.choose(&['e', '\u{301}']).is_some());
        // U+0323, a dot below, is neither in the font nor joined with 中.
        assert_eq!(fonts.choose(&['中', '\u{323}']), None);
    }

    #[test]
    fn a_variation_counts_only_if_the_font_has_it() {
        let fonts = Fonts::load(&[]).unwrap();
        assert_eq!(fonts.choose(&['葛', '\u{E0100}']), None);
        assert!(fonts.choose(&['葛']).is_some());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_a_file_that_is_no_font_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("broken.ttf"), b"no font").unwrap();
        fs::write(folder.path().join("notes.txt"), b"no font either").unwrap();
        let fonts = Fonts::load(&[folder.path().to_owned()]).unwrap();
        assert_eq!(fonts.faces.len(), 1);
        let missing = folder.path().join("missing");
        assert!(matches!(Fonts::load(&[missing]), Err(DocumentError::Font { .. })));
    }
}
