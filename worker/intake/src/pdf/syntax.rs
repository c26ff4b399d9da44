//! The objects of PDF (ISO 32000-2, 7.2 and 7.3), read as forgivingly as the most forgiving viewer reads them: whatever a
//! viewer makes of broken syntax, an action in it must be seen here too. So nothing is a syntax error; the only errors are
//! the ends of patience: depth, number of parts, work.

use std::{borrow::Cow, cell::Cell};

use crate::Refused;

/// How deep arrays and dictionaries may stand in each other.
const MAX_DEPTH: usize = 100;
/// How many parts one object may have.
const MAX_PARTS: usize = 250_000;
/// How many bytes may be read and inflated for one file, over and over included.
const MAX_WORK: u64 = 256 * 1024 * 1024;

/// What is left of our patience with one file.
pub(super) struct Work(Cell<u64>);

impl Work {
    pub(super) fn new() -> Self {
        Self(Cell::new(MAX_WORK))
    }

    /// Takes note that some bytes were worked through.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Refused> {
        let left = self.0.get().checked_sub(bytes as u64);
        self.0
            .set(left.ok_or(Refused::TooComplexPdf("work without end"))?);
        Ok(())
    }
}

/// An object, as far as anything here looks at it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    Name(Cow<'a, [u8]>),
    Array(Vec<Value<'a>>),
    Dictionary(Dictionary<'a>),
    /// The object with this number. The generation is not looked at.
    Reference(u32),
    /// A string, a real number, a boolean.
    Other,
}

impl Value<'_> {
    pub(super) fn is_name(&self, name: &[u8]) -> bool {
        matches!(self, Self::Name(own) if **own == *name)
    }
}

/// A dictionary with all its entries, repeated ones as well: which of them counts, viewers do not agree on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dictionary<'a>(pub(super) Vec<(Cow<'a, [u8]>, Value<'a>)>);

impl<'a> Dictionary<'a> {
    /// All entries of a key.
    pub(super) fn all(&self, key: &[u8]) -> impl Iterator<Item = &Value<'a>> {
        self.0
            .iter()
            .filter(move |(own, _)| **own == *key)
            .map(|(_, value)| value)
    }

    /// The last entry of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Value<'a>> {
        self.all(key).last()
    }

    /// Whether an entry of the key is this name.
    pub(super) fn says(&self, key: &[u8], name: &[u8]) -> bool {
        self.all(key).any(|value| value.is_name(name))
    }
}

pub(super) enum Token<'a> {
    ArrayOpens,
    ArrayCloses,
    DictionaryOpens,
    DictionaryCloses,
    Integer(i64),
    Name(Cow<'a, [u8]>),
    Keyword(&'a [u8]),
    Other,
}

/// Reads objects from a place on.
pub(super) struct Reader<'a, 'w> {
    data: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
    work: &'w Work,
}

impl<'a, 'w> Reader<'a, 'w> {
    pub(super) fn new(data: &'a [u8], at: usize, work: &'w Work) -> Self {
        Self { data, at, work }
    }

    /// The object here. Its end is where its outermost bracket closes, where a keyword stands that no object holds, or
    /// where the bytes end.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Refused> {
        let mut open: Vec<(bool, Vec<Value<'a>>)> = Vec::new();
        let mut parts = 0;
        loop {
            let before = self.at;
            let value = match self.token()? {
                None => break,
                Some(Token::Keyword(
                    b"obj" | b"endobj" | b"stream" | b"endstream" | b"xref" | b"trailer" | b"startxref",
                )) => {
                    self.at = before;
                    break;
                }
                Some(opens @ (Token::ArrayOpens | Token::DictionaryOpens)) => {
                    if open.len() == MAX_DEPTH {
                        return Err(Refused::TooComplexPdf("brackets in brackets"));
                    }
                    open.push((matches!(opens, Token::DictionaryOpens), Vec::new()));
                    continue;
                }
                Some(closes @ (Token::ArrayCloses | Token::DictionaryCloses)) => {
                    let dictionary = matches!(closes, Token::DictionaryCloses);
                    match open.pop_if(|(own, _)| *own == dictionary) {
                        Some(closed) => finished(closed),
                        None if open.is_empty() => break,
                        // A bracket of the wrong shape closes nothing.
                        None => continue,
                    }
                }
                Some(Token::Integer(number)) if open.is_empty() => match self.rest_of_reference()? {
                    true => reference(number),
                    false => Value::Integer(number),
                },
                Some(Token::Integer(number)) => Value::Integer(number),
                Some(Token::Name(name)) => Value::Name(name),
                Some(Token::Keyword(b"R")) if !open.is_empty() => {
                    if let Some((_, values)) = open.last_mut()
                        && let [.., Value::Integer(number), Value::Integer(_)] = values[..]
                    {
                        values.pop();
                        values.pop();
                        reference(number)
                    } else {
                        Value::Null
                    }
                }
                Some(Token::Keyword(b"true" | b"false") | Token::Other) => Value::Other,
                Some(Token::Keyword(_)) => Value::Null,
            };
            parts += 1;
            if parts > MAX_PARTS {
                return Err(Refused::TooComplexPdf("an object of very many parts"));
            }
            match open.last_mut() {
                Some((_, values)) => values.push(value),
                None => return Ok(value),
            }
        }
        // What never closed closes here.
        while let Some(closed) = open.pop() {
            let value = finished(closed);
            match open.last_mut() {
                Some((_, values)) => values.push(value),
                None => return Ok(value),
            }
        }
        Ok(Value::Null)
    }

    /// Whether a generation and an R follow here, and then goes past them.
    fn rest_of_reference(&mut self) -> Result<bool, Refused> {
        let before = self.at;
        if matches!(self.token()?, Some(Token::Integer(_)))
            && matches!(self.token()?, Some(Token::Keyword(b"R")))
        {
            return Ok(true);
        }
        self.at = before;
        Ok(false)
    }

    /// The next token, past white space and comments.
    pub(super) fn token(&mut self) -> Result<Option<Token<'a>>, Refused> {
        let before = self.at;
        let token = self.next();
        self.work.spend(self.at - before + 1)?;
        Ok(token)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.peek()? {
                byte if is_white(byte) => self.at += 1,
                b'%' => self.skip_while(|byte| byte != b'\n' && byte != b'\r'),
                _ => break,
            }
        }
        let start = self.at;
        self.at += 1;
        Some(match self.data[start] {
            b'[' => Token::ArrayOpens,
            b']' => Token::ArrayCloses,
            b'<' if self.peek() == Some(b'<') => {
                self.at += 1;
                Token::DictionaryOpens
            }
            b'>' if self.peek() == Some(b'>') => {
                self.at += 1;
                Token::DictionaryCloses
            }
            b'<' => {
                self.skip_while(|byte| byte != b'>');
                self.at = (self.at + 1).min(self.data.len());
                Token::Other
            }
            b'(' => {
                self.skip_string();
                Token::Other
            }
            b'/' => {
                self.skip_while(is_regular);
                Token::Name(unescaped(&self.data[start + 1..self.at]))
            }
            byte if is_regular(byte) => {
                self.skip_while(is_regular);
                number_or_keyword(&self.data[start..self.at])
            }
            _ => Token::Other,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn skip_while(&mut self, holds: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&holds) {
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        let mut depth = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at = (self.at + 1).min(self.data.len()),
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

fn finished((dictionary, values): (bool, Vec<Value<'_>>)) -> Value<'_> {
    if !dictionary {
        return Value::Array(values);
    }
    let mut entries = Vec::with_capacity(values.len() / 2);
    let mut values = values.into_iter();
    while let Some(key) = values.next() {
        // Anything but a name where a key should stand is skipped.
        if let Value::Name(key) = key {
            entries.push((key, values.next().unwrap_or(Value::Null)));
        }
    }
    Value::Dictionary(Dictionary(entries))
}

fn reference(number: i64) -> Value<'static> {
    u32::try_from(number).map_or(Value::Null, Value::Reference)
}

fn number_or_keyword(word: &[u8]) -> Token<'_> {
    if word
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))
    {
        return std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse().ok())
            .map_or(Token::Other, Token::Integer);
    }
    Token::Keyword(word)
}

/// A name with its escapes resolved (7.3.5): `#4A` is `J`.
pub(super) fn unescaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'#') {
        return Cow::Borrowed(name);
    }
    let digit = |at: usize| name.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut plain = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(&byte) = name.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'#', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or(byte));
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(plain)
}

pub(super) const fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

pub(super) const fn is_regular(byte: u8) -> bool {
    !is_white(byte)
        && !matches!(
            byte,
            b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
        )
}
