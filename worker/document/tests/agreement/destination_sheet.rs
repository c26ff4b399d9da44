//! The destination sheet: what a reader finds in it, on how many pages, and that the same sheet gives the same bytes.

use anyhow::Result;
use wangqian_document::{DestinationSheet, DocumentError};

use crate::{
    RENDERER,
    made_up_sheet::{bare_sheet, sheet},
    reading::{info, qr_codes, squash, text, words},
};

#[test]
fn a_reader_finds_every_line_and_both_numbers_on_one_page() -> Result<()> {
    for sheet in [sheet("林示例"), bare_sheet()] {
        let pdf = RENDERER.render_sheet(&sheet)?;
        let read = text(&pdf)?;
        for (label, value) in sheet.sections.iter().flat_map(|section| &section.lines) {
            assert!(
                read.contains(&squash(label)) && read.contains(&squash(value)),
                "{label}: {value}\n{read}"
            );
        }
        for told in [
            "毕业去向登记信息表",
            "ZD-7K2M-90QX-4T8V",
            "0H3K-9Z2M-7QXV-T41B",
            "2027年6月18日",
        ] {
            assert!(read.contains(told), "{told}\n{read}");
        }
        assert_eq!(info(&pdf, "Pages")?, "1");
        assert_eq!(info(&pdf, "Page size")?, "595.276 x 841.89 pts (A4)");
        assert_eq!(qr_codes(&pdf)?, std::slice::from_ref(&sheet.verification.url));
        for word in words(&pdf)? {
            // A4 less 20 mm on either side, in points; a full stop may hang its blank half over the edge.
            assert!(word.left > 55.6 && word.right < 545.0, "{word}");
        }
        assert_eq!(pdf, RENDERER.render_sheet(&sheet)?, "the same sheet, other bytes");
    }
    Ok(())
}

#[test]
fn a_character_without_a_glyph_and_an_unknown_layout_are_refused() {
    let error = RENDERER.render_sheet(&sheet("林\u{F0000}")).unwrap_err();
    assert!(matches!(error, DocumentError::MissingGlyph { .. }), "{error}");
    assert!(!error.to_string().contains('林'));
    let unknown = DestinationSheet {
        layout: 9,
        ..sheet("林示例")
    };
    let error = RENDERER.render_sheet(&unknown).unwrap_err();
    assert!(matches!(error, DocumentError::UnknownLayout(9)), "{error}");
}
