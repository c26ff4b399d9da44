//! What is refused at first sight, and what people are told.

use wangqian_intake::{Kind, MAX_BYTES, Refused, inspect};

use crate::made;

#[test]
fn kinds_and_their_names() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of_content_type(kind.content_type()), Some(kind));
    }
    for other in [
        "",
        "image/svg+xml",
        "image/gif",
        "text/html",
        "IMAGE/PNG",
        "application/zip",
    ] {
        assert_eq!(Kind::of_content_type(other), None, "{other}");
    }
    assert_eq!(Kind::ALL.map(Kind::extension), ["jpg", "png", "webp", "pdf"]);
}

#[test]
fn a_file_without_bytes() {
    for kind in Kind::ALL {
        assert_eq!(inspect(b"", kind), Err(Refused::Empty));
    }
}

#[test]
fn a_file_of_too_many_bytes() {
    let mut bytes = made::pdf(1);
    bytes.resize(MAX_BYTES + 1, b'\n');
    assert_eq!(
        inspect(&bytes, Kind::Pdf),
        Err(Refused::TooLarge { bytes: MAX_BYTES + 1 })
    );
}

#[test]
fn a_file_that_is_not_what_it_is_called() {
    let page = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let strangers = [
        page,
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"PK\x03\x04",
        b"MZ\x90\0",
        b"\0",
        b"%PD",
        b"RIFF\x04\0\0\0WAVE",
    ];
    for announced in Kind::ALL {
        for bytes in strangers {
            let found = None;
            assert_eq!(
                inspect(bytes, announced),
                Err(Refused::WrongType { announced, found })
            );
        }
    }
    let all = [
        (Kind::Jpeg, made::jpeg()),
        (Kind::Png, made::png()),
        (Kind::WebP, made::webp()),
        (Kind::Pdf, made::pdf(1)),
    ];
    for (kind, bytes) in &all {
        for announced in Kind::ALL.into_iter().filter(|other| other != kind) {
            let found = Some(*kind);
            assert_eq!(
                inspect(bytes, announced),
                Err(Refused::WrongType { announced, found })
            );
        }
    }
}

#[test]
fn a_pdf_begins_with_its_mark_and_nothing_else() {
    for before in [
        &b"\n"[..],
        b"\xef\xbb\xbf",
        b"<html><script>alert(1)</script>",
        b"GIF89a",
    ] {
        let bytes = [before, &made::pdf(1)].concat();
        assert!(matches!(
            inspect(&bytes, Kind::Pdf),
            Err(Refused::WrongType { found: None, .. })
        ));
    }
}

#[test]
fn people_are_told_what_to_do_in_chinese() {
    let all = [
        Refused::Empty,
        Refused::TooLarge { bytes: 1 },
        Refused::WrongType {
            announced: Kind::Png,
            found: None,
        },
        Refused::Truncated,
        Refused::UndecodablePicture(String::new()),
        Refused::TooManyPixels,
        Refused::Animated,
        Refused::UndecodablePdf(""),
        Refused::TooComplexPdf(""),
        Refused::EncryptedPdf,
        Refused::ActivePdf(""),
        Refused::AlsoAnArchive,
        Refused::ForeignBytes(""),
        Refused::NoPages,
        Refused::TooManyPages,
    ];
    for refused in all {
        assert!(refused.message_zh().ends_with(['。', '）']), "{refused:?}");
        assert!(refused.to_string().is_ascii(), "{refused:?}");
    }
}
