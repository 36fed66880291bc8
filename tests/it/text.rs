//! Foreign text: what is shown, what is marked, how it is measured and wrapped.

use std::borrow::Cow;

use proptest::prelude::*;
use tackroom::domain::text::{self, Piece};
use unicode_segmentation::UnicodeSegmentation;

#[test]
fn harmless_text_is_borrowed() {
    for plain in ["", "plain text\nof two lines", "naïve café, 日本語 텍스트, привет", "👩‍👩‍👧 ❤️ 1️⃣ 🇯🇵", "葛󠄀"]
    {
        assert!(matches!(text::clean(plain), Cow::Borrowed(_)), "{plain:?} became {:?}", text::clean(plain));
    }
}

#[test]
fn control_and_invisible_characters_become_visible() {
    for (given, shown) in [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\u{9b}31m", "<9B>31m"),
        ("a\u{7}b\0c\u{7f}", "a␇b␀c␡"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("a\tb\n\tc", "a   b\n    c"),
        ("日\tb", "日  b"),
        ("a\u{2028}b", "a<U+2028>b"),
        ("a\u{200b}b\u{feff}c\u{ad}d", "a<U+200B>b<U+FEFF>c<U+00AD>d"),
        ("x\u{202e}gpj.exe", "x<U+202E>gpj.exe"),
        ("a\u{fe0f}b", "a<U+FE0F>b"),
        ("hi\u{e0068}\u{e0069}", "hi<U+E0068><U+E0069>"),
        ("\u{3164}", "<U+3164>"),
        ("a\u{200d}b", "a<U+200D>b"),
    ] {
        assert_eq!(text::clean(given), shown, "for {given:?}");
    }
    assert_eq!(text::clean("می\u{200c}خواهم"), "می\u{200c}خواهم", "a joiner Persian needs stays");
}

#[test]
fn look_alikes_are_marked_where_a_person_decides() {
    for (given, shown) in [
        ("p\u{430}ypal.com", "p<U+0430>ypal.com"),
        ("привет мир", "привет мир"),
        ("файл notes.txt", "файл notes.txt"),
        ("\u{430}\u{440}\u{440}\u{4cf}\u{435}.com", "<U+0430><U+0440><U+0440><U+04CF><U+0435>.com"),
        ("путь/file.txt", "путь/file.txt"),
        ("\u{3b1}bc", "<U+03B1>bc"),
        ("\u{ff52}m", "<U+FF52>m"),
        ("文件，好", "文件，好"),
        ("etc\u{ff0f}passwd", "etc<U+FF0F>passwd"),
        ("a\u{a0}b\u{3000}c", "a<U+00A0>b<U+3000>c"),
        ("rm \u{2212}rf", "rm <U+2212>rf"),
        ("tail  \nnext\t\nend ", "tail␠␠\nnext␉\nend␠"),
        ("tail \r\nx", "tail␠\nx"),
        ("p\u{200b}\u{430}y", "p<U+200B><U+0430>y"),
        ("\u{1d42b}m", "<U+1D42B>m"),
        ("使用git命令", "使用git命令"),
    ] {
        assert_eq!(text::reveal_plain(given), shown, "for {given:?}");
    }
    let pieces = text::reveal("<U+202E>\u{202e}");
    assert_eq!(pieces, [Piece::Plain("<U+202E>".into()), Piece::Marked("<U+202E>".into())]);
}

#[test]
fn width_truncation_and_first_line() {
    assert_eq!(text::width("abc"), 3);
    assert_eq!(text::width("日本"), 4);
    assert_eq!(text::width("👩‍👩‍👧"), 2);
    assert_eq!(text::width("e\u{301}"), 1);
    assert_eq!(text::truncate("hello", 5), "hello");
    assert_eq!(text::truncate("hello", 4), "hel…");
    assert_eq!(text::truncate("日本語", 5), "日本…");
    assert_eq!(text::truncate("日本語", 4), "日…");
    assert_eq!(text::truncate("x", 0), "");
    assert_eq!(text::truncate("xy", 1), "…");
    assert_eq!(text::first_line("\n  one\x1b \ntwo", 20), "one␛ …");
    assert_eq!(text::first_line("only", 3), "on…");
    assert_eq!(text::first_line("", 3), "");
}

fn wrapped(text: &str, cols: usize) -> Vec<&str> {
    text::wrap(text, cols).into_iter().map(|range| &text[range]).collect()
}

#[test]
fn words_wrap_where_a_reader_expects() {
    assert_eq!(wrapped("the quick brown fox", 9), ["the quick", "brown fox"]);
    assert_eq!(wrapped("the quick  brown", 9), ["the quick", "brown"]);
    assert_eq!(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
    assert_eq!(wrapped("one\n\ntwo\n", 9), ["one", "", "two"]);
    assert_eq!(wrapped("日本語文字", 5), ["日本", "語文", "字"]);
    assert_eq!(wrapped("日本。語", 4), ["日", "本。", "語"]);
    assert_eq!(wrapped("go 日本語", 6), ["go 日", "本語"]);
    assert_eq!(wrapped("👩‍👩‍👧👩‍👩‍👧", 3), ["👩‍👩‍👧", "👩‍👩‍👧"]);
    assert_eq!(wrapped("", 4), [""]);
    assert_eq!(wrapped("a", 0), ["a"]);
}

proptest! {
    #[test]
    fn wrapping_loses_nothing_and_fits(text in "[a-d日本。👩‍👧 é\n]{0,60}", cols in 1usize..12) {
        let lines = text::wrap(&text, cols);
        let mut at = 0;
        for line in &lines {
            prop_assert!(text[at..line.start].chars().all(|c| c == ' ' || c == '\n'), "lost in {:?}", &text);
            at = line.end;
            let shown = text[line.clone()].trim_end();
            prop_assert!(text::width(shown) <= cols || shown.graphemes(true).count() <= 1, "{shown:?} in {cols}");
        }
        prop_assert!(text[at..].chars().all(|c| c == ' ' || c == '\n'));
        let bounds: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
        prop_assert!(lines.iter().all(|line| bounds.contains(&line.start) && bounds.contains(&line.end)));
    }

    #[test]
    fn nothing_a_terminal_acts_on_survives(text in any::<String>()) {
        for shown in [text::clean(&text).into_owned(), text::reveal_plain(&text)] {
            prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
            let turned = shown.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
            prop_assert!(!turned, "{shown:?}");
        }
        let once = text::clean(&text).into_owned();
        prop_assert_eq!(text::clean(&once), once.as_str());
        let joined: String = text::reveal(&text).into_iter().map(|piece| match piece {
            Piece::Plain(part) | Piece::Marked(part) => part,
        }).collect();
        prop_assert_eq!(joined, text::reveal_plain(&text));
    }

    #[test]
    fn truncation_fits(text in "[a-d日👩‍👧é ]{0,20}", cols in 0usize..12) {
        prop_assert!(text::width(&text::truncate(&text, cols)) <= cols);
    }
}
