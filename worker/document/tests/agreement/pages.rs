//! How the pages look: nothing cut, nothing covered, and a QR code that a camera can read.

use anyhow::Result;
use wangqian_document::{AgreementPaper, Channel, DocumentError, Mark};

use crate::made_up::{awkward_paper, bare_paper, paper, paper_of};
use crate::{RENDERER, read, reading};

/// Far longer than any form allows, in the fields that are not made for it.
fn overlong_paper() -> AgreementPaper {
    let mut paper = paper();
    paper.graduate.name = "长名".repeat(500);
    paper.employer.industry = "一行\n".repeat(120);
    paper.employer.contact_phone = Some("1".repeat(2000));
    paper.terms.report_place = Some("地\n".repeat(150));
    paper
}

#[test]
fn nothing_leaves_its_place_however_long() -> Result<()> {
    for paper in [
        paper(),
        bare_paper(),
        awkward_paper(),
        overlong_paper(),
        paper_of(Channel::Offline),
    ] {
        let words = reading::words(&RENDERER.render(&paper, Mark::None)?)?;
        assert!(words.len() > 100);
        // A4 less 19 mm on either side, in points.
        let (left, right) = (53.8, 595.3 - 53.8);
        for word in &words {
            // A full stop at the end of a line may hang its blank half over the edge.
            let hanging = if word.text.ends_with(['。', '，', '；']) {
                5.5
            } else {
                1.0
            };
            assert!(word.left > left - 1.0 && word.right < right + hanging, "{word}");
            assert!(word.top > 24.0 && word.bottom < 842.0 - 24.0, "{word}");
        }
        let middle = |word: &reading::Word| (word.top + word.bottom) / 2.0;
        for (i, a) in words.iter().enumerate() {
            for b in &words[i + 1..] {
                let same_line = a.page == b.page && (middle(a) - middle(b)).abs() < 8.0;
                let shared = a.right.min(b.right) - a.left.max(b.left);
                assert!(!same_line || shared < 1.0, "{a} over {b}");
            }
        }
    }
    Ok(())
}

#[test]
fn long_values_are_complete_and_pages_are_counted() -> Result<()> {
    for (paper, pages) in [
        (paper(), "2"),
        (bare_paper(), "2"),
        (awkward_paper(), "3"),
        (paper_of(Channel::Offline), "2"),
    ] {
        let pdf = RENDERER.render(&paper, Mark::None)?;
        assert_eq!(reading::info(&pdf, "Pages")?, pages);
        assert!(reading::info(&pdf, "Page size")?.contains("A4"));
        let text = reading::text(&pdf)?;
        let mut whole = vec![
            paper.employer.name.clone(),
            paper.employer.address.clone(),
            paper.employer.position_title.clone(),
            paper.employer.contact_email.clone(),
            paper.graduate.name.clone(),
            paper.graduate.major.clone(),
        ];
        whole.extend(paper.graduate.place_of_origin.clone());
        whole.extend(paper.graduate.email.clone());
        whole.extend(paper.school.contact_address.clone());
        whole.extend(paper.terms.report_place.clone());
        whole.extend(paper.terms.work_place.clone());
        for value in whole {
            assert!(text.contains(&reading::squash(&value)), "{value}\n{text}");
        }
    }
    let text = read(&overlong_paper())?;
    assert_eq!(text.matches("一行").count(), 120);
    assert_eq!(
        text.matches('地').count() - read(&paper())?.matches('地').count(),
        150
    );
    assert_eq!(
        text.matches('长').count() - read(&paper())?.matches('长').count(),
        1000
    );
    // The supplementary terms run over a page: line by line, because foot and head stand between.
    let paper = awkward_paper();
    let text = read(&paper)?;
    let supplementary = paper.terms.supplementary.clone().unwrap();
    assert_eq!(supplementary.chars().count(), 1000);
    let line = reading::squash(supplementary.lines().next().unwrap());
    let inside = |text: &str| text.matches(&line[..line.len() / 2 / 3 * 3]).count();
    assert_eq!(inside(&text), inside(&reading::squash(&supplementary)));
    Ok(())
}

#[test]
fn the_qr_code_says_the_address() -> Result<()> {
    let mut paper = paper();
    for mark in [Mark::None, Mark::Superseded] {
        let codes = reading::qr_codes(&RENDERER.render(&paper, mark)?)?;
        assert_eq!(codes, ["https://wangqian.example.edu.cn/v/7K3M92QXDH4P"]);
    }
    if let Some(verification) = &mut paper.verification {
        verification.url = format!("https://example.cn/{}", "x".repeat(3000));
    }
    assert!(matches!(
        RENDERER.render(&paper, Mark::None),
        Err(DocumentError::QrCode(_))
    ));
    Ok(())
}
