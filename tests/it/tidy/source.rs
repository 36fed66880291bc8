//! One Rust source file, cut into tokens and comments, so that the laws read code and never text inside strings.
//!
//! It is no parser: it knows comments, literals, brackets, `#[cfg(test)]` and where a function or an inline module
//! begins and ends. What it leaves out: macro expansion, `#[path]`, and types.

use super::lex::{self, Comment, Kind, Token};

/// A file of the repository and what the scanner knows of it.
pub struct Source {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// The text as it stands.
    pub text: String,
    /// Code, without comments.
    pub tokens: Vec<Token>,
    /// Comments, in order.
    pub comments: Vec<Comment>,
    /// The whole file is compiled for tests only.
    pub test_file: bool,
    test_ranges: Vec<(usize, usize)>,
    module_ranges: Vec<(usize, usize)>,
    paths: Vec<NamedPath>,
}

/// A path such as `std::fs::File`, with groups written out: `std::{fs, net}` is two of them.
pub struct NamedPath {
    pub segments: Vec<String>,
    pub line: usize,
    pub in_test: bool,
    /// How many inline `mod name { }` stand around it.
    pub inline_depth: usize,
}

impl NamedPath {
    /// Whether the path begins with `prefix`, written with `::`.
    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut own = self.segments.iter();
        prefix.split("::").all(|part| own.next().is_some_and(|segment| segment == part))
    }

    /// Whether the path ends with `suffix`, written with `::`.
    pub fn ends_with(&self, suffix: &str) -> bool {
        let mut own = self.segments.iter().rev();
        suffix.rsplit("::").all(|part| own.next().is_some_and(|segment| segment == part))
    }

    /// As a person writes it.
    pub fn shown(&self) -> String {
        self.segments.join("::")
    }
}

/// A function with a body; both lines are counted.
pub struct Function {
    pub name: String,
    pub first_line: usize,
    pub last_line: usize,
    pub in_test: bool,
}

impl Source {
    /// Scans `text`; never fails, an unclosed bracket ends at the end of the file.
    pub fn new(path: &str, text: &str) -> Self {
        let (tokens, comments) = lex::scan(text);
        let mut source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            comments,
            test_file: path.starts_with("tests/"),
            test_ranges: Vec::new(),
            module_ranges: Vec::new(),
            paths: Vec::new(),
        };
        source.find_test_ranges();
        source.find_module_ranges();
        source.paths = source.find_paths();
        source
    }

    /// The word or sign at `at`, or nothing past the end; the text of a literal never counts as a word.
    pub fn word(&self, at: usize) -> &str {
        match self.tokens.get(at) {
            Some(token) if token.kind == Kind::Word || token.kind == Kind::Sign => &token.text,
            _ => "",
        }
    }

    /// Whether the words stand at `at` in this order.
    pub fn stands(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(i, word)| self.word(at + i) == *word)
    }

    /// Every place where the words stand in this order.
    pub fn find(&self, words: &[&str]) -> Vec<usize> {
        (0..self.tokens.len()).filter(|&at| self.stands(at, words)).collect()
    }

    /// The line of a token.
    pub fn line(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(0, |token| token.line)
    }

    /// Whether the token is compiled for tests only.
    pub fn in_test(&self, at: usize) -> bool {
        self.test_file || self.test_ranges.iter().any(|&(from, to)| (from..=to).contains(&at))
    }

    /// Lines that are not compiled for tests only.
    pub fn production_lines(&self) -> usize {
        if self.test_file && !self.path.starts_with("tests/") {
            return 0;
        }
        let inside = |line: usize| {
            self.test_ranges.iter().any(|&(a, b)| (self.line(a)..=self.line(b)).contains(&line))
        };
        (1..=self.text.lines().count()).filter(|&line| !inside(line)).count()
    }

    /// The token that closes the bracket at `open`, or the last token.
    pub fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for at in open..self.tokens.len() {
            match self.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        self.tokens.len().saturating_sub(1)
    }

    /// From `at`, the first `{` or `;` outside round and square brackets.
    pub fn body_or_end(&self, at: usize) -> usize {
        let mut i = at;
        while i < self.tokens.len() {
            match self.word(i) {
                "(" | "[" => i = self.closing(i),
                "{" | ";" => return i,
                _ => {}
            }
            i += 1;
        }
        self.tokens.len().saturating_sub(1)
    }

    /// All functions that have a body.
    pub fn functions(&self) -> Vec<Function> {
        let named = |at: &usize| self.tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Word);
        let mut found = Vec::new();
        for at in self.find(&["fn"]).into_iter().filter(named) {
            let body = self.body_or_end(at);
            if self.word(body) == "{" {
                found.push(Function {
                    name: self.word(at + 1).to_owned(),
                    first_line: self.line(at),
                    last_line: self.line(self.closing(body)),
                    in_test: self.in_test(at),
                });
            }
        }
        found
    }

    /// Names declared with `mod name;`.
    pub fn declared_modules(&self) -> Vec<(String, bool)> {
        let ends = |at: &usize| self.word(at + 2) == ";";
        let name = |at: usize| (self.word(at + 1).to_owned(), self.in_test(at));
        self.find(&["mod"]).into_iter().filter(ends).map(name).collect()
    }

    /// Every path of the code, groups written out.
    pub fn paths(&self) -> &[NamedPath] {
        &self.paths
    }

    /// The whole file is compiled for tests only.
    pub fn mark_as_test(&mut self) {
        self.test_file = true;
        for path in &mut self.paths {
            path.in_test = true;
        }
    }

    fn find_paths(&self) -> Vec<NamedPath> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let bare_group = self.word(at) == "{" && at > 0 && self.word(at - 1) == "use";
            if !bare_group && !self.path_starts(at) {
                at += 1;
                continue;
            }
            let mut written = Vec::new();
            let next = self.read_path(at, &mut Vec::new(), &mut written);
            let in_test = self.in_test(at);
            let inline_depth =
                self.module_ranges.iter().filter(|&&(from, to)| (from..=to).contains(&at)).count();
            found.extend(written.into_iter().map(|(segments, line)| NamedPath {
                segments,
                line,
                in_test,
                inline_depth,
            }));
            at = next.max(at + 1);
        }
        found
    }

    fn path_starts(&self, at: usize) -> bool {
        /// Words a path may follow, also one that begins with `::`.
        const BEFORE: &[&str] = &[
            "use", "return", "in", "as", "mut", "dyn", "impl", "for", "if", "match", "else", "where", "ref",
            "move", "break", "while", "extern", "const",
        ];
        let is_name = |i: usize| {
            self.tokens.get(i).is_some_and(|t| t.kind == Kind::Word && !BEFORE.contains(&t.text.as_str()))
        };
        let before = at.checked_sub(1).map_or("", |i| self.word(i));
        let inner = match before {
            "." => true,
            "::" => at.checked_sub(2).is_some_and(|i| self.word(i) == ">" || is_name(i)),
            _ => false,
        };
        is_name(at) && !inner && (self.word(at + 1) == "::" || matches!(before, "use" | "::"))
    }

    /// Reads one path from `at` behind `before`, adds what it names to `out`, and says where it ended.
    fn read_path(&self, at: usize, before: &mut Vec<String>, out: &mut Vec<(Vec<String>, usize)>) -> usize {
        let depth = before.len();
        let mut i = at;
        loop {
            if self.word(i) == "{" {
                let close = self.closing(i);
                i += 1;
                while i < close {
                    i = self.read_path(i, before, out).max(i + 1);
                    while i < close && self.word(i) != "," {
                        i += 1;
                    }
                    i += 1;
                }
                before.truncate(depth);
                return close + 1;
            }
            if self.word(i) == "*" || self.tokens.get(i).is_some_and(|t| t.kind == Kind::Word) {
                before.push(self.word(i).to_owned());
                i += 1;
            }
            let goes_on = self.word(i) == "::"
                && (matches!(self.word(i + 1), "{" | "*")
                    || self.tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Word));
            if !goes_on {
                out.push((before.clone(), self.line(i.saturating_sub(1))));
                before.truncate(depth);
                return i;
            }
            i += 1;
        }
    }

    fn find_module_ranges(&mut self) {
        let blocks = self.find(&["mod"]).into_iter().filter(|at| self.word(at + 2) == "{");
        self.module_ranges = blocks.map(|at| (at + 2, self.closing(at + 2))).collect();
    }

    fn find_test_ranges(&mut self) {
        if self.find(&["#", "!", "[", "cfg", "(", "test", ")"]).first() == Some(&0) {
            self.test_file = true;
        }
        let marked = self.find(&["#", "[", "cfg", "("]).into_iter().filter(|at| self.names_test(at + 3));
        self.test_ranges = marked.map(|at| (at, self.item_end(self.closing(at + 1) + 1))).collect();
    }

    /// Whether the condition in the brackets at `open` holds in tests only.
    fn names_test(&self, open: usize) -> bool {
        let inside = open + 1..self.closing(open);
        inside.clone().any(|at| self.word(at) == "test")
            && !inside.clone().any(|at| matches!(self.word(at), "not" | "any"))
    }

    /// The last token of the item, field or statement that begins at `at`, its other attributes included.
    fn item_end(&self, at: usize) -> usize {
        const ITEMS: &[&str] = &[
            "pub",
            "fn",
            "mod",
            "use",
            "struct",
            "enum",
            "impl",
            "trait",
            "const",
            "static",
            "type",
            "let",
            "async",
            "unsafe",
            "extern",
            "macro_rules",
        ];
        let mut i = at;
        while self.stands(i, &["#", "["]) {
            i = self.closing(i + 1) + 1;
        }
        let is_item = ITEMS.contains(&self.word(i));
        let is_use = self.word(i) == "use" || self.stands(i, &["pub", "use"]);
        while i < self.tokens.len() {
            match self.word(i) {
                "(" | "[" => i = self.closing(i),
                "{" if is_use => i = self.closing(i),
                "{" => return self.closing(i),
                ";" => return i,
                "," if !is_item => return i,
                _ => {}
            }
            i += 1;
        }
        self.tokens.len().saturating_sub(1)
    }
}
