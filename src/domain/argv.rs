//! What the arguments of a command say of themselves: which program, whether a shell reads them, whether they make the
//! program run another.
//!
//! A rule that names a program must not let through another one that hides behind it. So a program that runs what its
//! arguments name, and an argument that is code, are told here; where it is not sure it says yes, which asks.

mod names; // by which a program runs another
mod fronts; // programs that run another, and where it stands in their arguments
mod behind; // the program that stands behind another
mod files; // the paths that arguments may name
mod script; // the scripts that a command names

pub use files::{Files, files_of};

use fronts::FRONTS;
use names::{GNU, INTERPRETERS, LETTERS, LONG, RUNNERS, SHELLS, WORDS};

/// What the arguments of a command say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argv<'a> {
    words: &'a [String],
}

impl<'a> Argv<'a> {
    /// The program first.
    pub fn new(words: &'a [String]) -> Argv<'a> {
        Argv { words }
    }

    /// The program as it is named.
    pub fn program(&self) -> &'a str {
        self.words.first().map_or("", String::as_str)
    }

    /// The first argument.
    pub fn first(&self) -> &'a str {
        self.words.get(1).map_or("", String::as_str)
    }

    /// The arguments.
    pub fn args(&self) -> &'a [String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether a shell reads a line of it.
    pub fn via_shell(&self) -> bool {
        Name::of(self.program()).is_one(SHELLS)
            && self.args().iter().any(|arg| is_cluster(arg, "c") || arg == "/c")
    }

    /// Why it may run something else than the program that it names; none where nothing says so.
    pub fn wraps(&self) -> Option<String> {
        if self.program().is_empty() {
            return Some("it names no program".to_string());
        }
        if self.words.iter().any(|word| word.contains(['\n', '\r', '\0'])) {
            return Some("there is a line break in it".to_string());
        }
        let name = Name::of(self.program());
        let runs = name.whole.starts_with("ld-") || name.whole.starts_with("qemu-");
        if runs || name.is_one(SHELLS) || name.is_one(RUNNERS) || is_front(&name) {
            return Some(format!("{} runs what its arguments say", name.whole));
        }
        let tells = |arg: &String| ["--version", "--help", "-V", "-h", "-v"].contains(&arg.as_str());
        if name.is_one(INTERPRETERS)
            && self.args().iter().all(|arg| arg.starts_with('-'))
            && !self.args().iter().any(tells)
        {
            return Some(format!("{} without a script runs what it reads", name.whole));
        }
        // `ip netns exec`, `asdf exec`, `tar xIf`: a verb, or options without a dash.
        let first = self.first();
        let is_verb = ["exec", "eval", "shell"].contains(&first)
            || name.is_one("tar bsdtar gtar") && first.contains(['I', 'F']);
        let verb = self.words.get(1).filter(|_| is_verb);
        let found = verb.or_else(|| self.args().iter().find(|arg| name.takes(arg)));
        let found = found.map(|arg| format!("{arg:?} may make {} do something else", name.whole));
        let inner = || behind::behind(&name, self.args()).into_iter().next();
        found.or_else(|| inner().map(|argv| format!("{} may run {}", name.whole, Argv::new(&argv).line())))
    }

    /// The line that a shell reads of it, and whether that is all that it is told: `sh -c LINE`, with no other option than
    /// those that end it early, of a shell that is known to read lines as `domain::shell` does.
    pub fn shell_line(&self) -> Option<(&'a str, bool)> {
        let name = Name::of(self.program());
        let at = self.args().iter().position(|arg| is_cluster(arg, "c")).filter(|_| name.is_one(SHELLS))?;
        let line = self.args().get(at + 1)?;
        let plain = |arg: &String| arg.chars().skip(1).all(|c| "ceu".contains(c)) && !arg.contains("cc");
        let known =
            ["sh", "bash", "dash", "/bin/sh", "/bin/bash", "/bin/dash", "/usr/bin/bash", "/usr/bin/sh"];
        let is_all = self.words.len() == 3 && known.contains(&self.program());
        Some((line, is_all && self.args().first().is_some_and(plain)))
    }

    /// The commands that stand behind it, where its arguments name them: `env`, `sudo`, `xargs`, `find -exec`. They are for
    /// showing and denying: whatever they are, no rule lets this one through.
    pub fn behind(&self) -> Vec<Vec<String>> {
        behind::behind(&Name::of(self.program()), self.args())
    }

    /// The scripts that it names, in groups of paths as they are written: of each, the first that is a file is one that runs.
    pub fn scripts(&self) -> Vec<Vec<&'a str>> {
        script::scripts(self.program(), self.args())
    }

    /// All of it as one line in which each word can be told from the next: a word with anything but plain letters is
    /// quoted. So `git push *` means the words `git`, `push` and whatever follows, and nothing else.
    pub fn line(&self) -> String {
        self.words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// The name of a program, however it is written: without its folder, its `.exe` and the case of its letters.
struct Name {
    whole: String,
    /// Without a version at its end, as in `python3.12`.
    bare: String,
    /// What stands before a version anywhere in it; empty where there is none.
    lead: String,
}

impl Name {
    fn of(program: &str) -> Name {
        let base = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
        let whole = base.strip_suffix(".exe").unwrap_or(&base).to_string();
        // As macOS names the tools of GNU: `gxargs`.
        let plain =
            whole.strip_prefix('g').filter(|rest| GNU.split_ascii_whitespace().any(|gnu| gnu == *rest));
        let plain = plain.unwrap_or(&whole);
        let bare = plain.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).to_string();
        // `perl5.36-x86_64-linux-gnu`, `python3.12-dbg`, `busybox.static`.
        let lead = plain.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_version =
            plain.get(lead.len()..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let lead = if is_version { lead.to_string() } else { String::new() };
        Name { whole, bare, lead }
    }

    fn is(&self, name: &str) -> bool {
        !name.is_empty() && (self.whole == name || self.bare == name || self.lead == name)
    }

    fn is_one(&self, names: &str) -> bool {
        names.split_ascii_whitespace().any(|name| self.is(name))
    }

    /// Whether an argument makes it run something else.
    fn takes(&self, arg: &str) -> bool {
        let words = || WORDS.iter().filter(|(name, _)| self.is(name)).flat_map(|(_, words)| words.split(' '));
        if let Some(long) = arg.strip_prefix("--") {
            let name = long.split('=').next().unwrap_or_default().to_ascii_lowercase();
            let mut own = words().filter_map(|word| word.strip_prefix("--"));
            return !name.is_empty()
                && (LONG.split_ascii_whitespace().any(|option| option.starts_with(&name))
                    || own.any(|option| option.starts_with(&name)));
        }
        if arg.contains("ext::") || arg.starts_with('|') || arg.trim_end().ends_with('|') {
            return true; // an address that is a command
        }
        if self.is_one("make gmake bmake ninja just") && arg.contains('=') {
            return true; // a variable, such as SHELL
        }
        let is_word =
            |word: &str| arg == word || arg.strip_prefix(word).is_some_and(|rest| rest.starts_with('='));
        let letters = LETTERS.iter().filter(|(name, _)| self.is(name));
        ["-exec", "-execdir", "-okdir", "-toolexec"].into_iter().chain(words()).any(is_word)
            || letters.map(|(_, letters)| letters).any(|letters| is_cluster(arg, letters))
    }
}

/// Whether its work is to run what follows its own words.
fn is_front(name: &Name) -> bool {
    FRONTS.iter().any(|(names, ..)| name.is_one(names))
}

/// Whether an argument is short options with one of these letters among them.
fn is_cluster(arg: &str, letters: &str) -> bool {
    let Some(rest) = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else { return false };
    rest.chars().take_while(|c| c.is_ascii_alphanumeric()).any(|c| letters.contains(c))
}

/// A word in which nothing can be taken for another.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
