//! Themes are readable, and a wrong one says where it is wrong.

use ratatui::style::{Color, Modifier};
use tackroom::domain::text;
use tackroom::ui::glyph::{GLYPHS, Glyph, GlyphSet};
use tackroom::ui::theme::{ROLES, Role, Theme};

#[test]
fn built_in_themes_are_strictly_right_and_complete() {
    assert_eq!(Theme::names().next(), Some("terminal"));
    for name in Theme::names() {
        let source = Theme::source(name).unwrap();
        assert_eq!(Theme::parse(source, name), Ok(Theme::builtin(name).unwrap()));
        for (role, key) in ROLES {
            assert!(
                source.lines().any(|line| line.starts_with(&format!("{key} = "))),
                "{name} lacks {role:?}"
            );
        }
    }
    assert_eq!(Theme::builtin("nothing"), None);
    for (at, (role, _)) in ROLES.iter().enumerate() {
        assert_eq!(*role as usize, at);
    }
}

#[test]
fn the_plain_theme_has_no_colour_and_still_tells_roles_apart() {
    let plain = Theme::plain();
    assert_eq!(plain.name(), "mono");
    for (role, _) in ROLES {
        assert_eq!((plain.style(role).fg, plain.style(role).bg), (None, None), "{role:?}");
    }
    assert_ne!(plain.style(Role::DiffAdd), plain.style(Role::DiffRemove));
    assert!(plain.style(Role::Selection).add_modifier.contains(Modifier::REVERSED));
}

fn luminance(color: Color) -> f64 {
    let Color::Rgb(r, g, b) = color else { panic!("{color:?} is not a true colour") };
    let part = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

#[test]
fn true_colour_themes_have_contrast() {
    for (name, least) in [("night", 4.5), ("day", 4.5), ("contrast", 7.0)] {
        let theme = Theme::builtin(name).unwrap();
        for (role, _) in ROLES {
            let style = theme.style(role);
            let (a, b) = (luminance(style.fg.unwrap()), luminance(style.bg.unwrap()));
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            // Borders are lines, not text: 2.5 is enough to see them and low enough to stay behind.
            let least = if role == Role::Border { 2.5 } else { least };
            assert!(ratio >= least, "{name} {role:?}: {ratio:.2}");
        }
    }
}

#[test]
fn faults_name_their_line() {
    for (source, line, words) in [
        ("text = \"red\"\n\nmutted = \"red\"", 3, "no role `mutted`"),
        ("text = \"redd\"", 1, "`redd` is no colour"),
        ("# x\n[colours]", 2, "no sections"),
        ("text = red", 1, "double quotes"),
        ("text = \"red\" blue", 1, "nothing but a comment"),
        ("text = \"red\"\ntext = \"blue\"", 2, "already in line 1"),
        ("text = \"#12345\"", 1, "is not a colour like"),
        ("text = \"#+12345\"", 1, "is not a colour like"),
        ("text = \"red blue\"", 1, "write `on blue`"),
        ("text = \"red on\"", 1, "must follow `on`"),
        ("text = \"\"", 1, "no colour"),
        ("text", 1, "expected"),
    ] {
        let fault = Theme::parse(source, "own").unwrap_err();
        assert_eq!(fault.line, line, "{source:?}");
        assert!(fault.why.contains(words), "{source:?}: {fault}");
    }
}

#[test]
fn an_own_theme_fills_up_from_the_default() {
    let theme = Theme::parse("risk = \"bold #ff8800 on bright-black\" # mine\n", "own").unwrap();
    let risk = theme.style(Role::Risk);
    assert_eq!((risk.fg, risk.bg), (Some(Color::Rgb(255, 136, 0)), Some(Color::DarkGray)));
    assert!(risk.add_modifier.contains(Modifier::BOLD));
    assert_eq!(theme.style(Role::Fault), Theme::default().style(Role::Fault));
}

#[test]
fn signs_are_one_column_and_words_are_ascii() {
    for (at, (glyph, sign, word)) in GLYPHS.iter().enumerate() {
        assert_eq!(*glyph as usize, at);
        assert_eq!(text::width(sign), 1, "{sign}");
        assert!(word.is_ascii());
        assert_eq!(text::clean(sign), *sign);
    }
    assert_eq!(Glyph::Held.text(GlyphSet::Words), "HELD");
}
