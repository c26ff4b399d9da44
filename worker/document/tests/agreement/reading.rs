//! Reads PDFs back with poppler's tools, so that the tests see what a reader sees.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs a poppler tool with the PDF as its file and gives what it prints.
fn poppler(tool: &str, args: &[&str], pdf: &[u8], output: &str) -> Result<Vec<u8>> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(pdf)?;
    let result = Command::new(tool)
        .args(args)
        .arg(file.path())
        .args((!output.is_empty()).then_some(output))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{tool} is missing: apt-get install poppler-utils"))?;
    ensure!(
        result.status.success(),
        "{tool}: {}",
        String::from_utf8_lossy(&result.stderr)
    );
    Ok(result.stdout)
}

/// All text in the order in which it was set, without white space: a value may wrap anywhere.
pub(crate) fn text(pdf: &[u8]) -> Result<String> {
    let args = ["-raw", "-enc", "UTF-8", "-nopgbrk"];
    Ok(squash(&String::from_utf8(poppler(
        "pdftotext",
        &args,
        pdf,
        "-",
    )?)?))
}

/// Text without white space.
pub(crate) fn squash(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}

/// A line of `pdfinfo`, such as `Pages`.
pub(crate) fn info(pdf: &[u8], key: &str) -> Result<String> {
    let all = String::from_utf8(poppler("pdfinfo", &["-isodates"], pdf, "")?)?;
    all.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
        .map(|value| value.trim().to_owned())
        .with_context(|| format!("no {key} in {all}"))
}

/// The XMP packet.
pub(crate) fn metadata(pdf: &[u8]) -> Result<String> {
    Ok(String::from_utf8(poppler("pdfinfo", &["-meta"], pdf, "")?)?)
}

/// The names of the embedded fonts, without the subset's tag.
pub(crate) fn fonts(pdf: &[u8]) -> Result<Vec<String>> {
    let all = String::from_utf8(poppler("pdffonts", &[], pdf, "")?)?;
    let name = |line: &str| {
        let name = line.split_whitespace().next()?;
        Some(name.split('+').next_back()?.to_owned())
    };
    Ok(all.lines().skip(2).filter_map(name).collect())
}

/// A word on a page: points from the top left corner.
pub(crate) struct Word {
    pub(crate) page: usize,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    /// What it says, for messages.
    pub(crate) text: String,
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            page,
            left,
            right,
            top,
            bottom,
            text,
        } = self;
        write!(f, "{text} on page {page}, {left}–{right} × {top}–{bottom}")
    }
}

/// All words with their places.
pub(crate) fn words(pdf: &[u8]) -> Result<Vec<Word>> {
    let html = String::from_utf8(poppler("pdftotext", &["-bbox", "-enc", "UTF-8"], pdf, "-")?)?;
    let mut page = 0;
    let mut words = Vec::new();
    for line in html.lines().map(str::trim) {
        if line.starts_with("<page ") {
            page += 1;
        }
        let Some(line) = line.strip_prefix("<word ") else {
            continue;
        };
        let side = |name: &str| -> Result<f64> {
            let (_, rest) = line.split_once(&format!("{name}=\"")).context("no such side")?;
            Ok(rest.split('"').next().unwrap_or_default().parse()?)
        };
        let text = line.split_once('>').context("no text")?.1;
        words.push(Word {
            page,
            left: side("xMin")?,
            right: side("xMax")?,
            top: side("yMin")?,
            bottom: side("yMax")?,
            text: text.trim_end_matches("</word>").to_owned(),
        });
    }
    Ok(words)
}

/// What the QR codes of the PDF say, as a camera would see them.
pub(crate) fn qr_codes(pdf: &[u8]) -> Result<Vec<String>> {
    let pages: usize = info(pdf, "Pages")?.parse()?;
    let mut found = Vec::new();
    for page in 1..=pages {
        let number = page.to_string();
        let args = ["-r", "150", "-gray", "-f", &number, "-l", &number];
        let (width, height, pixels) = pgm(poppler("pdftoppm", &args, pdf, "")?)?;
        let mut decoder = quircs::Quirc::default();
        for code in decoder.identify(width, height, &pixels) {
            found.push(String::from_utf8(code?.decode()?.payload)?);
        }
    }
    Ok(found)
}

/// Takes a binary PGM apart: width, height, a byte for each pixel.
fn pgm(data: Vec<u8>) -> Result<(usize, usize, Vec<u8>)> {
    let mut at = 0;
    let mut head = Vec::new();
    while head.len() < 4 {
        let end = data[at..]
            .iter()
            .position(u8::is_ascii_whitespace)
            .context("a PGM has a head")?;
        head.push(std::str::from_utf8(&data[at..at + end])?.to_owned());
        at += end + 1;
    }
    ensure!(head[0] == "P5" && head[3] == "255", "not a PGM of bytes");
    Ok((head[1].parse()?, head[2].parse()?, data[at..].to_vec()))
}
