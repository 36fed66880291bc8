//! Rust text to tokens and comments: strings, raw strings, characters, lifetimes and nested comments told apart.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name; `r#type` is the name `type`.
    Word,
    /// `::`, `=>`, `->` or a single character.
    Sign,
    /// A string of any sort; its text is what stands between the quotes, escapes untouched.
    Text,
    /// A character, a byte or a number.
    Value,
    /// A lifetime or a label, without its tick.
    Lifetime,
}

/// A piece of code.
#[derive(Clone, Debug)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    /// Counted from one.
    pub line: usize,
}

/// Who a comment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// `//` and `/* */`.
    Plain,
    /// `///` and `/** */`: the item below.
    Outer,
    /// `//!` and `/*! */`: the file or block around.
    Inner,
}

/// A comment, without its marks.
#[derive(Clone, Debug)]
pub struct Comment {
    pub voice: Voice,
    pub text: String,
    pub first_line: usize,
    pub last_line: usize,
}

/// Cuts `text` into code and comments.
pub fn scan(text: &str) -> (Vec<Token>, Vec<Comment>) {
    let mut lexer =
        Lexer { chars: text.chars().collect(), at: 0, line: 1, tokens: Vec::new(), comments: Vec::new() };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    (lexer.tokens, lexer.comments)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
}

fn names(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn take(&mut self) -> char {
        let c = self.peek(0);
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        c
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let mut out = String::new();
        while self.at < self.chars.len() && keep(self.peek(0)) {
            out.push(self.take());
        }
        out
    }

    fn push(&mut self, kind: Kind, text: String, line: usize) {
        self.tokens.push(Token { kind, text, line });
    }

    fn step(&mut self) {
        let line = self.line;
        match (self.peek(0), self.peek(1)) {
            (c, _) if c.is_whitespace() => {
                self.take();
            }
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(line),
            ('\'', _) => self.tick(line),
            (c, _) if c.is_ascii_digit() => self.number(line),
            (c, _) if names(c) => self.word(line),
            (':', ':') | ('=' | '-', '>') => {
                let sign = [self.take(), self.take()].iter().collect();
                self.push(Kind::Sign, sign, line);
            }
            _ => {
                let sign = self.take().to_string();
                self.push(Kind::Sign, sign, line);
            }
        }
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let whole = self.take_while(|c| c != '\n');
        let (voice, marks) = match whole.as_bytes() {
            [b'/', b'/', b'!', ..] => (Voice::Inner, 3),
            [b'/', b'/', b'/', b'/', ..] => (Voice::Plain, 4),
            [b'/', b'/', b'/', ..] => (Voice::Outer, 3),
            _ => (Voice::Plain, 2),
        };
        let text = whole.chars().skip(marks).collect::<String>().trim().to_owned();
        self.comments.push(Comment { voice, text, first_line: line, last_line: line });
    }

    fn block_comment(&mut self) {
        let first_line = self.line;
        let voice = match (self.peek(2), self.peek(3)) {
            ('!', _) => Voice::Inner,
            ('*', '/' | '*') => Voice::Plain,
            ('*', _) => Voice::Outer,
            _ => Voice::Plain,
        };
        let (mut depth, mut text) = (0_usize, String::new());
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.take();
                    self.take();
                }
                ('*', '/') => {
                    depth -= 1;
                    self.take();
                    self.take();
                    if depth == 0 {
                        break;
                    }
                }
                _ => text.push(self.take()),
            }
        }
        let text = text.trim_matches(|c: char| c == '*' || c == '!' || c.is_whitespace()).to_owned();
        self.comments.push(Comment { voice, text, first_line, last_line: self.line });
    }

    /// A string that begins at the quote; a backslash takes the next character with it.
    fn string(&mut self, line: usize) {
        self.take();
        let mut text = String::new();
        while self.at < self.chars.len() {
            match self.take() {
                '"' => break,
                '\\' => {
                    text.push('\\');
                    text.push(self.take());
                }
                c => text.push(c),
            }
        }
        self.push(Kind::Text, text, line);
    }

    /// A raw string that begins at its first `#` or at the quote.
    fn raw_string(&mut self, line: usize) {
        let hashes = self.take_while(|c| c == '#').len();
        self.take();
        let mut text = String::new();
        while self.at < self.chars.len() {
            let c = self.take();
            if c == '"' && (0..hashes).all(|i| self.peek(i) == '#') {
                self.at += hashes;
                break;
            }
            text.push(c);
        }
        self.push(Kind::Text, text, line);
    }

    /// A character literal or a lifetime: `'a'` and `'\''` are the first, `'a` is the second.
    fn tick(&mut self, line: usize) {
        self.take();
        if self.peek(0) == '\\' {
            let mut text = String::from(self.take());
            text.push(self.take());
            text.push_str(&self.take_while(|c| c != '\'' && c != '\n'));
            self.take();
            self.push(Kind::Value, text, line);
        } else if self.peek(1) == '\'' {
            let text = self.take().to_string();
            self.take();
            self.push(Kind::Value, text, line);
        } else {
            let name = self.take_while(names);
            self.push(Kind::Lifetime, name, line);
        }
    }

    fn number(&mut self, line: usize) {
        let mut text = self.take_while(names);
        if self.peek(0) == '.' && self.peek(1).is_ascii_digit() {
            text.push(self.take());
            text.push_str(&self.take_while(names));
        }
        self.push(Kind::Value, text, line);
    }

    fn word(&mut self, line: usize) {
        let word = self.take_while(names);
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        match (word.as_str(), self.peek(0)) {
            (_, '"') if raw => self.raw_string(line),
            (_, '#') if raw && self.raw_quote_follows() => self.raw_string(line),
            ("r", '#') => {
                self.take();
                let name = self.take_while(names);
                self.push(Kind::Word, name, line);
            }
            ("b" | "c", '"') => self.string(line),
            ("b", '\'') => self.tick(line),
            _ => self.push(Kind::Word, word, line),
        }
    }

    fn raw_quote_follows(&self) -> bool {
        self.chars.iter().skip(self.at).find(|&&c| c != '#') == Some(&'"')
    }
}
