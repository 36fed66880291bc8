//! Lists, commands and redirections.

use super::builtins;
use super::{DEPTH_MAX, Does, Gap, How, PARTS_MAX, Part, Reading, Word};
use crate::domain::secrets::HANDLE;

/// Reading cannot go on; the gap that says why is kept already.
pub(super) struct Stop;

/// How far reading has come, or that it cannot go on.
pub(super) type Read<T> = Result<T, Stop>;

/// A line being read.
pub(super) struct Reader {
    pub(super) chars: Vec<char>,
    pub(super) at: usize,
    /// Where what is looked at ends.
    pub(super) end: usize,
    depth: u8,
    reading: Reading,
}

/// A command being read.
#[derive(Default)]
struct Making {
    words: Vec<Word>,
    opens: Vec<(usize, How, Word)>,
}

/// Reads a line.
pub(super) fn read(line: &str) -> Reading {
    let chars: Vec<char> = line.chars().collect();
    let end = chars.len();
    let mut reader = Reader { chars, at: 0, end, depth: 0, reading: Reading::default() };
    if line.starts_with(['-', '+']) {
        reader.gap(0, "the shell takes it for an option");
        return reader.reading;
    }
    if line.contains(HANDLE) {
        reader.gap(0, "a secret is put into it before it runs");
    }
    // Why it stopped is among the gaps.
    let _ = reader.list(None, 0);
    if reader.reading.parts.is_empty() && reader.reading.gaps.is_empty() {
        reader.gap(0, "it names no command");
    }
    reader.reading
}

impl Reader {
    /// The character so many places on.
    pub(super) fn peek(&self, on: usize) -> Option<char> {
        let at = self.at.saturating_add(on);
        self.chars.get(at).copied().filter(|_| at < self.end)
    }

    /// Whether this text is next.
    pub(super) fn sees(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(on, c)| self.peek(on) == Some(c))
    }

    /// What is written from a place to here.
    pub(super) fn since(&self, from: usize) -> String {
        self.chars.get(from..self.at).unwrap_or_default().iter().collect()
    }

    /// Keeps what is not understood.
    pub(super) fn gap(&mut self, at: usize, why: impl Into<String>) {
        if self.reading.gaps.len() < PARTS_MAX {
            let gap = self.place(at, why.into());
            self.reading.gaps.push(gap);
        }
    }

    /// Keeps it before all others, and reads no further.
    pub(super) fn stop<T>(&mut self, at: usize, why: impl Into<String>) -> Read<T> {
        let gap = self.place(at, why.into());
        self.reading.gaps.insert(0, gap);
        Err(Stop)
    }

    fn place(&self, at: usize, why: String) -> Gap {
        let before = self.chars.get(..at).unwrap_or_default();
        let line = 1 + before.iter().filter(|c| **c == '\n').count();
        let column = 1 + before.iter().rev().take_while(|c| **c != '\n').count();
        Gap { line, column, why }
    }

    fn part(&mut self, at: usize, does: Does) -> Read<()> {
        if self.reading.parts.len() >= PARTS_MAX {
            return self.stop(at, format!("there are more than {PARTS_MAX} commands and files"));
        }
        self.reading.parts.push(Part { does, depth: self.depth });
        Ok(())
    }

    /// A list within the line that begins at `open`, up to `close` or the end: `$(…)`.
    pub(super) fn inner(&mut self, close: Option<char>, open: usize) -> Read<()> {
        if self.depth >= DEPTH_MAX {
            return self.stop(self.at, "it is nested too deep");
        }
        self.depth += 1;
        let read = self.list(close, open);
        self.depth -= 1;
        read
    }

    fn blanks(&mut self) {
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    fn lines(&mut self) {
        while matches!(self.peek(0), Some(' ' | '\t' | '\n')) {
            self.at += 1;
        }
    }

    /// Commands up to `close`, which is not taken, or up to the end.
    fn list(&mut self, close: Option<char>, open: usize) -> Read<()> {
        loop {
            self.lines();
            if self.peek(0) == close {
                return Ok(());
            }
            if self.peek(0).is_none() {
                return self.stop(open, "`$(` is not closed");
            }
            self.pipeline()?;
            while self.sees("&&") || self.sees("||") {
                self.at += 2;
                self.lines();
                self.pipeline()?;
            }
            match self.peek(0) {
                next if next == close => return Ok(()),
                Some(';') if !matches!(self.peek(1), Some(';' | '&' | '|')) => self.at += 1,
                Some('\n') => self.at += 1,
                Some('&') if !matches!(self.peek(1), Some('&' | '>' | '|' | ';')) => {
                    self.gap(self.at, "`&` leaves it running in the background");
                    self.at += 1;
                }
                Some(c) => return self.stop(self.at, format!("`{c}` cannot stand here")),
                None => return self.stop(open, "`$(` is not closed"),
            }
        }
    }

    fn pipeline(&mut self) -> Read<()> {
        if self.peek(0) == Some('!') && matches!(self.peek(1), Some(' ' | '\t')) {
            self.at += 1;
            self.blanks();
        }
        loop {
            self.command()?;
            if self.peek(0) != Some('|') || self.peek(1) == Some('|') {
                return Ok(());
            }
            if self.peek(1) == Some('&') {
                return self.stop(self.at, "`|&` is of one shell only");
            }
            self.at += 1;
            self.lines();
        }
    }

    /// One command with its redirections.
    fn command(&mut self) -> Read<()> {
        let begin = self.at;
        let mut making = Making::default();
        let read = self.words(&mut making);
        let Making { mut words, opens } = making;
        if read.is_err() && !words.is_empty() {
            // What has begun is told too: it may be denied.
            words.push(Word::Unknown("…".to_string()));
        } else if read.is_ok() && words.is_empty() && self.at == begin {
            return self.stop(begin, "a command is missing");
        }
        if let Some(name) = words.first().and_then(Word::known) {
            let args: Vec<&str> = words.iter().skip(1).map(Word::text).collect();
            if let Some(why) = builtins::effect(name, &args) {
                self.gap(begin, why);
            }
        }
        if !words.is_empty() {
            self.part(begin, Does::Runs(words))?;
        }
        opens.into_iter().try_for_each(|(at, how, path)| self.part(at, Does::Opens(how, path)))?;
        read
    }

    /// The words and redirections of a command, up to an operator or the end.
    fn words(&mut self, making: &mut Making) -> Read<()> {
        loop {
            self.blanks();
            match self.peek(0) {
                None | Some('\n' | ';' | '|' | ')') => return Ok(()),
                Some('&') if self.peek(1) == Some('>') => {
                    return self.stop(self.at, "`&>` is of one shell only");
                }
                Some('&') => return Ok(()),
                Some('(') => return self.stop(self.at, "`(` begins a subshell or a function"),
                Some('#') => return self.stop(self.at, "`#` begins a comment"),
                Some('<' | '>') => making.opens.extend(self.redirection()?),
                Some(c) if c.is_ascii_digit() && self.numbers_redirection()? => {
                    self.at += 1;
                    making.opens.extend(self.redirection()?);
                }
                Some(_) => self.argument(&mut making.words)?,
            }
        }
    }

    /// One more word of a command. Where it is the first, it may be no word of the grammar and no assignment.
    fn argument(&mut self, words: &mut Vec<Word>) -> Read<()> {
        let begin = self.at;
        let word = self.word(words.is_empty())?;
        if !words.is_empty() {
            words.push(word);
            return Ok(());
        }
        let written = self.since(begin);
        if builtins::keyword(&written) || builtins::keyword(word.text()) {
            return self.stop(begin, format!("`{}` is more than a command", word.text()));
        }
        let name = written.split(['=', '+', '[']).next().unwrap_or_default();
        let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        if written.contains('=') {
            self.gap(begin, "a variable is set, which may change what runs");
            if !name.is_empty() && name.chars().all(is_name) {
                return Ok(()); // the command follows
            }
        }
        if written.starts_with(['!', '%']) {
            self.gap(begin, "shells read a name that begins so differently");
        }
        if word == Word::Known(String::new()) {
            self.gap(begin, "the program's name is empty");
        }
        words.push(word);
        Ok(())
    }

    /// Whether digits here belong to a redirection that follows them at once.
    fn numbers_redirection(&mut self) -> Read<bool> {
        let rest = self.chars.get(self.at..self.end).unwrap_or_default();
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        match (matches!(self.peek(digits), Some('<' | '>')), digits) {
            (true, 1) => Ok(true),
            (true, _) => self.stop(self.at, "shells read a redirection of this number differently"),
            (false, _) => Ok(false),
        }
    }

    /// A redirection; nothing where it opens no file that matters.
    fn redirection(&mut self) -> Read<Option<(usize, How, Word)>> {
        let begin = self.at;
        for (sign, why) in [
            ("<<", "`<<` gives text of its own, which is not read"),
            ("<(", "`<(` runs a command beside it"),
            (">(", "`>(` runs a command beside it"),
        ] {
            if self.sees(sign) {
                return self.stop(begin, why);
            }
        }
        let signs = [
            (">>", Some(How::Append)),
            (">|", Some(How::Write)),
            ("<>", Some(How::Both)),
            (">&", None),
            ("<&", None),
            (">", Some(How::Write)),
            ("<", Some(How::Read)),
        ];
        let Some((sign, how)) = signs.into_iter().find(|(sign, _)| self.sees(sign)) else {
            return self.stop(begin, "a redirection is not understood");
        };
        self.at += sign.chars().count();
        let Some(how) = how else { return self.number(begin).map(|()| None) };
        self.blanks();
        match self.peek(0) {
            None | Some('\n' | ';' | '|' | ')' | '(' | '&' | '<' | '>' | '#') => {
                return self.stop(begin, format!("`{sign}` names no file"));
            }
            Some(c) if c.is_ascii_digit() && self.numbers_redirection()? => {
                return self.stop(begin, format!("`{sign}` names no file"));
            }
            Some(_) => {}
        }
        let path = self.word(false)?;
        match path.known() {
            Some("") => self.gap(begin, format!("`{sign}` names an empty path")),
            Some("/dev/null") => return Ok(None),
            Some(special) if special.starts_with("/dev/") => {
                self.gap(begin, format!("{special} is more than a file"));
            }
            Some(_) | None => {}
        }
        Ok(Some((begin, how, path)))
    }

    /// `>&2`, `<&-`: one digit or a dash, and nothing behind it that one shell or another would take to it.
    fn number(&mut self, begin: usize) -> Read<()> {
        let is_one = matches!(self.peek(0), Some('-' | '0'..='9'));
        let is_end = matches!(self.peek(1), None | Some(' ' | '\t' | '\n' | ';' | '|' | '&' | ')'));
        if !is_one || !is_end || self.peek(1) == Some('&') && self.peek(2) == Some('>') {
            return self.stop(begin, "shells read this redirection differently");
        }
        self.at += 1;
        Ok(())
    }
}
