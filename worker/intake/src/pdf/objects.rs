//! All objects of a file: each place where one can begin, in the bytes and in the object streams (ISO 32000-2, 7.5.7).
//!
//! Of several objects with one number the last in the file counts, as it does after incremental updates. Objects that
//! stand inside of other objects' streams are seen like all others: a cross-reference table may point there.

use std::collections::HashMap;

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::{
    active,
    syntax::{Dictionary, Reader, Token, Value, Work, is_regular, is_white},
};
use crate::Refused;

/// How many objects a file may have.
const MAX_OBJECTS: usize = 300_000;
/// How many bytes all object streams of a file may swell to.
const MAX_INFLATED: usize = 64 * 1024 * 1024;

/// Where an object stands.
#[derive(Clone, Copy)]
struct Place {
    /// None: in the bytes of the file. Otherwise in this object stream.
    stream: Option<usize>,
    at: usize,
}

/// A file's objects, each read anew when asked for.
pub(super) struct Document<'f, 'w> {
    raw: &'f [u8],
    work: &'w Work,
    inflated: Vec<Vec<u8>>,
    inflated_bytes: usize,
    places: HashMap<u32, Place>,
    objects: usize,
    /// Objects that say what is done by itself.
    acting: Vec<Place>,
    /// What trailers name as the catalog, and where the trailer stands.
    roots: Vec<(usize, u32)>,
    /// The last object that calls itself the catalog.
    catalog: Option<u32>,
    /// Why an object stream could not be looked into: only the whole file tells whether it is encrypted.
    unreadable: Option<Refused>,
}

/// Finds all objects and looks at each.
pub(super) fn read<'f, 'w>(raw: &'f [u8], work: &'w Work) -> Result<Document<'f, 'w>, Refused> {
    active::names_in(raw)?;
    let mut document = Document {
        raw,
        work,
        inflated: Vec::new(),
        inflated_bytes: 0,
        places: HashMap::new(),
        objects: 0,
        acting: Vec::new(),
        roots: Vec::new(),
        catalog: None,
        unreadable: None,
    };
    for at in keywords(raw, b"trailer") {
        let place = Place {
            stream: None,
            at: at + b"trailer".len(),
        };
        let value = Reader::new(raw, place.at, work).value()?;
        document.note(None, place, &value)?;
        if let Value::Dictionary(trailer) = value {
            document.trailer(at, &trailer)?;
        }
    }
    for at in keywords(raw, b"obj") {
        document.object(at)?;
    }
    match document.unreadable.take() {
        Some(refused) => Err(refused),
        None => Ok(document),
    }
}

impl Document<'_, '_> {
    /// The catalogs that viewers could go by, the likeliest first.
    pub(super) fn catalogs(&self) -> impl Iterator<Item = u32> {
        let last = self.roots.iter().max_by_key(|(at, _)| *at);
        last.map(|(_, number)| *number).into_iter().chain(self.catalog)
    }

    /// What a value refers to, along a few references.
    pub(super) fn resolve<'v>(&'v self, value: &Value<'v>) -> Result<Value<'v>, Refused> {
        let mut value = value.clone();
        for _ in 0..8 {
            let Value::Reference(number) = value else {
                return Ok(value);
            };
            value = match self.places.get(&number) {
                Some(place) => self.at(*place)?,
                None => Value::Null,
            };
        }
        Ok(Value::Null)
    }

    /// The objects that say what is done by itself.
    pub(super) fn acting(&self) -> impl Iterator<Item = Result<Value<'_>, Refused>> {
        self.acting.iter().map(|place| self.at(*place))
    }

    fn at(&self, place: Place) -> Result<Value<'_>, Refused> {
        let data = match place.stream {
            None => self.raw,
            Some(stream) => self.inflated.get(stream).map_or(&[][..], Vec::as_slice),
        };
        Reader::new(data, place.at, self.work).value()
    }

    /// Looks at the object whose keyword stands here.
    fn object(&mut self, keyword: usize) -> Result<(), Refused> {
        let (raw, work) = (self.raw, self.work);
        let place = Place {
            stream: None,
            at: keyword + b"obj".len(),
        };
        let mut reader = Reader::new(raw, place.at, work);
        let value = reader.value()?;
        let number = number_before(raw, keyword);
        self.note(number, place, &value)?;
        if let Value::Dictionary(dictionary) = value
            && let Some(Token::Keyword(b"stream")) = reader.token()?
        {
            active::stream(&dictionary)?;
            if dictionary.says(b"Type", b"XRef") {
                self.trailer(keyword, &dictionary)?;
            }
            let has = |key| dictionary.get(key).is_some();
            if dictionary.says(b"Type", b"ObjStm") || has(b"N") && has(b"First") {
                match data_start(raw, reader.at).and_then(|start| self.object_stream(&dictionary, start)) {
                    Err(refused @ Refused::UndecodablePdf(_)) => self.unreadable = Some(refused),
                    looked_at => looked_at?,
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, number: Option<u32>, place: Place, value: &Value<'_>) -> Result<(), Refused> {
        self.objects += 1;
        if self.objects > MAX_OBJECTS {
            return Err(Refused::TooComplexPdf("very many objects"));
        }
        if active::look_at(value)? {
            self.acting.push(place);
        }
        if let Some(number) = number {
            self.places.insert(number, place);
            if matches!(value, Value::Dictionary(own) if own.says(b"Type", b"Catalog")) {
                self.catalog = Some(number);
            }
        }
        Ok(())
    }

    fn trailer(&mut self, at: usize, trailer: &Dictionary<'_>) -> Result<(), Refused> {
        if trailer.all(b"Encrypt").any(|value| !matches!(value, Value::Null)) {
            return Err(Refused::EncryptedPdf);
        }
        if let Some(Value::Reference(number)) = trailer.get(b"Root") {
            self.roots.push((at, *number));
        }
        Ok(())
    }

    fn object_stream(&mut self, dictionary: &Dictionary<'_>, start: usize) -> Result<(), Refused> {
        let data = self.unpacked(dictionary, start)?;
        active::names_in(&data)?;
        let stream = Some(self.inflated.len());
        let first = match dictionary.get(b"First") {
            Some(Value::Integer(first)) => usize::try_from(*first).ok(),
            _ => None,
        }
        .ok_or(Refused::UndecodablePdf("an object stream without a beginning"))?;
        let mut header = Reader::new(&data, 0, self.work);
        while header.at < first
            && let (Some(Token::Integer(number)), Some(Token::Integer(offset))) =
                (header.token()?, header.token()?)
        {
            let Some(at) = usize::try_from(offset)
                .ok()
                .and_then(|offset| offset.checked_add(first))
                .filter(|at| *at < data.len())
            else {
                continue;
            };
            let value = Reader::new(&data, at, self.work).value()?;
            self.note(u32::try_from(number).ok(), Place { stream, at }, &value)?;
        }
        self.inflated.push(data);
        Ok(())
    }

    /// An object stream's bytes. Producers pack them with Flate and nothing else; what else there could be is refused.
    fn unpacked(&mut self, dictionary: &Dictionary<'_>, start: usize) -> Result<Vec<u8>, Refused> {
        const UNUSUAL: Refused = Refused::UndecodablePdf("an object stream packed in an unusual way");
        let packed = &self.raw[start..];
        if ["DecodeParms", "DP"]
            .iter()
            .any(|key| dictionary.all(key.as_bytes()).any(|parms| !plain(parms)))
        {
            return Err(UNUSUAL);
        }
        let flate = |value: &Value<'_>| value.is_name(b"FlateDecode") || value.is_name(b"Fl");
        let mut filters = dictionary.all(b"Filter");
        let data = match (filters.next(), filters.next()) {
            (None, _) => {
                let end = memmem::find(packed, b"endstream").unwrap_or(packed.len());
                self.work.spend(end)?;
                if end > MAX_INFLATED - self.inflated_bytes {
                    return Err(Refused::TooComplexPdf("object streams that swell without end"));
                }
                packed[..end].to_vec()
            }
            (Some(filter), None)
                if flate(filter)
                    || matches!(filter, Value::Array(one) if matches!(&one[..], [one] if flate(one))) =>
            {
                inflate(packed, MAX_INFLATED - self.inflated_bytes, self.work)?
            }
            _ => return Err(UNUSUAL),
        };
        self.inflated_bytes += data.len();
        Ok(data)
    }
}

/// Whether parameters of a filter change nothing.
fn plain(parms: &Value<'_>) -> bool {
    match parms {
        Value::Null => true,
        Value::Dictionary(parms) => parms
            .all(b"Predictor")
            .all(|predictor| *predictor == Value::Integer(1)),
        Value::Array(all) => all.iter().all(plain),
        _ => false,
    }
}

/// Inflates a zlib stream, wherever it ends. The checksum is not looked at: viewers do not either.
fn inflate(packed: &[u8], limit: usize, work: &Work) -> Result<Vec<u8>, Refused> {
    const DAMAGED: Refused = Refused::UndecodablePdf("a damaged object stream");
    let (header, packed) = packed.split_at_checked(2).ok_or(DAMAGED)?;
    let method = header[0] & 0x0f;
    let checked = (u16::from(header[0]) << 8 | u16::from(header[1])) % 31 == 0;
    let with_dictionary = header[1] & 0x20 != 0;
    if method != 8 || !checked || with_dictionary {
        return Err(DAMAGED);
    }
    let mut inflater = Decompress::new(false);
    let mut data = Vec::new();
    let mut part = [0; 32 * 1024];
    loop {
        let (read, wrote) = (inflater.total_in(), inflater.total_out());
        let rest = &packed[usize::try_from(read).unwrap_or(usize::MAX).min(packed.len())..];
        let status = inflater
            .decompress(
                &rest[..rest.len().min(32 * 1024)],
                &mut part,
                FlushDecompress::None,
            )
            .map_err(|_| DAMAGED)?;
        let read = usize::try_from(inflater.total_in() - read).unwrap_or(usize::MAX);
        let wrote = usize::try_from(inflater.total_out() - wrote).unwrap_or(usize::MAX);
        work.spend(read.saturating_add(wrote))?;
        if data.len() + wrote > limit {
            return Err(Refused::TooComplexPdf("object streams that swell without end"));
        }
        data.extend_from_slice(&part[..wrote.min(part.len())]);
        if status == Status::StreamEnd {
            return Ok(data);
        }
        if read == 0 && wrote == 0 {
            return Err(DAMAGED);
        }
    }
}

/// Where a keyword stands, and not as part of another word. A digit may touch it from before (`0obj`).
fn keywords(raw: &[u8], keyword: &'static [u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(raw, keyword).filter(move |at| {
        let before = at.checked_sub(1).and_then(|at| raw.get(at));
        let after = raw.get(at + keyword.len());
        before.is_none_or(|byte| !is_regular(*byte) || byte.is_ascii_digit())
            && after.is_none_or(|byte| !is_regular(*byte))
    })
}

/// The number of the object whose keyword stands here: `12 0 obj`. None if it can't be told within some bytes.
fn number_before(raw: &[u8], keyword: usize) -> Option<u32> {
    let before = &raw[keyword.saturating_sub(64)..keyword];
    let mut words = before
        .rsplit(|byte| is_white(*byte))
        .filter(|word| !word.is_empty());
    let generation = words.next()?;
    if !generation.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let word = words.next()?;
    // What stands before the number may touch it: `endobj12 0 obj`.
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&word[word.len() - digits..])
        .ok()?
        .parse()
        .ok()
}

/// Where a stream's data begin after its keyword (7.3.8.1). Without the end of a line there, viewers look for one further on.
fn data_start(raw: &[u8], at: usize) -> Result<usize, Refused> {
    match raw.get(at..) {
        Some([b'\r', b'\n', ..]) => Ok(at + 2),
        Some([b'\r' | b'\n', ..]) => Ok(at + 1),
        _ => Err(Refused::UndecodablePdf("an object stream without a beginning")),
    }
}
