//! A session as a document: what it tells, and that nothing which was said becomes part of the document.

use crate::harness::cases::cases;
use crate::harness::story::{self, Story};
use proptest::prelude::*;
use serde_json::{Value, json};
use tackroom::domain::call::Outcome;
use tackroom::domain::export::atif::Atif;
use tackroom::domain::export::form::{About, Form};
use tackroom::domain::export::html::Html;
use tackroom::domain::export::md::Markdown;
use tackroom::domain::export::tale::Tale;
use tackroom::domain::order::Order;

fn written(mut form: impl Form, story: &Story) -> String {
    let (events, mut tale, mut page) = (story.events(), Tale::default(), String::new());
    let about = About::of(&story.session.id, None, &events[0]);
    page.push_str(&form.begin(&about));
    for event in &events {
        tale.apply(event).iter().for_each(|piece| page.push_str(&form.piece(piece)));
    }
    let (rest, sum) = tale.finish();
    rest.iter().for_each(|piece| page.push_str(&form.piece(piece)));
    page + &form.end(&sum)
}

#[test]
fn documents_tell_what_happened() {
    for (name, story) in [("done", story::done()), ("held", story::held()), ("unknown", story::unknown())] {
        insta::assert_snapshot!(format!("{name}_md"), written(Markdown::default(), &story));
        insta::assert_snapshot!(format!("{name}_atif"), written(Atif::default(), &story));
    }
    insta::assert_snapshot!("done_html", written(Html::default(), &story::done()));
}

/// A story in which a text stands wherever somebody else's text can.
pub fn odd(text: &str) -> Story {
    let mut story = Story::new("0dd0dd0dd0", text);
    story.wait(5).task(text).ask().answer(
        90,
        text,
        text,
        &[("write_file", json!({ "path": "a", "content": text })), ("read_file", json!({ "path": "b" }))],
    );
    story.hold_change(1, "a", None, text);
    story.wait(50).order(Order::Reject { call: tackroom::domain::ids::CallId(1), reason: text.to_string() });
    story.allow(2, "b").run(2, 20, Outcome::Ok, text);
    story.order(Order::Steer(text.to_string()));
    story.reply(80, text, &[]).finish();
    story
}

/// Reads a page as a strict reader does: known tags, in order, quoted attributes; answers the texts.
fn read_html(page: &str) -> Vec<String> {
    const TAGS: &[&str] = &[
        "html", "head", "title", "style", "body", "h1", "h2", "h3", "dl", "dt", "dd", "p", "pre", "time",
        "span", "div", "ul", "li", "article", "strong", "details", "summary",
    ];
    let (mut open, mut texts): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    while !rest.is_empty() {
        let (text, tag) = rest.split_once('<').unwrap_or((rest, ""));
        assert!(!text.contains('>') || open.last().is_some_and(|tag| tag == "style"), "{text:?}");
        let mut words = text;
        while let Some((_, after)) = words.split_once('&') {
            let (name, after) = after.split_once(';').unwrap_or_else(|| panic!("a bare &: {text:?}"));
            assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "{name:?}");
            words = after;
        }
        texts.push(text.to_string());
        if tag.is_empty() {
            break;
        }
        let (inside, after) = tag.split_once('>').unwrap();
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{inside:?}");
            continue;
        }
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        for attribute in attributes.split_terminator("\" ").filter(|one| !one.is_empty() && *one != "open") {
            let known = [
                "lang=\"",
                "charset=\"",
                "http-equiv=\"",
                "content=\"",
                "name=\"",
                "class=\"",
                "style=\"flex-grow:",
                "title=\"",
            ];
            assert!(known.iter().any(|begins| attribute.starts_with(begins)), "{inside:?}");
        }
        if name != "meta" {
            assert!(TAGS.contains(&name), "{inside:?}");
            open.push(name.to_string());
        }
    }
    assert_eq!(open, Vec::<String>::new());
    texts
}

/// Every text of the document in Markdown: none of it is raw HTML, a link or a picture.
fn read_markdown(page: &str) -> (usize, usize, Vec<String>) {
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
    let (mut headings, mut blocks, mut texts, mut code) = (0, 0, Vec::new(), None);
    for event in Parser::new(page) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Rule => panic!("{event:?} in {page}"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(CodeBlockKind::Indented)) => {
                panic!("{event:?} in {page}")
            }
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(Tag::CodeBlock(_)) => {
                blocks += 1;
                code = Some(String::new());
            }
            Event::End(TagEnd::CodeBlock) => texts.extend(code.take()),
            Event::Text(text) => {
                if let Some(code) = &mut code {
                    code.push_str(&text);
                }
            }
            Event::Start(_)
            | Event::End(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::TaskListMarker(_) => {}
        }
    }
    (headings, blocks, texts)
}

fn is_safe(text: &str) {
    let (story, plain) = (odd(text), odd("plain words"));
    let page = written(Html::default(), &story);
    let shown = tackroom::domain::text::clean(text).into_owned();
    let unescape = |text: &String| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        text.replace("&#39;", "'").replace("&amp;", "&")
    };
    let texts: Vec<String> = read_html(&page).iter().map(unescape).collect();
    assert!(texts.iter().any(|one| one.contains(&shown)), "{text:?} is not told: {page}");
    assert_eq!(page.matches("<script").count(), 0);
    let page = written(Markdown::default(), &story);
    let (found, expected) = (read_markdown(&page), read_markdown(&written(Markdown::default(), &plain)));
    assert_eq!((found.0, found.1), (expected.0, expected.1), "{text:?}: {page}");
    let told = shown.strip_suffix('\n').unwrap_or(&shown);
    assert!(found.2.iter().any(|one| one.strip_suffix('\n') == Some(told)), "{text:?}: {page}");
    for page in [page, written(Html::default(), &story)] {
        let raw = page.chars().find(|c| *c != '\n' && crate::harness::binary::is_raw(*c) && !joins(*c));
        assert_eq!(raw, None, "{text:?}");
    }
    trajectory(&written(Atif::default(), &story), text);
}

/// Joiners and selectors stay where they do their work between letters or pictures.
fn joins(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Checks the fields of a trajectory.
fn trajectory(page: &str, text: &str) {
    let told: Value = serde_json::from_str(page).unwrap_or_else(|error| panic!("{error}: {page}"));
    assert_eq!(told["schema_version"], "ATIF-v1.4");
    assert!(
        told["session_id"].is_string()
            && told["agent"]["name"].is_string()
            && told["agent"]["version"].is_string()
    );
    let steps = told["steps"].as_array().unwrap();
    for (at, step) in steps.iter().enumerate() {
        assert_eq!(step["step_id"], at + 1);
        assert!(step["timestamp"].is_string() && step["message"].is_string(), "{step}");
        let agent = step["source"] == "agent";
        assert!(agent || step["source"] == "user" || step["source"] == "system", "{step}");
        let only = ["model_name", "reasoning_content", "tool_calls", "observation", "metrics"];
        assert!(agent || only.iter().all(|name| step.get(name).is_none()), "{step}");
        let ids: Vec<&Value> =
            step["tool_calls"].as_array().into_iter().flatten().map(|call| &call["tool_call_id"]).collect();
        for call in step["tool_calls"].as_array().into_iter().flatten() {
            assert!(call["arguments"].is_object() && call["function_name"].is_string(), "{call}");
        }
        for result in step["observation"]["results"].as_array().into_iter().flatten() {
            assert!(ids.contains(&&result["source_call_id"]) && result["content"].is_string(), "{result}");
        }
    }
    assert_eq!(told["final_metrics"]["total_steps"], steps.len());
    assert!(steps.iter().any(|step| step["source"] == "user" && step["message"] == text), "{text:?}: {page}");
}

#[test]
fn what_is_known_to_break_out_does_not() {
    for text in [
        "</pre><script>alert(1)</script>",
        "```\n# out\n````\n<script>x</script>",
        "~~~\n--- \n===\n1. a\n- b\n> c",
        "\u{202E}txt.exe\u{2066}\u{200B}\u{FEFF}",
        "\u{1b}[31mred\u{1b}]8;;http://x\u{7}\u{9b}2J\0",
        "[a](javascript:x) ![b](http://x/y.png) <http://x> http://y &lt; &#60;",
        "\" onload=\"x' autofocus='",
        "]]>--><!--<![CDATA[",
        "`",
        "a\r\nb\rc\u{2028}d\u{85}e",
        "</style></title></details>",
        "\\` \\\\```` `x`",
    ] {
        is_safe(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        cases(48)
    ))]

    #[test]
    fn no_text_leaves_its_place(parts in proptest::collection::vec(prop_oneof![
        Just("```".to_string()), Just("\n````\n".to_string()), Just("</script>".to_string()), Just("<script>".to_string()),
        Just("\u{202E}".to_string()), Just("\u{1b}[2J".to_string()), Just("&".to_string()), Just("\n".to_string()),
        Just("~~~".to_string()), Just("\"'".to_string()), Just("\\".to_string()), Just("]]>-->".to_string()), "\\PC{0,6}", "[ -~\\x00-\\x1f]{0,8}",
    ], 1..9)) {
        let text = format!("x{}x", parts.concat());
        is_safe(&text);
    }
}
