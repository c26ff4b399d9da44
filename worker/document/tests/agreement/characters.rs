//! Awkward characters: markup, rare ones, ones that no font has.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use proptest::prelude::*;
use wangqian_document::{AgreementPaper, DocumentError, Mark, Renderer};

use crate::made_up::paper;
use crate::{RENDERER, read, reading};

/// Fonts of the Debian package fonts-hanazono, for characters that Noto lacks.
fn with_hanazono() -> Result<Renderer> {
    let folder = PathBuf::from("/usr/share/fonts/truetype/hanazono");
    ensure!(
        folder.is_dir(),
        "fonts are missing: apt-get install fonts-hanazono"
    );
    Ok(Renderer::new(&[folder])?)
}

#[test]
fn text_is_never_taken_for_markup() -> Result<()> {
    for awkward in [
        "#panic(\"x\") #let a = 1; #a #[b] ] } )",
        "$x^2$ *bold* _slanted_ `raw` ```block```",
        "\\ \\\\ \\n \\u{41} \"quoted\" 'single' <label> @reference",
        "// remark /* remark */ = heading - list + list / term: x",
        "~ -- --- ... -? {\"json\": [null, 1, \"\\\"\"]}",
        "https://example.cn/a?b=c&d=%20#e <script>alert(1)</script>",
        "“全角”‘引号’，。；：！？（）《》【】「」、·—…～￥％＃＠＆＊",
        "ffi fl ff Ｆｕｌｌ　ｗｉｄｔｈ ｱｲｳ ①②③ ⅣⅧ ㎡ ℃ ² ½ × ÷ √ № ™",
        "· • ‧ ・ - ‐ ‑ – — ― ー 一 ⼀ 金 ⾦",
        "𬭎 䶮 㛃 〇 é ü ǚ ḿ Ω Я",
    ] {
        let mut paper = paper();
        paper.employer.position_title = awkward.into();
        paper.terms.supplementary = Some(awkward.into());
        let text = read(&paper)?;
        let wanted = reading::squash(awkward);
        assert!(
            text.contains(&format!("职位名称{wanted}单位地址")),
            "{awkward}\n{text}"
        );
        assert!(
            text.contains(&format!("补充约定{wanted}协议条款")),
            "{awkward}\n{text}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_back(awkward in "[ -~一-龥㐀-䶵，。；：！？（）《》“”‘’、·—…A-z]{1,250}") {
        let mut paper = paper();
        paper.terms.supplementary = Some(format!("起{awkward}止"));
        let text = read(&paper).unwrap();
        let wanted = format!("补充约定起{}止协议条款", reading::squash(&awkward));
        prop_assert!(text.contains(&wanted), "{}\n{}", wanted, text);
    }
}

#[test]
fn a_character_that_no_font_has_names_its_field_whichever_it_is() -> Result<()> {
    let snapshot = serde_json::to_value(paper())?;
    let mut tried = 0;
    for pointer in strings(&snapshot, "") {
        let mut changed = snapshot.clone();
        if let Some(value) = changed.pointer_mut(&pointer) {
            *value = "张𠀀三".into();
        }
        // Dates and the channel are not free text: they do not even parse.
        let Ok(changed) = serde_json::from_value::<AgreementPaper>(changed) else {
            continue;
        };
        match RENDERER.render(&changed, Mark::None) {
            Err(DocumentError::MissingGlyph {
                character: '𠀀',
                code_point: 0x20000,
                field,
                label,
            }) => {
                let field = format!("/{}", field.replace('.', "/"));
                assert!(pointer.starts_with(&field), "{pointer} reported as {field}");
                assert!(!label.is_empty());
                tried += 1;
            }
            other => panic!("{pointer}: {:?}", other.map(|pdf| pdf.len())),
        }
    }
    assert_eq!(tried, 38);
    Ok(())
}

/// The JSON pointers of all strings.
fn strings(value: &serde_json::Value, at: &str) -> Vec<String> {
    match value {
        serde_json::Value::String(_) => vec![at.to_owned()],
        serde_json::Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(key, item)| strings(item, &format!("{at}/{key}")))
            .collect(),
        serde_json::Value::Object(items) => items
            .iter()
            .flat_map(|(key, item)| strings(item, &format!("{at}/{key}")))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn an_extra_font_draws_what_the_embedded_one_lacks() -> Result<()> {
    let renderer = with_hanazono()?;
    let mut paper = paper();
    // 𠀀 is in HanaMinA, 𪜀 in HanaMinB only; 塚 (U+FA10) would be replaced by its twin if shaping were left to itself; 葛 with a
    // selector is a form that only the extra font has.
    paper.graduate.name = "张𠀀𬭎".into();
    paper.employer.name = "\u{FA10}本葛\u{E0100}城商贸有限公司".into();
    paper.terms.supplementary = Some("𪜀䶮".repeat(60));
    let pdf = renderer.render(&paper, Mark::None)?;
    let text = reading::text(&pdf)?;
    assert!(text.contains("姓名张𠀀𬭎性别"), "{text}");
    assert!(text.contains(&"𪜀䶮".repeat(60)), "{text}");
    let name = text.replace('\u{E0100}', "");
    assert!(name.contains("单位名称\u{FA10}本葛城商贸有限公司"), "{text}");
    let fonts = reading::fonts(&pdf)?;
    for wanted in ["NotoSerifSC-Regular", "HanaMinA", "HanaMinB"] {
        assert!(fonts.iter().any(|font| font == wanted), "{fonts:?}");
    }
    // Who does not need them does not get them, byte for byte.
    let plain = crate::made_up::paper();
    assert!(renderer.render(&plain, Mark::None)? == RENDERER.render(&plain, Mark::None)?);
    // And what even they lack is refused.
    paper.graduate.name = "张\u{30EDD}三".into();
    let refused = renderer.render(&paper, Mark::None);
    assert!(matches!(
        refused,
        Err(DocumentError::MissingGlyph {
            code_point: 0x30EDD,
            field: "graduate.name",
            ..
        })
    ));
    Ok(())
}
