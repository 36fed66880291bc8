//! Amounts as people type and read them: tokens in few letters, spans of time.

/// Tokens for a narrow place: `840`, `12.4k`, `3.1M`.
pub fn few(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}.{}k", count / 1_000, count % 1_000 / 100),
        _ => format!("{}.{}M", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

/// Reads digits alone.
pub fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Reads a count: `200`, `1_000`, `200k`, `1.5m`.
pub fn count(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (number, unit) = match (lower.strip_suffix('k'), lower.strip_suffix('m')) {
        (Some(number), _) => (number, 1_000),
        (None, Some(number)) => (number, 1_000_000),
        (None, None) => return digits(&lower.replace(['_', ','], "")),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > 6 || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(part.len()).unwrap_or(0));
    let whole = if whole.is_empty() { 0 } else { digits(whole)? };
    let part = if part.is_empty() { 0 } else { digits(part)? };
    whole.checked_mul(unit)?.checked_add(part * unit / scale)
}

/// Reads a span of time as milliseconds: `90s`, `20m`, `1h30m`, `2d`, `500ms`.
pub fn span_ms(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let letters = rest.find(|c: char| !c.is_ascii_digit())?;
        let number = digits(rest.get(..letters)?).filter(|_| letters > 0)?;
        let after = rest.get(letters..)?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match after.get(..end)? {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        sum = sum.checked_add(number.checked_mul(unit)?)?;
        rest = after.get(end..)?;
    }
    (!text.is_empty()).then_some(sum)
}
