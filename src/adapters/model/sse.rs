//! Bytes to server-sent events, cut anywhere: in a line, in a CR LF, in the middle of a character.
//!
//! After the WHATWG HTML standard, section 9.2.6, with three differences that servers ask for: an event at the end of the stream counts
//! without its blank line (some servers leave it out; whether its data is whole is for the reader of the data to
//! tell), a field `error` is an event named `error` (older llama.cpp servers), and `id` and `retry` are ignored,
//! since a model's stream is never taken up again. Sizes are bounded.

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The event's name; empty where it has none.
    pub name: String,
    /// Its data, lines joined by a line feed.
    pub data: String,
}

/// A line or an event is longer than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SseTooLong {
    /// The bound in bytes.
    pub max: usize,
}

/// The parser; bytes in, events out.
#[derive(Debug)]
pub struct SseParser {
    max: usize,
    line: Vec<u8>,
    after_cr: bool,
    first_line: bool,
    open: SseEvent,
    has_data: bool,
}

impl SseParser {
    /// A parser whose lines and events have at most `max` bytes each.
    pub fn new(max: usize) -> SseParser {
        let (line, open) = (Vec::new(), SseEvent::default());
        SseParser { max, line, after_cr: false, first_line: true, open, has_data: false }
    }

    /// Takes in bytes and appends the events that they complete to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<SseEvent>) -> Result<(), SseTooLong> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                return self.grow(bytes);
            };
            self.grow(&bytes[..end])?;
            self.after_cr = bytes[end] == b'\r';
            self.end_line(out)?;
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The stream is over: what stands open is complete now.
    pub fn finish(&mut self, out: &mut Vec<SseEvent>) -> Result<(), SseTooLong> {
        if !self.line.is_empty() {
            self.end_line(out)?;
        }
        self.dispatch(out);
        Ok(())
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<(), SseTooLong> {
        if self.line.len() + bytes.len() > self.max {
            return Err(SseTooLong { max: self.max });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<SseEvent>) -> Result<(), SseTooLong> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let first = std::mem::take(&mut self.first_line);
        let line = if first { text.trim_start_matches('\u{feff}') } else { &text };
        if line.is_empty() {
            self.dispatch(out);
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.add_data(value)?,
            "event" => self.open.name = value.to_string(),
            "error" => {
                self.open.name = "error".to_string();
                self.add_data(value)?;
            }
            _ => {} // a comment, `id`, `retry`, or a field of a later standard
        }
        Ok(())
    }

    fn add_data(&mut self, value: &str) -> Result<(), SseTooLong> {
        if self.open.data.len() + value.len() + 1 > self.max {
            return Err(SseTooLong { max: self.max });
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.open.data.push('\n');
        }
        self.open.data.push_str(value);
        Ok(())
    }

    fn dispatch(&mut self, out: &mut Vec<SseEvent>) {
        let event = std::mem::take(&mut self.open);
        if std::mem::take(&mut self.has_data) {
            out.push(event);
        }
    }
}
