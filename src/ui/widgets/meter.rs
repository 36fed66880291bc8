//! How full something is, in one line: a labelled bar with its percentage, and a mark that fills in five steps.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::text;
use crate::ui::glyph::GlyphSet;
use crate::ui::theme::{Role, Theme};

/// The share from which a meter warns, in percent.
const WARN: u64 = 80;

/// `label [████░░░] 62%` in at most `width` columns; the bar is left out where there is no room for it. A `whole` of
/// zero draws as empty. Over 100% the bar is full and the number says how far over.
pub fn meter(
    label: &str,
    part: u64,
    whole: u64,
    width: usize,
    set: GlyphSet,
    theme: &Theme,
) -> Line<'static> {
    let percent = if whole == 0 {
        0
    } else {
        u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(u64::MAX)
    };
    let role = match percent {
        0..WARN => Role::Ok,
        WARN..100 => Role::Wait,
        100.. => Role::Fault,
    };
    let label = text::clean(label);
    let number = format!("{percent}%");
    let fixed = text::width(&label) + number.len() + 4;
    let mut spans = vec![Span::styled(text::truncate(&label, width), theme.style(Role::Muted))];
    if text::width(&label) + 1 + number.len() > width {
        return Line::from(spans);
    }
    spans.push(Span::styled(" ", theme.style(Role::Text)));
    if fixed + 3 <= width {
        let cells = (width - fixed).min(20);
        let full = (percent.min(100) as usize * cells).div_ceil(100).min(cells);
        let full = if percent < 100 && full == cells && cells > 1 { cells - 1 } else { full };
        let (on, off) = match set {
            GlyphSet::Signs => ("█", "░"),
            GlyphSet::Words => ("#", "."),
        };
        spans.push(Span::styled("[", theme.style(Role::Muted)));
        spans.push(Span::styled(on.repeat(full), theme.style(role)));
        spans.push(Span::styled(off.repeat(cells - full), theme.style(Role::Muted)));
        spans.push(Span::styled("] ", theme.style(Role::Muted)));
    }
    spans.push(Span::styled(number, theme.style(role)));
    Line::from(spans)
}

/// A mark that fills in five steps from empty (0 of `whole`) to full (`whole` or more), one column wide or, in words,
/// `[..]` style. Used where keys begin to count.
pub fn filling(part: u64, whole: u64, set: GlyphSet, style: Style) -> Span<'static> {
    const SIGNS: [&str; 5] = ["○", "◔", "◑", "◕", "●"];
    const WORDS: [&str; 5] = ["[    ]", "[#   ]", "[##  ]", "[### ]", "[####]"];
    let step = if part >= whole { 4 } else { (part as u128 * 4 / whole as u128) as usize };
    let sign = match set {
        GlyphSet::Signs => SIGNS[step],
        GlyphSet::Words => WORDS[step],
    };
    Span::styled(sign, style)
}
