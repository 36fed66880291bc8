//! One key press, free of any terminal library, and how keys are written: `j`, `Ctrl-S`, `Alt-Enter`, `g s`.

use std::fmt;

/// What was pressed, without modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A character; upper case where Shift made it so.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key, from 1.
    F(u8),
}

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What was pressed.
    pub code: Code,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift, where `code` does not say so already.
    pub shift: bool,
}

/// The keys that are written with a name.
const NAMES: [(Code, &str); 15] = [
    (Code::Enter, "Enter"),
    (Code::Esc, "Esc"),
    (Code::Tab, "Tab"),
    (Code::BackTab, "Shift-Tab"),
    (Code::Backspace, "Backspace"),
    (Code::Delete, "Delete"),
    (Code::Up, "Up"),
    (Code::Down, "Down"),
    (Code::Left, "Left"),
    (Code::Right, "Right"),
    (Code::Home, "Home"),
    (Code::End, "End"),
    (Code::PageUp, "PageUp"),
    (Code::PageDown, "PageDown"),
    (Code::Char(' '), "Space"),
];

impl Key {
    /// A key without modifiers.
    pub fn plain(code: Code) -> Key {
        Key { code, ctrl: false, alt: false, shift: false }
    }

    /// The character that the key writes where text goes; none for commands.
    pub fn text(self) -> Option<char> {
        if let Code::Char(c) = self.code
            && !self.ctrl
            && !self.alt
        {
            Some(c)
        } else {
            None
        }
    }

    /// Reads a key as people write it: `j`, `G`, `ctrl-s`, `Alt-Enter`, `space`, `f1`.
    pub fn parse(text: &str) -> Option<Key> {
        let mut key = Key::plain(Code::Char(' '));
        let mut rest = text.trim();
        while let Some((modifier, more)) = rest.split_once('-').filter(|(_, more)| !more.is_empty()) {
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" | "c" => key.ctrl = true,
                "alt" | "a" => key.alt = true,
                "shift" | "s" => key.shift = true,
                _ => return None,
            }
            rest = more;
        }
        key.code = code(rest)?;
        if key.shift && key.code == Code::Tab {
            key = Key { code: Code::BackTab, shift: false, ..key };
        }
        if let Code::Char(c) = key.code
            && (key.shift || key.ctrl)
        {
            let c = if key.shift && !key.ctrl { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            key = Key { code: Code::Char(c), shift: false, ..key };
        }
        Some(key)
    }

    /// Reads one key or two after another: `g s`.
    pub fn parse_chord(text: &str) -> Option<Vec<Key>> {
        if text == " " {
            return Some(vec![Key::plain(Code::Char(' '))]);
        }
        let keys: Option<Vec<Key>> = text.split_whitespace().map(Key::parse).collect();
        keys.filter(|keys| matches!(keys.len(), 1 | 2))
    }
}

fn code(text: &str) -> Option<Code> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(Code::Char(c));
    }
    if let Some(number) = text.strip_prefix(['f', 'F']).and_then(|digits| digits.parse().ok()) {
        return Some(Code::F(number));
    }
    NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(code, _)| *code)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            if on {
                f.write_str(name)?;
            }
        }
        match (self.code, NAMES.iter().find(|(code, _)| *code == self.code)) {
            (_, Some((_, name))) => f.write_str(name),
            (Code::Char(c), None) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            (Code::Char(c), None) => write!(f, "{c}"),
            (Code::F(number), None) => write!(f, "F{number}"),
            (code, None) => write!(f, "{code:?}"),
        }
    }
}
