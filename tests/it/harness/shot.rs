//! Screens as text for snapshots, and as ANSI for a picture where TACKROOM_SHOTS names a folder.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use std::fmt::Write;

/// The cells' text, one line a row, without blanks at the ends.
pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut out = String::new();
    for y in area.rows().map(|row| row.y) {
        let mut line = String::new();
        let mut skip = 0;
        for x in area.x..area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = tackroom::domain::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Where which style is: one line for each stretch that is not plain.
pub fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.rows().map(|row| row.y) {
        let mut x = buffer.area.x;
        while x < buffer.area.right() {
            let style = look(buffer, x, y);
            let from = x;
            let mut words = String::new();
            while x < buffer.area.right() && look(buffer, x, y) == style {
                words.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            if !style.is_empty() && !words.trim().is_empty() {
                let _ = writeln!(out, "{y:>2},{from:<3} {style}: {}", words.trim());
            }
        }
    }
    out
}

fn look(buffer: &Buffer, x: u16, y: u16) -> String {
    let style: Style = buffer[(x, y)].style();
    let mut words = Vec::new();
    if let Some(colour) = style.fg.filter(|colour| *colour != Color::Reset) {
        words.push(format!("{colour:?}"));
    }
    if let Some(colour) = style.bg.filter(|colour| *colour != Color::Reset) {
        words.push(format!("on {colour:?}"));
    }
    if !style.add_modifier.is_empty() {
        words.push(format!("{:?}", style.add_modifier));
    }
    words.join(" ")
}

/// Writes the screen as ANSI to `$TACKROOM_SHOTS/<name>.ans`, to be looked at.
pub fn dump(buffer: &Buffer, name: &str) {
    let Ok(folder) = std::env::var("TACKROOM_SHOTS") else { return };
    let mut out = String::from("\x1b[?25l\x1b[H");
    for y in buffer.area.rows().map(|row| row.y) {
        let mut skip = 0;
        let _ = write!(out, "\x1b[{};1H", y + 1);
        for x in buffer.area.x..buffer.area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let cell = &buffer[(x, y)];
            skip = tackroom::domain::text::width(cell.symbol()).saturating_sub(1);
            let _ = write!(out, "{}{}", sgr(cell.style()), cell.symbol());
        }
    }
    let _ = std::fs::create_dir_all(&folder);
    let _ = std::fs::write(format!("{folder}/{name}.ans"), out);
}

fn sgr(style: Style) -> String {
    let mut codes = vec!["0".to_string()];
    let modifiers = [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
    ];
    codes.extend(
        modifiers
            .iter()
            .filter(|(one, _)| style.add_modifier.contains(*one))
            .map(|(_, code)| (*code).to_string()),
    );
    codes.extend(style.fg.and_then(|colour| code(colour, 30)));
    codes.extend(style.bg.and_then(|colour| code(colour, 40)));
    format!("\x1b[{}m", codes.join(";"))
}

fn code(colour: Color, base: u8) -> Option<String> {
    let number = match colour {
        Color::Reset => return None,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Rgb(r, g, b) => return Some(format!("{};2;{r};{g};{b}", base + 8)),
        Color::Indexed(i) => return Some(format!("{};5;{i}", base + 8)),
    };
    Some((base + number).to_string())
}
