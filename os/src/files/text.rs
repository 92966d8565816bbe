//! Text in a file: UTF-8, whose lines end in whichever way, as Python reads it.

use kolo_executor::{Error, Result};

use crate::files::buffered::Buffered;

/// So many characters, or all that are left.
pub(crate) fn read(file: &mut Buffered, limit: Option<usize>) -> Result<String> {
    let mut text = String::new();
    let mut count = 0;
    while limit.is_none_or(|limit| count < limit) {
        let Some(next) = next(file)? else { break };
        text.push(next);
        count += 1;
    }
    Ok(text)
}

/// Up to the end of the line, or so many characters.
pub(crate) fn read_line(file: &mut Buffered, limit: Option<usize>) -> Result<String> {
    if limit.is_none() {
        let length = file.line_length(usize::MAX)?;
        // Nearly always a line is what is up to the newline.
        if !file.ahead()[..length].contains(&b'\r') {
            let offset = file.tell().unwrap_or_default();
            let line = String::from_utf8(file.taken_out(length));
            return line.map_err(|error| undecodable(&error.utf8_error(), error.as_bytes(), offset));
        }
    }
    let mut line = String::new();
    let mut count = 0;
    while limit.is_none_or(|limit| count < limit) {
        let Some(next) = next(file)? else { break };
        line.push(next);
        count += 1;
        if next == '\n' {
            break;
        }
    }
    Ok(line)
}

/// The next line, if all of it was read ahead, is text, and ends in the usual way.
pub(crate) fn line_at_hand(file: &mut Buffered) -> Option<String> {
    let length = file.length_at_hand()?;
    let line = &file.ahead()[..length];
    let line = std::str::from_utf8(line).ok().filter(|line| !line.contains('\r'))?.to_owned();
    file.take(length);
    Some(line)
}

/// The next character; a line's end is `\n`, however it is written.
fn next(file: &mut Buffered) -> Result<Option<char>> {
    let Some(first) = peek(file, 0)? else { return Ok(None) };
    if first.is_ascii() {
        file.take(1);
        if first != b'\r' {
            return Ok(Some(char::from(first)));
        }
        if peek(file, 0)? == Some(b'\n') {
            file.take(1);
        }
        return Ok(Some('\n'));
    }
    // A character has four bytes at the most.
    let _ = peek(file, 3)?;
    let bytes = &file.ahead()[..file.ahead().len().min(4)];
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        Some(next) => {
            file.take(next.len_utf8());
            Ok(Some(next))
        }
        None => {
            let bytes = bytes.to_vec();
            let offset = file.tell().unwrap_or_default();
            let error = std::str::from_utf8(&bytes).expect_err("it is no character");
            file.take(1);
            Err(undecodable(&error, &bytes, offset))
        }
    }
}

/// The byte so many bytes ahead.
fn peek(file: &mut Buffered, at: usize) -> Result<Option<u8>> {
    while file.ahead().len() <= at && file.fill()? > 0 {}
    Ok(file.ahead().get(at).copied())
}

/// As Python's `UnicodeDecodeError`, which is a `ValueError`; the position is that in the file.
fn undecodable(error: &std::str::Utf8Error, bytes: &[u8], offset: u64) -> Error {
    let at = error.valid_up_to();
    let byte = bytes.get(at).copied().unwrap_or_default();
    let reason = match (error.error_len(), byte) {
        (None, _) => "unexpected end of data",
        (_, 0xc2..=0xf4) => "invalid continuation byte",
        _ => "invalid start byte",
    };
    let position = offset + at as u64;
    Error::value(format!(
        "'utf-8' codec can't decode byte {byte:#04x} in position {position}: {reason}"
    ))
    .without_place()
}
