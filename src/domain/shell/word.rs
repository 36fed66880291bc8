//! Words: quotes, and what stands for text that is known only when it runs.

use super::Word;
use super::grammar::{Read, Reader};

/// A word being read.
#[derive(Default)]
struct Making {
    text: String,
    unknown: bool,
}

impl Reader {
    /// One word, up to a blank or an operator. `first` where it names the program.
    pub(super) fn word(&mut self, first: bool) -> Read<Word> {
        let begin = self.at;
        let mut making = Making::default();
        if first && self.peek(0) == Some('[') && matches!(self.peek(1), Some(' ' | '\t')) {
            self.at += 1;
            return Ok(Word::Known("[".to_string()));
        }
        if !first && self.sees("{}") && self.peek(2).is_none_or(is_end) {
            self.at += 2;
            return Ok(Word::Known("{}".to_string()));
        }
        while let Some(c) = self.peek(0).filter(|c| !is_end(*c)) {
            self.letter(c, begin, &mut making)?;
        }
        match making.unknown {
            true => Ok(Word::Unknown(self.since(begin))),
            false => Ok(Word::Known(making.text)),
        }
    }

    /// The next character outside of quotes, with all that it begins.
    fn letter(&mut self, c: char, begin: usize, making: &mut Making) -> Read<()> {
        let at = self.at;
        match c {
            '\'' => self.single(making),
            '"' => self.double(making),
            '\\' => self.escaped(making),
            '$' => self.dollar(false, making),
            '`' => self.backticks(false, making),
            '*' | '?' | '[' => self.vague(making, format!("`{c}` stands for names of files")),
            '{' | '}' => self.vague(making, format!("`{c}` may stand for several words")),
            '~' if !self.is_plain_before(begin) => self.vague(making, "`~` stands for a folder"),
            c if c.is_ascii_graphic() => {
                making.text.push(c);
                self.at += 1;
                Ok(())
            }
            c if c.is_ascii() => {
                self.stop(at, format!("there is a control character (U+{:04X})", u32::from(c)))
            }
            c => self.vague(making, format!("`{c}` is beyond ASCII and not in quotes")),
        }
    }

    /// Takes a character whose meaning the run tells.
    fn vague(&mut self, making: &mut Making, why: impl Into<String>) -> Read<()> {
        self.gap(self.at, why);
        making.unknown = true;
        self.at += 1;
        Ok(())
    }

    /// Whether what stands before in this word is a plain letter or digit: then `~` is only itself, as in `HEAD~1`.
    fn is_plain_before(&self, begin: usize) -> bool {
        let before = self.at.checked_sub(1).filter(|at| *at >= begin).and_then(|at| self.chars.get(at));
        before.is_some_and(char::is_ascii_alphanumeric)
    }

    /// `'…'`
    fn single(&mut self, making: &mut Making) -> Read<()> {
        let begin = self.at;
        self.at += 1;
        while let Some(c) = self.peek(0) {
            self.at += 1;
            if c == '\'' {
                return Ok(());
            }
            self.quoted(c)?;
            making.text.push(c);
        }
        self.stop(begin, "`'` is not closed")
    }

    /// A character in quotes that was taken: no shell may read it as one of its own marks.
    fn quoted(&mut self, c: char) -> Read<()> {
        match c.is_control() && !matches!(c, '\n' | '\t') {
            true => self.stop(self.at - 1, format!("there is a control character (U+{:04X})", u32::from(c))),
            false => Ok(()),
        }
    }

    /// `"…"`
    fn double(&mut self, making: &mut Making) -> Read<()> {
        let begin = self.at;
        self.at += 1;
        let mut before = '"';
        while let Some(c) = self.peek(0) {
            if matches!(c, '\\' | '`') && !before.is_ascii() {
                return self
                    .stop(self.at, format!("`{c}` after a letter beyond ASCII is read by the locale"));
            }
            before = c;
            match (c, self.peek(1)) {
                ('"', _) => {
                    self.at += 1;
                    return Ok(());
                }
                ('\\', Some('\n')) => return self.stop(self.at, "the line is continued"),
                ('\\', Some(next @ ('$' | '`' | '"' | '\\'))) => {
                    making.text.push(next);
                    self.at += 2;
                    before = next;
                }
                ('$', Some('"' | ' ' | '/' | '|')) => {
                    making.text.push('$');
                    self.at += 1;
                }
                ('$', _) => self.dollar(true, making)?,
                ('`', _) => self.backticks(true, making)?,
                (c, _) => {
                    self.at += 1;
                    self.quoted(c)?;
                    making.text.push(c);
                }
            }
        }
        self.stop(begin, "`\"` is not closed")
    }

    /// `\x` outside of quotes.
    fn escaped(&mut self, making: &mut Making) -> Read<()> {
        match self.peek(1) {
            None => self.stop(self.at, "it ends with `\\`"),
            Some('\n') => self.stop(self.at, "the line is continued"),
            Some(c) if c == ' ' || c == '\t' || c.is_ascii_graphic() => {
                making.text.push(c);
                self.at += 2;
                Ok(())
            }
            Some(c) => self.stop(self.at, format!("`\\` stands before U+{:04X}", u32::from(c))),
        }
    }

    /// `$…`
    fn dollar(&mut self, quoted: bool, making: &mut Making) -> Read<()> {
        let begin = self.at;
        making.unknown = true;
        self.at += 1;
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => self.stop(begin, "`$((` is worked out by the shell"),
            Some('(') => {
                self.at += 1;
                self.gap(begin, "what `$(…)` gives is known only when it runs");
                self.inner(Some(')'), begin)?;
                self.at += 1; // it ends there
                Ok(())
            }
            Some('{') => self.braces(begin),
            Some('[') => self.stop(begin, "`$[` is worked out by the shell"),
            Some(quote @ ('\'' | '"')) if !quoted => {
                self.stop(begin, format!("`${quote}` is read differently by shells"))
            }
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                while self.peek(0).is_some_and(|c| c == '_' || c.is_ascii_alphanumeric()) {
                    self.at += 1;
                }
                let name = self.since(begin);
                self.gap(begin, format!("the value of `{name}` is known only when it runs"));
                Ok(())
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.at += 1;
                self.gap(begin, format!("the value of `${c}` is known only when it runs"));
                Ok(())
            }
            Some(_) | None => {
                self.gap(begin, "`$` stands before nothing that it could name");
                Ok(())
            }
        }
    }

    /// `${NAME}`, and nothing else in it.
    fn braces(&mut self, begin: usize) -> Read<()> {
        self.at += 1;
        while self.peek(0).is_some_and(|c| c == '_' || c.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        if self.peek(0) != Some('}') || self.at == begin + 2 {
            return self.stop(begin, "`${…}` does more than name a variable");
        }
        self.at += 1;
        let name = self.since(begin);
        self.gap(begin, format!("the value of `{name}` is known only when it runs"));
        Ok(())
    }

    /// `` `…` ``, which ends at the next one, whatever quotes are between.
    fn backticks(&mut self, quoted: bool, making: &mut Making) -> Read<()> {
        let begin = self.at;
        making.unknown = true;
        self.at += 1;
        let rest = self.chars.get(self.at..self.end).unwrap_or_default();
        let Some(length) = rest.iter().position(|c| *c == '`') else {
            return self.stop(begin, "a backtick is not closed");
        };
        let within = rest.get(..length).unwrap_or_default();
        if within.contains(&'\\') || quoted && within.contains(&'"') {
            return self.stop(begin, "what stands between backticks is read twice");
        }
        self.gap(begin, "what stands between backticks gives is known only when it runs");
        let end = self.end;
        self.end = self.at + length;
        self.inner(None, begin)?;
        self.end = end;
        self.at += 1;
        Ok(())
    }
}

/// Whether a word ends here.
fn is_end(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}
