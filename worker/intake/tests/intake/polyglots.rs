//! Files that are two things at once.

use memchr::memmem;
use wangqian_intake::{Intake, Kind, Refused, inspect};

use crate::made;

const HTML: &[u8] = b"<html><script>alert(document.cookie)</script></html>";
const PHP: &[u8] = b"<?php system($_GET[0]); ?>";

fn holds_nothing_of_it(intake: &Intake) {
    for trace in [&b"<script"[..], b"<?php", b"PK\x03\x04", b"PK\x05\x06", b"alert("] {
        assert_eq!(memmem::find(&intake.bytes, trace), None);
        let thumbnail = intake.thumbnail.as_deref().unwrap();
        assert_eq!(memmem::find(thumbnail, trace), None);
    }
}

#[test]
fn what_follows_a_picture_is_not_kept() {
    let pictures = [
        (Kind::Jpeg, made::jpeg()),
        (Kind::Png, made::png()),
        (Kind::WebP, made::webp()),
    ];
    for (kind, picture) in &pictures {
        for more in [HTML, PHP, &made::zip(), &made::pdf(1)] {
            holds_nothing_of_it(&inspect(&[picture, more].concat(), *kind).unwrap());
        }
    }
}

#[test]
fn what_a_jpeg_says_beside_its_picture_is_not_kept() {
    for marker in [0xfe, 0xe0, 0xe1, 0xe2, 0xed, 0xef] {
        for text in [HTML, PHP, &made::zip()] {
            let jpeg = made::jpeg_with_segment(&made::jpeg(), marker, text);
            holds_nothing_of_it(&inspect(&jpeg, Kind::Jpeg).unwrap());
        }
    }
}

#[test]
fn what_a_png_says_beside_its_picture_is_not_kept() {
    let text = [b"Comment\0".as_slice(), HTML].concat();
    let packed = [b"Comment\0\0".as_slice(), &made::zlib(HTML)].concat();
    let international = [b"Comment\0\0\0\0\0".as_slice(), PHP].concat();
    let chunks = [
        made::chunk(b"tEXt", &text),
        made::chunk(b"zTXt", &packed),
        made::chunk(b"iTXt", &international),
        made::chunk(b"prVt", PHP),
    ];
    for chunk in chunks {
        let png = made::png_with_chunk(&made::png(), &chunk);
        let intake = inspect(&png, Kind::Png).unwrap();
        holds_nothing_of_it(&intake);
        for name in [&b"tEXt"[..], b"zTXt", b"iTXt", b"prVt"] {
            assert_eq!(memmem::find(&intake.bytes, name), None);
        }
    }
}

#[test]
fn a_pdf_that_is_an_archive_as_well() {
    let mut bytes = made::pdf(1);
    bytes.extend(made::zip());
    // With an end mark in the archive's comment, to stand at the end.
    let comment = b"%%EOF";
    let end = bytes.len();
    bytes[end - 2] = u8::try_from(comment.len()).unwrap();
    bytes.extend(comment);
    assert_eq!(inspect(&bytes, Kind::Pdf), Err(Refused::AlsoAnArchive));
}
