//! A manual: typeset as it stands, from the product's own words.

use anyhow::Result;
use chrono::NaiveDate;
use wangqian_document::{DocumentError, ManualText, RenderedManual};

use crate::{RENDERER, reading};

const LOOK: &str =
    "#set document(title: \"手册\")\n#set text(font: \"face-0\", fallback: false, lang: \"zh\")\n";

fn render(text: &str, data: &str) -> Result<RenderedManual, DocumentError> {
    RENDERER.render_manual(&ManualText {
        source: &format!("{LOOK}{text}"),
        data,
        edition: NaiveDate::from_ymd_opt(2027, 3, 5).unwrap_or_default(),
    })
}

#[test]
fn text_and_data_are_typeset_and_pages_counted() -> Result<()> {
    let text = "#let data = json(\"sheet.json\")\n= 第一章\n#data.word\n#pagebreak()\n= 第二章";
    let made = render(text, "{\"word\": \"待应约\"}")?;
    assert_eq!(made.pages, 2);
    assert_eq!(reading::info(&made.pdf, "Pages")?, "2");
    assert_eq!(reading::info(&made.pdf, "Title")?, "手册");
    assert_eq!(reading::text(&made.pdf)?, "第一章待应约第二章");
    assert_eq!(reading::fonts(&made.pdf)?, ["NotoSerifSC-Regular"]);
    assert_eq!(made, render(text, "{\"word\": \"待应约\"}")?);
    assert_ne!(made, render(text, "{\"word\": \"已签约\"}")?);
    Ok(())
}

#[test]
fn a_box_or_a_word_that_is_not_there_stops_it() {
    assert!(matches!(render("𠀀", "{}"), Err(DocumentError::Box { page: 1 })));
    let missing = "#json(\"sheet.json\").at(\"SIGNED\")";
    assert!(matches!(render(missing, "{}"), Err(DocumentError::Typst(_))));
    // Nothing but the data is there to be read.
    assert!(matches!(
        render("#read(\"/etc/passwd\")", "{}"),
        Err(DocumentError::Typst(_))
    ));
}
