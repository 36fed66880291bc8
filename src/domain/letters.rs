//! What single characters do to a reader: which are invisible, which turn text around, which pass for others.
//!
//! The tables are hand-picked ranges of the Unicode character database, kept short on purpose: they say what a
//! person deciding about a call must not miss. `text` uses them; nothing else should.

use std::ops::RangeInclusive;

/// Sorted ranges that draw nothing, or nothing a reader notices (zero width, fillers, tags, format controls).
const INVISIBLE: &[RangeInclusive<u32>] = &[
    0x00AD..=0x00AD,   // soft hyphen
    0x034F..=0x034F,   // combining grapheme joiner
    0x115F..=0x1160,   // Hangul fillers
    0x17B4..=0x17B5,   // Khmer inherent vowels
    0x180B..=0x180F,   // Mongolian selectors and vowel separator
    0x200B..=0x200D,   // zero width space, non-joiner, joiner
    0x2060..=0x2065,   // word joiner, invisible operators
    0x206A..=0x206F,   // deprecated format controls
    0x3164..=0x3164,   // Hangul filler
    0xFE00..=0xFE0F,   // variation selectors
    0xFEFF..=0xFEFF,   // byte order mark
    0xFFA0..=0xFFA0,   // halfwidth Hangul filler
    0xFFF0..=0xFFFB,   // unassigned ignorables, interlinear annotation
    0x13430..=0x1343F, // hieroglyph format controls
    0x1BCA0..=0x1BCA3, // shorthand format controls
    0x1D173..=0x1D17A, // musical format controls
    0xE0000..=0xE0FFF, // tags, supplementary variation selectors
];

/// Sorted ranges of scripts whose letters pass for Latin ones.
const NEAR_LATIN: &[RangeInclusive<u32>] = &[
    0x0370..=0x03FF,   // Greek
    0x0400..=0x052F,   // Cyrillic
    0x0531..=0x0587,   // Armenian
    0x05D0..=0x05F2,   // Hebrew
    0x10A0..=0x10FF,   // Georgian
    0x13A0..=0x13FF,   // Cherokee
    0x1C80..=0x1C8F,   // Cyrillic extended C
    0x1C90..=0x1CBF,   // Georgian extended
    0x1D26..=0x1D2B,   // Greek and Cyrillic small capitals
    0x1F00..=0x1FFF,   // Greek extended
    0x2C80..=0x2CFF,   // Coptic
    0x2D00..=0x2D2F,   // Georgian supplement
    0xA4D0..=0xA4FF,   // Lisu
    0xA640..=0xA69F,   // Cyrillic extended B
    0xAB65..=0xAB65,   // Greek small capital omega
    0xAB70..=0xABBF,   // Cherokee supplement
    0x10280..=0x1031F, // Lycian, Carian, Old Italic
    0x10330..=0x1034A, // Gothic
    0x10400..=0x1044F, // Deseret
    0x104B0..=0x104FF, // Osage
];

/// Letters of other scripts that look the same as a Latin letter even when a whole word is made of them.
const TWINS: &str = "аеорсухіјѕԁԛԝһӏАВЕКМНОРСТХУІЈЅԌԚԜӀЗΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορτυχκϲϳοսօհոցԁᏀᎪᎳᏚᏞ";

/// Punctuation that passes for an ASCII mark that commands, paths and addresses care about.
const MARK_TWINS: &[char] = &[
    '\u{01C3}', '\u{02D0}', '\u{037E}', '\u{0589}', '\u{05C3}', '\u{066A}', '\u{2010}', '\u{2011}',
    '\u{2012}', '\u{2024}', '\u{2044}', '\u{204E}', '\u{2212}', '\u{2215}', '\u{2216}', '\u{2217}',
    '\u{2223}', '\u{2236}', '\u{223C}', '\u{29F5}', '\u{29F8}', '\u{29F9}', '\u{2571}', '\u{2572}',
    '\u{A789}', '\u{A78A}', '\u{FE52}', '\u{FE55}', '\u{FE68}', '\u{0237}',
];

fn within(table: &[RangeInclusive<u32>], c: char) -> bool {
    let code = c as u32;
    let at = table.partition_point(|range| *range.end() < code);
    table.get(at).is_some_and(|range| range.contains(&code))
}

/// Whether `c` draws nothing a reader would notice, taken alone.
pub fn is_invisible(c: char) -> bool {
    within(INVISIBLE, c)
}

/// Whether `c` changes the direction in which its neighbours are drawn.
pub fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether `c` is blank but not the plain space, tab or newline.
pub fn is_odd_space(c: char) -> bool {
    matches!(
        c,
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{2800}' | '\u{3000}'
    )
}

/// Whether `c` is a letter of the Latin script, accented ones included.
pub fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || (c.is_alphabetic()
            && matches!(c as u32, 0xAA..=0x24F | 0x250..=0x2AF | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF))
}

/// Whether `c` is a letter of a script that is easily taken for Latin.
pub fn is_near_latin(c: char) -> bool {
    c as u32 >= 0x370 && c.is_alphabetic() && within(NEAR_LATIN, c)
}

/// Whether `c` looks the same as one Latin letter.
pub fn is_twin(c: char) -> bool {
    c as u32 >= 0x370 && TWINS.contains(c)
}

/// Whether `c` is a letter or digit that only exists to look like an ASCII one (fullwidth, mathematical, enclosed).
pub fn is_styled_ascii(c: char) -> bool {
    matches!(c as u32,
        0xFF10..=0xFF19 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A | 0x1D400..=0x1D7FF | 0x1F130..=0x1F149 | 0x2100..=0x2138
        if c.is_alphanumeric() || c as u32 >= 0x1F130)
        && !matches!(c, '\u{2103}' | '\u{2109}' | '\u{2116}' | '\u{2122}' | '\u{2126}')
}

/// Whether `c` passes for an ASCII punctuation mark wherever it stands.
pub fn is_mark_twin(c: char) -> bool {
    MARK_TWINS.contains(&c)
}

/// Whether `c` is a fullwidth punctuation mark: normal between ideographs, a disguise beside ASCII.
pub fn is_fullwidth_mark(c: char) -> bool {
    matches!(c as u32, 0xFF01..=0xFF0F | 0xFF1A..=0xFF20 | 0xFF3B..=0xFF40 | 0xFF5B..=0xFF5E)
}

/// Whether `c` can start an emoji sequence or stand in one, so that a joiner or selector beside it is meant.
pub fn is_emoji(c: char) -> bool {
    matches!(c as u32,
        0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x21FF | 0x2300..=0x27BF | 0x2900..=0x297F
        | 0x2B00..=0x2BFF | 0x3030 | 0x303D | 0x3297 | 0x3299 | 0x1F000..=0x1FAFF)
}

/// Whether `c` is an ideograph, which standardised variation selectors may follow.
pub fn is_ideograph(c: char) -> bool {
    matches!(c as u32, 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Whether `c` belongs to a script that needs joiners to be spelled right (Arabic, Syriac, Indic, Khmer and kin).
pub fn needs_joiners(c: char) -> bool {
    matches!(c as u32, 0x0620..=0x07FF | 0x0860..=0x0DFF | 0x1000..=0x109F | 0x1780..=0x17B3 | 0x17B6..=0x17D3)
}

/// Whether no grapheme can span from another such character into `c`: ASCII letters, digits, common ideographs.
pub fn is_solid(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c as u32, 0x3041..=0x3096 | 0x30A1..=0x30FA | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3)
}

/// Whether a line should not begin with `c`.
pub fn closes(c: char) -> bool {
    "、。，．」』）】〕〉》！？：；・ーっゃゅょッャュョ”’…".contains(c)
}

/// Whether a line should not end with `c`.
pub fn opens(c: char) -> bool {
    "「『（【〔〈《“‘".contains(c)
}
