//! How the screen looks and which keys it has, from the configuration.

use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::ui::app::{Look, Programs};
use crate::ui::glyph::GlyphSet;
use crate::ui::keymap::{Keymap, Overrides};
use crate::ui::theme::Theme;
use crate::ui::widgets::code::Highlighter;

/// The look: a theme that is wrong names its line and is refused, so that nobody works in colours they did not choose.
pub fn look(config: &Config) -> Result<Look, Failure> {
    let theme = if config.no_color { Theme::plain() } else { theme(config, &config.theme.value)? };
    Ok(Look {
        theme,
        glyphs: if config.accessible { GlyphSet::Words } else { GlyphSet::Signs },
        accessible: config.accessible,
        no_color: config.no_color,
        code: Highlighter::new(),
    })
}

/// That the theme is one, whatever the command makes of it.
pub fn check(config: &Config) -> Result<(), Failure> {
    theme(config, &config.theme.value).map(|_| ())
}

fn theme(config: &Config, name: &str) -> Result<Theme, Failure> {
    if let Some(theme) = Theme::builtin(name) {
        return Ok(theme);
    }
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let path = config.paths.config.join("themes").join(format!("{name}.toml"));
    let text = if plain { std::fs::read_to_string(&path).ok() } else { None };
    let Some(text) = text else {
        let names: Vec<&str> = Theme::names().collect();
        let hint = format!("there are: {}; your own go to {}", names.join(", "), path.display());
        return Err(Failure::new(Code::Usage, format!("there is no theme {name:?}"), hint));
    };
    Theme::parse(&text, name).map_err(|fault| {
        Failure::new(
            Code::Usage,
            format!("the theme {} is wrong at line {}: {}", path.display(), fault.line, fault.why),
            "mend the line, or choose another with --theme",
        )
    })
}

/// The keys, with the user's own; whatever is at fault there is refused, so that no key does what nobody chose.
pub fn keys(config: &Config) -> Result<Keymap, Failure> {
    let mut own = Overrides::new();
    for (context, action, keys) in &config.keys {
        own.entry(context.clone()).or_default().insert(action.clone(), keys.clone());
    }
    let (keymap, faults) = Keymap::with(&own);
    match faults.is_empty() {
        true => Ok(keymap),
        false => Err(Failure::new(
            Code::Usage,
            format!("the keys in config.toml are wrong: {}", faults.join("; ")),
            "`?` in the workbench shows every key and its name",
        )),
    }
}

/// The operator's pager and editor, as the environment names them.
pub fn programs(config: &Config) -> Programs {
    let first = |names: &[&str]| {
        let named = names.iter().filter_map(|name| config.env.get(*name));
        named.map(|line| line.trim()).find(|line| !line.is_empty()).map(str::to_string)
    };
    let usual = Programs::default();
    Programs {
        pager: first(&["PAGER"]).unwrap_or(usual.pager),
        editor: first(&["VISUAL", "EDITOR"]).unwrap_or(usual.editor),
        folder: config.paths.cache.clone(),
    }
}
