//! Roles to styles, parsed from a theme's text; every theme is readable, also the one without colours.
//!
//! A theme file is flat: one `role = "words"` per line, with `#` comments. The words are modifiers (`bold`, `dim`,
//! `italic`, `underline`, `reverse`, `plain`), a colour for the text and, after `on`, one for the ground. A colour is
//! one of the terminal's sixteen names, `default`, or `#rrggbb`. A role that is not named is taken from the default.

use std::fmt;
use std::sync::LazyLock;

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text, and the ground of the whole screen.
    Text,
    /// Text that steps back: hints, ages, gutters.
    Muted,
    /// What is meant to be found first: links, keys, the active tab.
    Accent,
    /// Something went well.
    Ok,
    /// Something waits for a person.
    Wait,
    /// Something could do harm.
    Risk,
    /// Something failed.
    Fault,
    /// An added line of a difference.
    DiffAdd,
    /// A removed line of a difference.
    DiffRemove,
    /// Timeline bar of a model request.
    BarModel,
    /// Timeline bar of a tool call.
    BarCall,
    /// Timeline bar of a wait for a person.
    BarWait,
    /// The selected row.
    Selection,
    /// Border of a pane.
    Border,
    /// Border of the pane that has the keys.
    BorderFocused,
    /// Titles and headings.
    Title,
    /// Source code and literal text.
    Code,
}

/// Every role with its name in theme files, in the order of the enum.
pub const ROLES: [(Role, &str); 17] = [
    (Role::Text, "text"),
    (Role::Muted, "muted"),
    (Role::Accent, "accent"),
    (Role::Ok, "ok"),
    (Role::Wait, "wait"),
    (Role::Risk, "risk"),
    (Role::Fault, "fault"),
    (Role::DiffAdd, "diff_add"),
    (Role::DiffRemove, "diff_remove"),
    (Role::BarModel, "bar_model"),
    (Role::BarCall, "bar_call"),
    (Role::BarWait, "bar_wait"),
    (Role::Selection, "selection"),
    (Role::Border, "border"),
    (Role::BorderFocused, "border_focused"),
    (Role::Title, "title"),
    (Role::Code, "code"),
];

/// The built-in themes: name and text. The first is the default.
const BUILTIN: [(&str, &str); 5] = [
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("night", include_str!("../../themes/night.toml")),
    ("day", include_str!("../../themes/day.toml")),
    ("contrast", include_str!("../../themes/contrast.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

static PARSED: LazyLock<Vec<Theme>> = LazyLock::new(|| {
    let mut themes: Vec<Theme> = Vec::with_capacity(BUILTIN.len());
    for (name, text) in BUILTIN {
        let base = themes.first().map_or([Style::new(); ROLES.len()], |first| first.styles);
        // A test parses every built-in theme strictly; were one wrong, its readable lines would still count.
        let (styles, _) = read(text, base);
        themes.push(Theme { name: name.into(), styles });
    }
    themes
});

/// A named set of styles, one per role. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: [Style; ROLES.len()],
}

/// What is wrong with a theme's text, and in which line (from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeFault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, as a sentence part.
    pub why: String,
}

impl fmt::Display for ThemeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for ThemeFault {}

impl Default for Theme {
    fn default() -> Self {
        PARSED[0].clone()
    }
}

impl Theme {
    /// Reads a theme's text; the first fault ends it. Roles it does not name look as in the default theme.
    pub fn parse(text: &str, name: &str) -> Result<Theme, ThemeFault> {
        let (styles, faults) = read(text, PARSED[0].styles);
        match faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(Theme { name: name.to_string(), styles }),
        }
    }

    /// The built-in theme of that name.
    pub fn builtin(name: &str) -> Option<Theme> {
        PARSED.iter().find(|theme| theme.name == name).cloned()
    }

    /// The text of the built-in theme of that name, to start an own one from.
    pub fn source(name: &str) -> Option<&'static str> {
        BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The names of the built-in themes, the default first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// The theme without any colour, for `NO_COLOR` and for terminals without colours.
    pub fn plain() -> Theme {
        PARSED[BUILTIN.len() - 1].clone()
    }

    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a role looks.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// Reads line by line onto `styles`; gives back what it understood and every fault.
fn read(text: &str, mut styles: [Style; ROLES.len()]) -> ([Style; ROLES.len()], Vec<ThemeFault>) {
    let mut faults = Vec::new();
    let mut seen = [0; ROLES.len()];
    for (at, line) in text.lines().enumerate() {
        match read_line(line.trim()) {
            Ok(None) => {}
            Ok(Some((role, _))) if seen[role as usize] > 0 => {
                let why = format!("this role is set already in line {}", seen[role as usize]);
                faults.push(ThemeFault { line: at + 1, why });
            }
            Ok(Some((role, style))) => {
                seen[role as usize] = at + 1;
                styles[role as usize] = style;
            }
            Err(why) => faults.push(ThemeFault { line: at + 1, why }),
        }
    }
    (styles, faults)
}

fn read_line(line: &str) -> Result<Option<(Role, Style)>, String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.starts_with('[') {
        return Err("a theme has no sections; write one `role = \"colour\"` per line".into());
    }
    let Some((key, value)) = line.split_once('=') else {
        return Err("expected `role = \"colour\"`".into());
    };
    let key = key.trim();
    let Some((role, _)) = ROLES.iter().find(|(_, name)| *name == key) else {
        let names: Vec<_> = ROLES.iter().map(|(_, name)| *name).collect();
        return Err(format!("there is no role `{}`; roles are {}", key.escape_debug(), names.join(", ")));
    };
    let value = value.trim();
    let Some((words, rest)) = value.strip_prefix('"').and_then(|v| v.split_once('"')) else {
        return Err("the value must stand in double quotes".into());
    };
    let rest = rest.trim();
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err("nothing but a comment may follow the value".into());
    }
    Ok(Some((*role, read_style(words)?)))
}

fn read_style(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let (mut fore, mut ground) = (None, None);
    let mut words = words.split_ascii_whitespace();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        let modifier = match word {
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            "plain" => Modifier::empty(),
            "on" => {
                let word = words.next().ok_or("a colour must follow `on`")?;
                if ground.replace(read_color(word)?).is_some() {
                    return Err("two colours for the ground".into());
                }
                continue;
            }
            colour => {
                if fore.replace(read_color(colour)?).is_some() {
                    return Err(format!("two colours for the text; write `on {colour}` for the ground"));
                }
                continue;
            }
        };
        style = style.add_modifier(modifier);
    }
    if !any {
        return Err("no colour; write `plain` or `default` to mean none".into());
    }
    (style.fg, style.bg) = (fore, ground);
    Ok(style)
}

fn read_color(word: &str) -> Result<Color, String> {
    if let Some(hex) = word.strip_prefix('#') {
        let code = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6 && !hex.starts_with('+'));
        let code = code.ok_or_else(|| format!("`{}` is not a colour like `#1e90ff`", word.escape_debug()))?;
        return Ok(Color::from_u32(code));
    }
    Ok(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        other => return Err(format!("`{}` is no colour or modifier", other.escape_debug())),
    })
}
