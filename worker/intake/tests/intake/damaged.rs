//! Damaged files: cut anywhere, changed anywhere. Nothing panics, nothing hangs.

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use wangqian_intake::{Kind, MAX_BYTES, Refused, inspect};

use crate::made;

fn good() -> Vec<(Kind, Vec<u8>)> {
    let (dictionary, data) = made::object_stream(&[(8, "<< /A [1 0 R (s) <aa>] >>")]);
    let object_stream = [
        b"20 0 obj ",
        &made::deflated(&dictionary, &data)[..],
        b" endobj %%EOF",
    ]
    .concat();
    vec![
        (Kind::Jpeg, made::jpeg()),
        (Kind::Jpeg, include_bytes!("../tiny/cmyk.jpg").to_vec()),
        (Kind::Jpeg, include_bytes!("../tiny/progressive.jpg").to_vec()),
        (Kind::Png, made::png()),
        (
            Kind::Png,
            made::png_with_chunk(&made::png(), &made::chunk(b"eXIf", &made::exif(6))),
        ),
        (Kind::WebP, made::webp()),
        (Kind::WebP, include_bytes!("../tiny/lossy.webp").to_vec()),
        (Kind::WebP, include_bytes!("../tiny/lossy-alpha.webp").to_vec()),
        (Kind::WebP, include_bytes!("../tiny/animated.webp").to_vec()),
        (Kind::Pdf, made::pdf(2)),
        (Kind::Pdf, made::pdf_in_object_stream("/OpenAction 13 0 R")),
        (Kind::Pdf, [made::pdf(1), object_stream].concat()),
    ]
}

#[test]
fn cut_anywhere() {
    for (kind, bytes) in good() {
        for end in 0..bytes.len() - 8 {
            // Up to its first end mark a PDF is whole, and older.
            let older = memchr::memmem::find(&bytes[..end], b"%%EOF").is_some();
            let refused = inspect(&bytes[..end], kind);
            assert!(
                refused.is_err() || older,
                "{kind:?} cut at {end} of {}",
                bytes.len()
            );
        }
    }
}

#[test]
fn a_cut_picture_is_told_as_such() {
    for (kind, bytes) in [
        (Kind::Jpeg, made::jpeg()),
        (Kind::Png, made::png()),
        (Kind::WebP, made::webp()),
    ] {
        for part in [3, 5, 9] {
            let end = bytes.len() * part / 10;
            assert_eq!(inspect(&bytes[..end], kind), Err(Refused::Truncated));
        }
    }
}

#[test]
fn changed_anywhere() {
    let good = good();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8);
    // The same every time; a run that finds something is told by its seed.
    let config = Config {
        cases: 3000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    runner
        .run(&(0..good.len(), changes), |(which, changes)| {
            let (kind, mut bytes) = good[which].clone();
            for (place, byte) in changes {
                let at = place.index(bytes.len());
                bytes[at] = byte;
            }
            match inspect(&bytes, kind) {
                Ok(intake) => prop_assert!(intake.bytes.len() <= MAX_BYTES),
                // Caught; worth knowing all the same.
                Err(refused) => prop_assert!(!refused.to_string().contains("gave up"), "{refused}"),
            }
            Ok(())
        })
        .unwrap();
}
