//! What the decoders forgive and we do not: files that end before their end, pictures that move, and a WebP whose parts
//! disagree about how large it is. All of it read from the container, nothing decoded.

use crate::Refused;

/// A JPEG that comes to its end marker. What follows that (phones put a film or a depth map there) is the clean copy's
/// business.
pub(super) fn jpeg(bytes: &[u8]) -> Result<(), Refused> {
    const START_OF_SCAN: u8 = 0xda;
    const END: u8 = 0xd9;
    // Markers without a length: TEM, RST0 to RST7, SOI.
    const BARE: [u8; 10] = [0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8];

    let mut at = 2;
    loop {
        // The next marker; what stands before it is a scan's data, or padding.
        let marker = loop {
            at +=
                memchr::memchr(0xff, bytes.get(at..).ok_or(Refused::Truncated)?).ok_or(Refused::Truncated)?;
            match *bytes.get(at + 1).ok_or(Refused::Truncated)? {
                0xff => at += 1,
                // A stuffed zero.
                0x00 => at += 2,
                marker => break marker,
            }
        };
        at += 2;
        if marker == END {
            return Ok(());
        }
        if BARE.contains(&marker) {
            continue;
        }
        let length = match bytes.get(at..at + 2) {
            Some(&[high, low]) => usize::from(high) << 8 | usize::from(low),
            _ => return Err(Refused::Truncated),
        };
        // After a scan's header its data are searched for the next marker just as well.
        at += length.max(2);
        if marker == START_OF_SCAN && at >= bytes.len() {
            return Err(Refused::Truncated);
        }
    }
}

/// A PNG that comes to its last chunk and does not move.
pub(super) fn png(bytes: &[u8]) -> Result<(), Refused> {
    let mut at = 8_usize;
    loop {
        let (length, name) = match bytes.get(at..at + 8) {
            Some(&[a, b, c, d, ref name @ ..]) => (u32::from_be_bytes([a, b, c, d]), name),
            _ => return Err(Refused::Truncated),
        };
        match name {
            b"IEND" => return Ok(()),
            b"acTL" | b"fcTL" | b"fdAT" => return Err(Refused::Animated),
            _ => {}
        }
        // The length, the name and the checksum are four bytes each.
        at = at.saturating_add(12).saturating_add(length as usize);
    }
}

/// A WebP that is as long as it says, does not move, and has one size.
pub(super) fn webp(bytes: &[u8]) -> Result<(), Refused> {
    let end = 8 + le32(bytes, 4)? as usize;
    let riff = bytes.get(..end).ok_or(Refused::Truncated)?;
    let mut size = None;
    let mut at = 12;
    while at < riff.len() {
        let name = riff.get(at..at + 4).ok_or(Refused::Truncated)?;
        let length = le32(riff, at + 4)? as usize;
        let data = riff.get(at + 8..at + 8 + length).ok_or(Refused::Truncated)?;
        let found = match name {
            b"VP8X" => Some((1 + le24(data, 4)?, 1 + le24(data, 7)?)),
            b"VP8 " => {
                let both = le32(data, 6)?;
                Some((both & 0x3fff, both >> 16 & 0x3fff))
            }
            b"VP8L" => {
                let both = le32(data, 1)?;
                Some((1 + (both & 0x3fff), 1 + (both >> 14 & 0x3fff)))
            }
            b"ANIM" | b"ANMF" => return Err(Refused::Animated),
            _ => None,
        };
        if found.is_some() && *size.get_or_insert(found) != found {
            return Err(Refused::UndecodablePicture(
                "its parts disagree about its size".to_owned(),
            ));
        }
        at += 8 + length + length % 2;
    }
    Ok(())
}

fn le32(bytes: &[u8], at: usize) -> Result<u32, Refused> {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => Ok(u32::from_le_bytes([a, b, c, d])),
        _ => Err(Refused::Truncated),
    }
}

fn le24(bytes: &[u8], at: usize) -> Result<u32, Refused> {
    match bytes.get(at..at + 3) {
        Some(&[a, b, c]) => Ok(u32::from_le_bytes([a, b, c, 0])),
        _ => Err(Refused::Truncated),
    }
}
