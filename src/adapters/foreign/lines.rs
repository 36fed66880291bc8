//! Lines of a file that may be damaged, endless or cut off: one at a time, each bounded.

use crate::adapters::foreign::fields;
use crate::domain::foreign::{Entry, Sort};
use crate::ports::foreign::Told;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// No line is longer: pictures stand in lines as text.
pub const LINE_MAX: u64 = 32 * 1024 * 1024;
/// So much is kept of a line that is.
const HEAD_MAX: usize = 4 * 1024;
/// A document that is one JSON value is not larger.
pub const DOCUMENT_MAX: u64 = 128 * 1024 * 1024;

/// One line.
pub enum Line {
    /// A JSON value.
    Record(Value),
    /// Something else: why, and its beginning.
    Damaged(String, String),
    /// The last one, not whole.
    Torn,
}

/// Reads the lines of a file in order, numbered from 1; blank ones are counted and not told. `each` ends it with false.
/// Answers how many there were.
pub fn each(path: &Path, mut each: impl FnMut(u64, Line) -> bool) -> Result<u64, String> {
    let mut file = BufReader::with_capacity(64 * 1024, open(path)?);
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut file).take(LINE_MAX + 1).read_until(b'\n', &mut line).map_err(|e| e.to_string())?;
        if read == 0 {
            return Ok(number);
        }
        number += 1;
        let ended = line.last() == Some(&b'\n');
        let told = if !ended && line.len() as u64 > LINE_MAX {
            let more = skip_line(&mut file)?;
            let why =
                format!("the line has more than {LINE_MAX} bytes ({} in all)", line.len() as u64 + more);
            Line::Damaged(why, head(&line))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            parse(line.trim_ascii(), ended)
        };
        if !each(number, told) {
            return Ok(number);
        }
        if line.capacity() > 1024 * 1024 {
            line = Vec::new(); // one long line is no reason to hold on to its room
        }
    }
}

fn parse(line: &[u8], ended: bool) -> Line {
    let why = match std::str::from_utf8(line) {
        Err(error) => format!("invalid UTF-8 at byte {}", error.valid_up_to()),
        Ok(text) => match serde_json::from_str::<Value>(text) {
            Ok(value @ Value::Object(_)) => return Line::Record(value),
            Ok(_) => "it is no JSON object".to_string(),
            Err(_) if !ended => return Line::Torn,
            Err(error) => error.to_string(),
        },
    };
    if ended { Line::Damaged(why, head(line)) } else { Line::Torn }
}

fn head(line: &[u8]) -> String {
    String::from_utf8_lossy(line.get(..HEAD_MAX).unwrap_or(line)).into_owned()
}

fn skip_line(file: &mut impl BufRead) -> Result<u64, String> {
    let mut skipped = 0;
    loop {
        let (bytes, found) = {
            let buffer = file.fill_buf().map_err(|error| error.to_string())?;
            match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            }
        };
        file.consume(bytes);
        skipped += bytes as u64;
        if found {
            return Ok(skipped);
        }
    }
}

/// What is told of a line that is no record.
pub fn spoilt(number: u64, why: &str, head: &str) -> Entry {
    fields::odd(Sort::Damaged, why, number, None, head)
}

/// Tells records to `take` and everything else as it is. `take` ends it with false.
pub fn records(
    path: &Path,
    put: &mut dyn FnMut(Told) -> bool,
    mut take: impl FnMut(u64, Value, &mut dyn FnMut(Told) -> bool) -> bool,
) -> Result<u64, String> {
    each(path, |number, line| match line {
        Line::Record(value) => take(number, value, put),
        Line::Damaged(why, head) => put(Told::Entry(Box::new(spoilt(number, &why, &head)))),
        Line::Torn => put(Told::Torn(number)),
    })
}

/// A regular file, for reading: a pipe of the same name would never end.
fn open(path: &Path) -> Result<File, String> {
    let meta = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("it is no regular file".to_string());
    }
    File::open(path).map_err(|error| error.to_string())
}

/// A whole document, bounded.
pub fn document(path: &Path) -> Result<Value, String> {
    let mut bytes = Vec::new();
    let read =
        open(path)?.take(DOCUMENT_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if read as u64 > DOCUMENT_MAX {
        return Err(format!("it is one document of more than {DOCUMENT_MAX} bytes"));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| format!("invalid UTF-8 at byte {}", error.valid_up_to()))?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// When a file was changed last: for records that tell no time.
pub fn changed(path: &Path) -> Option<crate::domain::time::Micros> {
    let changed = std::fs::metadata(path).ok()?.modified().ok()?;
    let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(crate::domain::time::Micros)
}
