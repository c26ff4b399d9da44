//! The file as such: the same paper is the same bytes, its properties, and the snapshot it is made from.

use anyhow::Result;
use wangqian_document::{AgreementPaper, Channel, DocumentError, Mark, Renderer};

use crate::made_up::{bare_paper, day, paper, paper_of};
use crate::{RENDERER, reading};

#[test]
fn the_same_paper_is_the_same_bytes() -> Result<()> {
    let other = Renderer::new(&[])?;
    let pdf = RENDERER.render(&paper(), Mark::None)?;
    assert!(pdf == RENDERER.render(&paper(), Mark::None)?);
    assert!(pdf == other.render(&paper(), Mark::None)?);
    let stored = serde_json::to_value(paper())?;
    let stored: AgreementPaper = serde_json::from_value(stored)?;
    assert!(pdf == other.render(&stored, Mark::None)?);
    // From several threads at once, among other papers.
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u32)
            .map(|i| {
                let pdf = &pdf;
                scope.spawn(move || {
                    let mut mine = paper();
                    mine.number = Some(format!("{i}"));
                    RENDERER.render(&mine, Mark::Draft).unwrap();
                    *pdf == RENDERER.render(&paper(), Mark::None).unwrap()
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap());
        }
    });
    // Anything else is another document.
    let mut changed = paper();
    changed.terms.regular_salary = Some(9_001);
    assert!(pdf != RENDERER.render(&changed, Mark::None)?);
    assert!(pdf != RENDERER.render(&paper(), Mark::Draft)?);
    Ok(())
}

#[test]
fn the_properties_name_the_agreement_and_no_person() -> Result<()> {
    let mut paper = paper();
    paper.issued_on = day(2, 9);
    let pdf = RENDERER.render(&paper, Mark::None)?;
    for (key, value) in [
        ("Title", "高校毕业生就业协议书 20269999901000123"),
        ("Author", "示例理工大学"),
        ("Creator", "Wangqian"),
        ("Tagged", "yes"),
    ] {
        assert_eq!(reading::info(&pdf, key)?, value);
    }
    // Midnight in China, shown in whatever zone the test runs in.
    let created = reading::info(&pdf, "CreationDate")?;
    assert!(
        created.starts_with("2026-02-08T") || created.starts_with("2026-02-09T"),
        "{created}"
    );
    let metadata = reading::metadata(&pdf)?;
    assert!(
        metadata.contains("zh-CN") && metadata.contains("2026-02-09"),
        "{metadata}"
    );
    assert!(metadata.contains("<pdfaid:part>2</pdfaid:part>"), "{metadata}");
    for personal in [
        &paper.graduate.name,
        &paper.graduate.id_card,
        &paper.graduate.mobile,
    ] {
        assert!(!metadata.contains(personal.as_str()));
        assert!(!format!("{paper:?} {:?} {:?}", paper.graduate, paper.employer).contains(personal.as_str()));
    }
    Ok(())
}

#[test]
fn a_snapshot_keeps_its_shape() -> Result<()> {
    for paper in [paper(), bare_paper(), paper_of(Channel::Registered)] {
        let stored = serde_json::to_string(&paper)?;
        assert!(serde_json::from_str::<AgreementPaper>(&stored)? == paper);
    }
    // One that is already in a database.
    let stored = serde_json::from_str::<AgreementPaper>(include_str!("../stored/layout_1.json"))?;
    assert!(stored == paper());
    let mut stored = serde_json::to_value(paper())?;
    stored["graduate"]["nickname"] = "三儿".into();
    assert!(serde_json::from_value::<AgreementPaper>(stored).is_err());
    let mut unknown = paper();
    unknown.layout = 2;
    assert!(matches!(
        RENDERER.render(&unknown, Mark::None),
        Err(DocumentError::UnknownLayout(2))
    ));
    Ok(())
}

#[test]
fn a_renderer_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}
    shared(&*RENDERER);
}
