//! A look through the archive that a workbook is, before anything believes what it says of itself: a few kilobytes can
//! unpack to gigabytes, and calamine makes room for as many texts as the file announces.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
};

use quick_xml::events::Event;
use wangqian_schema::model::graduate_import::ImportFailure;
use zip::{ZipArchive, read::ZipFile};

use super::ReadError;

/// How much may come out of an archive.
pub(super) struct Limits {
    /// Files in it.
    pub(super) files: usize,
    /// Bytes that all of them may unpack to.
    pub(super) unpacked: u64,
    /// Bytes of the texts that cells share: these are held in memory.
    pub(super) texts_unpacked: u64,
    /// Texts that cells share.
    pub(super) texts: u64,
}

/// Some three times what a hundred thousand rows with all their columns come to.
pub(super) const LIMITS: Limits = Limits {
    files: 1_000,
    unpacked: 256 * 1024 * 1024,
    texts_unpacked: 64 * 1024 * 1024,
    texts: 1_500_000,
};

/// Within so many bytes the list of texts has to begin.
const HEAD: u64 = 64 * 1024;

/// Unpacks everything, into nothing.
pub(super) fn look_through(file: &File, limits: &Limits) -> Result<(), ReadError> {
    let mut file = file.try_clone().map_err(ReadError::Io)?;
    file.rewind().map_err(ReadError::Io)?;
    let mut archive =
        ZipArchive::new(BufReader::new(file)).map_err(|_| ReadError::of(ImportFailure::Unreadable))?;
    if archive.len() > limits.files {
        return Err(ReadError::of(ImportFailure::TooLarge));
    }
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let entry = archive
            .by_index(index)
            .map_err(|_| ReadError::of(ImportFailure::Unreadable))?;
        let name = entry
            .name()
            .map_err(|_| ReadError::of(ImportFailure::Unreadable))?;
        let texts = name.to_ascii_lowercase().ends_with("sharedstrings.xml");
        let allowed = limits.unpacked - unpacked;
        let allowed = if texts {
            allowed.min(limits.texts_unpacked)
        } else {
            allowed
        };
        // What the archive says of a file's size is not asked; what comes out is counted.
        let size = unpack(entry.take(allowed + 1), texts.then_some(limits.texts))?;
        if size > allowed {
            return Err(ReadError::of(ImportFailure::TooLarge));
        }
        unpacked += size;
    }
    Ok(())
}

/// Unpacks one file, into nothing, and gives its size.
fn unpack<R: Read>(mut file: io::Take<ZipFile<'_, R>>, texts: Option<u64>) -> Result<u64, ReadError> {
    let unreadable = |_| ReadError::of(ImportFailure::Unreadable);
    let mut head = Vec::new();
    if let Some(most) = texts {
        (&mut file)
            .take(HEAD)
            .read_to_end(&mut head)
            .map_err(unreadable)?;
        if announced_texts(&head)? > most {
            return Err(ReadError::of(ImportFailure::TooLarge));
        }
    }
    let rest = io::copy(&mut file, &mut io::sink()).map_err(unreadable)?;
    Ok(rest + u64::try_from(head.len()).unwrap_or(u64::MAX))
}

/// How many texts the list says that it has.
fn announced_texts(head: &[u8]) -> Result<u64, ReadError> {
    let unreadable = || ReadError::of(ImportFailure::Unreadable);
    let mut reader = quick_xml::Reader::from_reader(head);
    loop {
        match reader.read_event() {
            Ok(Event::Start(list) | Event::Empty(list)) => {
                let mut announced = 0;
                for attribute in list.attributes().with_checks(false) {
                    let attribute = attribute.map_err(|_| unreadable())?;
                    if matches!(attribute.key.local_name().as_ref(), "count" | "uniqueCount") {
                        let number = attribute.value.trim().parse().ok();
                        announced = announced.max(number.ok_or_else(unreadable)?);
                    }
                }
                return Ok(announced);
            }
            Ok(Event::Eof) | Err(_) => return Err(unreadable()),
            Ok(_) => {}
        }
    }
}
