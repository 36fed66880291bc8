//! Drawing parts: what they show, that streaming equals drawing at once, and what it costs.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use tackroom::domain::text;
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::theme::{Role, Theme};
use tackroom::ui::widgets::code::{self, Highlighter};
use tackroom::ui::widgets::scroll::Scroll;
use tackroom::ui::widgets::stream::Stream;
use tackroom::ui::widgets::waterfall::{Axis, Segment, SegmentKind, bar};
use tackroom::ui::widgets::{diff, document, meter};

fn shown(lines: &[Line<'_>]) -> String {
    let lines =
        lines.iter().map(|line| line.spans.iter().map(|span| span.content.as_ref()).collect::<String>());
    lines.map(|line| line.trim_end().to_string()).collect::<Vec<_>>().join("\n")
}

fn rendered(source: &str, width: usize) -> String {
    shown(&document::render(source, width, &Theme::default(), &Highlighter::new()))
}

const SAMPLE: &str = "# Title *here*\n\nA paragraph with **strong**, `code` and [a link](https://example.org/x), which \
    is long enough to wrap.\nSecond line  \nafter a hard break.\n\n- one\n- two with more words than fit in the width\n  \
    - nested\n    1. deep\n- [x] done\n- [ ] open\n\n3. three\n4. four\n\n> quoted words that wrap around the width of it\n> \
    - in a list\n\n```rust\nfn main() {\n\tlet x = 1; // why\n}\n```\n\n| a | bbb |\n|---|----:|\n| 1 | 22 |\n| ccc | 3 |\n\n---\n\nSetext\n======\n\
    <b>raw</b> &#27; &#x202e;\n\n[ref]: http://x.y\n";

#[test]
fn markdown_is_laid_out() {
    insta::assert_snapshot!(rendered(SAMPLE, 40));
    insta::assert_snapshot!(rendered(
        "| long head | second |\n|---|---|\n| some words | other words |\n",
        16
    ));
}

#[test]
fn styles_say_what_text_is() {
    let lines = document::render("a **b** *c* `d`", 40, &Theme::default(), &Highlighter::new());
    let style = |word: &str| lines[0].spans.iter().find(|span| span.content == word).unwrap().style;
    assert!(style("b").add_modifier.contains(Modifier::BOLD));
    assert!(style("c").add_modifier.contains(Modifier::ITALIC));
    assert_eq!(style("d").fg, Theme::default().style(Role::Code).fg);
    let mono = document::render("say `d`", 40, &Theme::plain(), &Highlighter::new());
    assert_eq!(shown(&mono), "say `d`");
}

#[test]
fn no_control_byte_gets_through_markdown() {
    let nasty = "\x1b[2J **a\u{9b}b** `\u{7}` [x](http://e/\u{202e}) <a\x1b>\n\n```sh\n\x1b]0;t\u{7}\n```\n\n&#27;[0m | &#x202e;\n";
    let out = rendered(nasty, 30);
    assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
    assert!(!out.contains('\u{202e}'), "{out:?}");
}

fn streamed(source: &str, cuts: &[usize], width: usize, code: &Highlighter) -> Vec<Line<'static>> {
    let mut stream = Stream::new(Theme::default(), code.handle());
    let mut at = 0;
    for cut in cuts {
        let mut cut = (*cut % (source.len() + 1)).max(at);
        while !source.is_char_boundary(cut) {
            cut += 1;
        }
        stream.push(&source[at..cut]);
        stream.lines(width);
        at = cut;
    }
    stream.push(&source[at..]);
    let open = stream.lines(width).to_vec();
    stream.finish();
    // A carriage return at the very end may still be half a newline before the end is known.
    assert!(source.ends_with('\r') || stream.lines(width) == open, "the end changes nothing: {source:?}");
    stream.lines(width).to_vec()
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,9}",
        3 => Just(" ".to_string()),
        3 => Just("\n".to_string()),
        1 => Just("\n\n".to_string()),
        1 => Just("\r\n".to_string()),
        2 => prop::sample::select(vec![
            "- ", "* ", "1. ", "2) ", "# ", "## ", "> ", "```", "```rust\n", "~~~\n", "---\n", "===\n", "| a | b |\n", "|--|--|\n",
            "    ", "  ", "\t", "**", "*", "_", "`", "[", "](", ")", "<b>", "<", "&amp;", "\\", "日本語", "é", "👩‍👩‍👧", "\u{1b}",
            "\\\n", "  \n", "[x] ", "|", "~~", "#", "-", "=", "[r]: u\n", "!", "\r", "\u{c}", "\u{b}", "\0", "\u{85}", "\u{a0}", "\u{2028}",
        ]).prop_map(String::from),
        1 => "[a-z ]{200,320}",
        1 => "[a-z*` ]{900,1300}",
        1 => "[a-z]{2000,5000}",
        1 => "[日本語]{300,900}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_stream_ends_as_if_drawn_at_once(
        pieces in prop::collection::vec(piece(), 0..40),
        mut cuts in prop::collection::vec(any::<usize>(), 0..30),
        width in 1usize..60,
    ) {
        let source = pieces.concat();
        cuts.iter_mut().for_each(|cut| *cut %= source.len() + 1);
        cuts.sort_unstable();
        let code = Highlighter::new();
        let whole = streamed(&source, &[], width, &code);
        let parts = streamed(&source, &cuts, width, &code);
        prop_assert_eq!(whole, parts, "{:?} cut at {:?}", source, cuts);
    }
}

#[test]
fn a_stream_at_every_cut_of_the_sample() {
    let code = Highlighter::new();
    let whole = streamed(SAMPLE, &[], 33, &code);
    let every: Vec<usize> = (0..SAMPLE.len()).collect();
    assert_eq!(shown(&streamed(SAMPLE, &every, 33, &code)), shown(&whole));
    for cut in every {
        assert_eq!(streamed(SAMPLE, &[cut], 33, &code), whole, "cut at {cut}");
    }
}

fn cost(unit: &str) -> (f64, Vec<Line<'static>>) {
    let source: String = unit.chars().cycle().take(200_000).collect();
    let mut stream = Stream::new(Theme::default(), Highlighter::new());
    let mut at = 0;
    while at < source.len() {
        let mut end = (at + 20).min(source.len());
        while !source.is_char_boundary(end) {
            end += 1;
        }
        stream.push(&source[at..end]);
        stream.lines(80);
        at = end;
    }
    (stream.bytes_laid() as f64 / source.len() as f64, stream.lines(80).to_vec())
}

#[test]
fn an_endless_paragraph_costs_what_is_new() {
    for unit in
        ["word after word and on it goes, ", "some **bold** and `code` words, ", "日本語の文章は空白がない。"]
    {
        let (factor, lines) = cost(unit);
        assert!(factor <= 4.0, "{unit:?} was laid out {factor:.1} times");
        assert!(lines.len() > 1_000 && lines.iter().all(|line| line.width() <= 80));
    }
    let (factor, _) = cost("one line of a paragraph\nand another one\n");
    assert!(factor <= 4.0, "many lines: {factor:.1}");
}

#[test]
fn a_long_list_costs_a_bounded_part() {
    let (factor, lines) = cost("- item with *words* and `code`\n");
    assert!(factor <= 40.0, "laid out {factor:.1} times");
    assert!(lines.len() > 6_000 && lines.iter().all(|line| line.width() > 0), "cuts leave no gaps");
}

#[test]
fn endless_code_costs_what_is_new() {
    let mut stream = Stream::new(Theme::default(), Highlighter::new());
    stream.push("```rust\n");
    for _ in 0..5_000 {
        stream.push("let a = 1;\nlet ");
        stream.lines(80);
    }
    assert!(
        stream.bytes_laid() <= stream.text().len() * 4,
        "{} of {}",
        stream.bytes_laid(),
        stream.text().len()
    );
}

#[test]
fn another_width_lays_out_once() {
    let mut stream = Stream::new(Theme::default(), Highlighter::new());
    stream.push(SAMPLE);
    stream.lines(40);
    let before = stream.bytes_laid();
    stream.lines(40);
    assert_eq!(stream.bytes_laid(), before, "nothing new, nothing laid out");
    assert_eq!(stream.lines(60).to_vec(), streamed(SAMPLE, &[], 60, &Highlighter::new()));
    assert!(stream.bytes_laid() <= before + SAMPLE.len());
}

#[test]
fn code_is_coloured_later_and_line_by_line() {
    let code = Highlighter::new();
    let theme = Theme::builtin("night").unwrap();
    let mut stream = Stream::new(theme.clone(), code.handle());
    stream.push(
        "Look:\n```rust\nfn main() { /* hi */ }\n```\n\n- in a list\n  ```json\n  {\"a\": 1}\n  ```\n\nend",
    );
    stream.finish();
    let plain = stream.lines(40).to_vec();
    let wanted = stream.take_wanted();
    assert_eq!(wanted.iter().map(|(lang, _)| lang.as_str()).collect::<Vec<_>>(), ["rust", "json"]);
    for (lang, source) in wanted {
        code.highlight(&lang, &source, &theme);
    }
    stream.recolor();
    let colored = stream.lines(40).to_vec();
    assert_eq!(shown(&plain), shown(&colored));
    assert_ne!(plain, colored);
    assert!(stream.take_wanted().is_empty());
}

#[test]
fn highlighting_keeps_text_and_bounds() {
    let (code, theme) = (Highlighter::new(), Theme::builtin("night").unwrap());
    let source = "fn main() {\n    let s = \"text\"; // note\u{1b}\n}\n";
    let lines = code.highlight("rs", source, &theme);
    assert_eq!(shown(&lines), shown(&code::plain(source, &theme)));
    let style = |word: &str| {
        let mut spans = lines.iter().flat_map(|line| &line.spans);
        spans.find(|span| span.content.contains(word)).unwrap().style
    };
    assert_eq!(style("fn").fg, theme.style(Role::Accent).fg);
    assert_eq!(style("text").fg, theme.style(Role::Ok).fg);
    assert_eq!(style("note").fg, theme.style(Role::Muted).fg);
    assert!(code.lookup("rs", source, &theme).is_some());
    assert!(code.lookup("rs", source, &Theme::plain()).is_none());
    let json = code.highlight("json", "{\"key\": [1, true, \"v\"]}", &theme);
    assert!(json[0].spans.len() > 3, "{json:?}");
    let long = "x".repeat(code::LINE_MAX + 1);
    assert_eq!(code.highlight("rs", &long, &theme)[0].spans.len(), 1);
    let many = "a\n".repeat(code::LINES_MAX + 1);
    assert_eq!(*code.highlight("rs", &many, &theme), code::plain(&many, &theme));
}

#[test]
fn a_diff_shows_what_changed() {
    let old: String = (1..=30).map(|n| format!("line {n}\n")).collect();
    let new = old.replace("line 12\n", "line twelve\n").replace("line 25\n", "");
    let page = diff::diff(&old, &new, 60, &Theme::default());
    assert_eq!((page.added, page.removed, page.is_whole), (1, 2, true));
    insta::assert_snapshot!(shown(&page.lines));
}

#[test]
fn a_diff_reveals_and_emphasises() {
    let page = diff::diff("to: paypal now\nx", "to: p\u{430}ypal now\r\nx\n", 24, &Theme::default());
    insta::assert_snapshot!(shown(&page.lines));
    let marked =
        page.lines.iter().flat_map(|line| &line.spans).filter(|span| span.content.starts_with("<U+"));
    assert!(marked.clone().count() > 0);
    assert!(marked.into_iter().all(|span| span.style.add_modifier.contains(Modifier::REVERSED)));
    let same = diff::diff("a\n", "a\n", 24, &Theme::default());
    assert_eq!(shown(&same.lines), "no change");
    let (old, new) = (serde_json::json!({"path": "a", "n": 1}), serde_json::json!({"path": "b", "n": 1}));
    insta::assert_snapshot!(shown(&diff::json_diff(&old, &new, 40, &Theme::default()).lines));
    let big = "x\n".repeat(2_000_000);
    assert!(!diff::diff(&big, "", 40, &Theme::default()).is_whole);
    let cut = diff::diff(&"a\n".repeat(9_000), &"b\n".repeat(9_000), 40, &Theme::default());
    assert!(!cut.is_whole && cut.added == 9_000 && cut.removed == 9_000);
    assert!(shown(&cut.lines).ends_with("more lines of this difference are not shown"));
}

#[test]
fn a_window_scrolls_follows_and_knows_what_was_seen() {
    let mut scroll = Scroll::following();
    scroll.clamp(100, 10);
    assert_eq!(scroll.visible_range(100, 10), 90..100);
    scroll.up(100, 10);
    assert!(!scroll.follow);
    scroll.clamp(120, 10);
    assert_eq!(scroll.offset, 89);
    scroll.end(120, 10);
    assert_eq!(scroll.offset, 110);

    let mut scroll = Scroll::top();
    scroll.saw(25, 10);
    scroll.end(25, 10);
    scroll.saw(25, 10);
    assert!(!scroll.saw_all(25), "the middle was jumped over");
    scroll.home();
    while !scroll.saw_all(25) {
        scroll.saw(25, 10);
        scroll.page_down(25, 10);
    }
    assert_eq!(scroll.seen(), 25);
    scroll.forget();
    assert!(!scroll.saw_all(25));
    let mut small = Scroll::top();
    small.saw(3, 10);
    assert!(small.saw_all(3));
    small.show(2, 3, 1);
    assert_eq!(small.offset, 2);
}

#[test]
fn a_scrollbar_is_drawn_only_when_needed() {
    let area = Rect::new(0, 0, 5, 8);
    let column = |scroll: &Scroll, total| {
        let mut buffer = Buffer::empty(area);
        scroll.bar(&mut buffer, area, total, Style::new());
        (0..8).map(|y| buffer[(4, y)].symbol().to_string()).collect::<String>()
    };
    assert_eq!(column(&Scroll::top(), 6), "        ");
    assert_eq!(column(&Scroll::top(), 12), " ┃┃┃    ");
    let mut end = Scroll::top();
    end.end(12, 6);
    assert_eq!(column(&end, 12), "    ┃┃┃ ");
    end.up(12, 6);
    assert_eq!(column(&end, 12), "   ┃┃┃  ");
}

#[test]
fn meters_read_without_colour() {
    let theme = Theme::plain();
    let line =
        |part, whole, width| shown(&[meter::meter("tokens", part, whole, width, GlyphSet::Signs, &theme)]);
    assert_eq!(line(62, 100, 24), "tokens [███████░░░░] 62%");
    assert_eq!(line(3, 2, 24), "tokens [██████████] 150%");
    assert_eq!(line(1, 0, 24), "tokens [░░░░░░░░░░░░] 0%");
    assert_eq!(line(62, 100, 12), "tokens 62%");
    assert_eq!(line(62, 100, 7), "tokens");
    let marks: Vec<_> =
        (0..=4).map(|n| meter::filling(n, 4, GlyphSet::Signs, Style::new()).content).collect();
    assert_eq!(marks, ["○", "◔", "◑", "◕", "●"]);
    assert_eq!(meter::filling(0, 0, GlyphSet::Words, Style::new()).content, "[####]");
}

#[test]
fn a_row_of_the_waterfall() {
    let axis = Axis { start: 0, end: 80 };
    let row = |segments: &[(i64, Option<i64>, SegmentKind)], set| {
        let segments: Vec<_> = segments.iter().map(|&(from, to, kind)| Segment { from, to, kind }).collect();
        let spans = bar(axis, &segments, 10, set, &Theme::plain());
        let row: String = spans.iter().map(|span| span.content.as_ref()).collect();
        assert_eq!(text::width(&row), 10, "{row:?}");
        row
    };
    use SegmentKind::{Fault, Model, Wait, Work};
    assert_eq!(row(&[(0, Some(20), Work)], GlyphSet::Signs), "██▌       ");
    assert_eq!(row(&[(40, Some(40), Model)], GlyphSet::Signs), "     █    ");
    assert_eq!(row(&[(80, Some(80), Fault)], GlyphSet::Signs), "         ╳");
    assert_eq!(row(&[(8, Some(40), Wait), (56, None, Work)], GlyphSet::Signs), " ┄┄┄┄  ██▶");
    assert_eq!(row(&[(8, Some(40), Wait), (56, None, Work)], GlyphSet::Words), " ....  ==>");
    assert_eq!(row(&[(90, Some(99), Work), (-9, Some(-1), Work)], GlyphSet::Signs), "          ");
    assert!(bar(axis, &[], 0, GlyphSet::Signs, &Theme::plain()).is_empty());
    let far = Axis { start: i64::MIN, end: i64::MAX };
    bar(far, &[Segment { from: 0, to: None, kind: Work }], 10, GlyphSet::Signs, &Theme::plain());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_word_gets_lost_in_markdown(
        pieces in prop::collection::vec(piece(), 0..20),
        words in prop::collection::vec("q[0-9]{3}q", 1..20),
    ) {
        let code = Highlighter::new();
        let mut source = String::new();
        for (at, word) in words.iter().enumerate() {
            // The language of a code block and the title of a link are not part of what is shown.
            source.push_str(pieces.get(at).map_or("", |piece| piece.trim_end_matches(['`', '~', '"', '\''])));
            source.push_str(word);
        }
        let shown = shown(&streamed(&source, &[], 9_999, &code));
        for word in &words {
            prop_assert!(source.contains("```") || source.contains("~~~") || shown.contains(word.as_str()),
                "{word} of {source:?} is not in {shown:?}");
        }
    }
}
