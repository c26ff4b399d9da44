//! PDFs that honest programs write: taken, byte for byte.

use wangqian_intake::{Kind, MAX_PAGES, inspect};

use crate::made;

fn pages(bytes: &[u8]) -> u32 {
    let intake = inspect(bytes, Kind::Pdf).unwrap();
    assert_eq!(intake.kind, Kind::Pdf);
    assert_eq!(intake.bytes, bytes);
    assert_eq!((&intake.thumbnail, intake.dimensions), (&None, None));
    intake.pages.unwrap()
}

#[test]
fn as_programs_write_them() {
    assert_eq!(pages(&made::pdf(1)), 1);
    assert_eq!(pages(&made::pdf(3)), 3);
    assert_eq!(pages(&made::pdf(50)), MAX_PAGES);
    assert_eq!(pages(&made::pdf_with("", &[])), 1);
    assert_eq!(pages(&made::pdf_in_object_stream("")), 1);
}

#[test]
fn what_goes_somewhere_by_itself_stays_in_the_document() {
    for catalog in [
        "/OpenAction [3 0 R /Fit]",
        "/OpenAction << /S /GoTo /D [3 0 R /XYZ 0 0 1] >>",
        "/OpenAction 4 0 R",
        "/AA << /WP << /S /Named /N /NextPage >> >>",
        "/AA 9 0 R",
    ] {
        let action = "<< /Type /Action /S /GoTo /D [3 0 R /Fit] >>";
        assert_eq!(pages(&made::pdf_with(catalog, &[action])), 1, "{catalog}");
    }
}

#[test]
fn links_are_taken() {
    let link = "<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://example.edu.cn/) >> >>";
    assert_eq!(pages(&made::pdf_with("", &[link])), 1);
}

#[test]
fn names_that_only_look_like_it() {
    for object in [
        "<< /Font << /EF 3 0 R /JS 3 0 R /AA 3 0 R >> >>",
        "<< /XObject << /AA 6 0 R >> >>",
        "<< /Group << /S /Transparency >> >>",
        "<< /T (JavaScript, Launch, EmbeddedFiles) /JavaScriptless 1 /Launches 2 >>",
        "<< /Encrypted true >>",
        "(an obj [[[ that never closes)",
    ] {
        let group = "<< /AA << /Type /XObject /Group << /S /Transparency >> >> >>";
        assert_eq!(pages(&made::pdf_with("", &[object, group])), 1, "{object}");
    }
}

#[test]
fn an_update_replaces_what_was_there() {
    let mut bytes = made::pdf(2);
    bytes.extend(
        b"2 0 obj << /Type /Pages /Kids [4 0 R 6 0 R 4 0 R] /Count 3 >> endobj\n\
          trailer << /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\r\n",
    );
    assert_eq!(pages(&bytes), 3);
}

#[test]
fn broken_syntax_that_viewers_forgive() {
    let bytes = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\
        1 0 obj<</Type/Catalog/Pages 2 0 R/Odd>>endobj2 0 obj<</Kids 4 0 R/Count 7 0 R>>\n\
        3 0 obj % a comment (\n<</Type/Page/Box[1 --2 3.4.5 +.5 0]]/A<0aF>/B(\\)(()))\n\
        4 0 obj [3 0 R 99 0 R null]\n\
        trailer<</Root 1 0 R\nstartxref 0 %%EOF\0\0\n";
    assert_eq!(pages(bytes), 1);
}

/// Zeros, line ends and the mark of old programs behind the end; an update behind them.
#[test]
fn as_scanners_end_them() {
    let update = b"9 0 obj << /Producer (A scanner) >> endobj\nxref\n0 0\ntrailer << /Root 1 0 R >>\n%%EOF\n";
    for padding in [
        &b""[..],
        b"\r\n",
        b"\n\n\n",
        b" \t\x0c",
        b"\x1a",
        b"\0\0\0\r\n",
        &[0; 1000],
    ] {
        let padded = [&made::pdf(1)[..], padding].concat();
        assert_eq!(pages(&padded), 1, "{padding:?}");
        let updated = [&padded[..], b"\n% updated: 1 < 2, <</A 1>>\n", update, padding].concat();
        assert_eq!(pages(&updated), 1, "{padding:?}");
    }
}

/// Comments that programs write; hexadecimal strings and metadata, which are no tags.
#[test]
fn what_only_looks_like_a_page() {
    let metadata = "<< /Type /Metadata /Subtype /XML /Length 3 >>\nstream\n<?xpacket begin?><x:xmpmeta><rdf:RDF>\
        <dc:format>application/pdf</dc:format></rdf:RDF></x:xmpmeta>\nendstream";
    for object in [
        metadata,
        "<< /ID [<BADEAFFE> <ab>] >>",
        "(a < b, a <b >, <htmlx>, <scripts>)",
        "<< /Type /Annot /Subtype /FreeText /IT /FreeTextTypewriter /Contents (2027-07-01) /RC (<?xml version=\"1.0\"?>\
         <body xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:xfa=\"http://www.xfa.org/schema/xfa-data/1.0/\" \
         xfa:APIVersion=\"Acrobat:18.11.0\" xfa:spec=\"2.0.2\"><p>2027-07-01</p></body>) >>",
    ] {
        assert_eq!(pages(&made::pdf_with("", &[object])), 1, "{object}");
    }
    let ghost =
        b"%PDF-1.7\n%\xc7\xec\x8f\xa2\n%%Invocation: gs -q -c \"<</PageSize [595 842]>> setpagedevice\" ?\n";
    assert_eq!(pages(&[ghost, &made::pdf(1)[8..]].concat()), 1);
}

#[test]
fn a_lost_trailer() {
    let bytes = made::pdf(2);
    let trailer = memchr::memmem::find(&bytes, b"trailer").unwrap();
    assert_eq!(pages(&[&bytes[..trailer], b"%%EOF"].concat()), 2);
}
