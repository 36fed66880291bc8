//! Bytes as text: base 64 with the usual letters, always padded, and read strictly, so that each content has one form.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as letters.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// Letters as bytes; none where `encode` would not have written them so.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let pad = text.bytes().rev().take_while(|letter| *letter == b'=').count();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0u32;
        for place in 0..4 {
            let six = four.get(place).map_or(Some(0), |letter| value(*letter))?;
            bits = bits << 6 | u32::from(six);
        }
        let [_, all @ ..] = bits.to_be_bytes();
        let kept = four.len().checked_sub(1)?;
        if all.get(kept..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0)) {
            return None;
        }
        bytes.extend_from_slice(all.get(..kept)?);
    }
    let fits = pad <= 2 && (bytes.len() + pad).is_multiple_of(3);
    fits.then_some(bytes)
}
