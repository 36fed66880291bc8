//! Tests of the scanner itself, on small sources made to mislead it.

use super::House;
use super::lex::Kind;
use super::source::Source;

fn words(text: &str) -> Vec<String> {
    let tokens = Source::new("src/a.rs", text).tokens;
    tokens.into_iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
}

fn paths(text: &str) -> Vec<String> {
    Source::new("src/a.rs", text).paths().iter().map(super::source::NamedPath::shown).collect()
}

#[test]
fn strings_and_comments_are_not_code() {
    assert_eq!(words(r#"a "b \" c" d // e"#), ["a", "d"]);
    assert_eq!(words("a /* b /* c */ d */ e"), ["a", "e"]);
    assert_eq!(words(r##"a r#"b " c"# d br"e\" f b"g" h c"i" j"##), ["a", "d", "f", "h", "j"]);
    assert_eq!(words("a \"b // c\n d\" e"), ["a", "e"]);
    assert_eq!(words(r#"a "\\" b "c" d"#), ["a", "b", "d"]);
    assert_eq!(words("a \"unclosed b"), ["a"]);
}

#[test]
fn characters_and_lifetimes_are_told_apart() {
    assert_eq!(words(r#"'"' a '\'' b 'c' d b'"' e '\u{41}' f '{' g"#), ["a", "b", "d", "e", "f", "g"]);
    assert_eq!(
        words("fn f<'a, 'static>(x: &'a str) { 'out: loop { break 'out } }").last().map(String::as_str),
        Some("break")
    );
    assert_eq!(words("r#type r#\"x\"# r"), ["type", "r"]);
}

#[test]
fn numbers_are_not_words() {
    assert_eq!(words("1.0 0x_ff 1..n 2.max(3) 1e5f64 x.0"), ["n", "max", "x"]);
}

#[test]
fn lines_are_counted_through_everything() {
    let source = Source::new("src/a.rs", "\"a\nb\" /* c\nd */ r\"e\nf\" here");
    assert_eq!(source.find(&["here"]).iter().map(|&at| source.line(at)).collect::<Vec<_>>(), [4]);
}

#[test]
fn groups_of_paths_are_written_out() {
    assert_eq!(
        paths("use std::{fmt, fs::{self, File as F}, io::*}; use tokio; use ::serde::de;"),
        ["std::fmt", "std::fs::self", "std::fs::File", "std::io::*", "tokio", "serde::de"]
    );
    assert_eq!(
        paths("let x = Vec::<std::fs::File>::new(); a.b::<c::d>(); e::f!()"),
        ["Vec", "std::fs::File", "c::d", "e::f"]
    );
    assert_eq!(paths("use {a::b, c};"), ["a::b", "c"]);
    assert_eq!(paths("let x = a; { b } S { c: d } use e as f;"), ["e"]);
}

#[test]
fn functions_end_at_their_brace() {
    let text = "fn a(x: [u8; 2]) -> u8 {\n  let s = \"}\"; // }\n  match '}' { _ => 1 }\n}\ntrait T { fn b(&self); }\nlet p: fn(u8) = c;";
    let functions = Source::new("src/a.rs", text).functions();
    let seen: Vec<_> = functions.iter().map(|f| (f.name.as_str(), f.first_line, f.last_line)).collect();
    assert_eq!(seen, [("a", 1, 4)]);
}

#[test]
fn test_code_is_known() {
    let text = "\
#[cfg(test)]
#[allow(dead_code)]
mod tests { fn one() {} }
fn two() {}
#[cfg(not(test))] fn three() {}
#[cfg(all(test, unix))] fn four() {}
#[cfg(test)] use a::{b, c};
fn five() {}
struct S { #[cfg(test)] six: u8, seven: u8 }
#[cfg(any(test, unix))] fn eight() {}
";
    let source = Source::new("src/a.rs", text);
    let tested = |word: &str| source.find(&[word]).iter().any(|&at| source.in_test(at));
    let all = ["one", "two", "three", "four", "b", "five", "six", "seven", "eight"];
    let known: Vec<_> = all.into_iter().filter(|word| tested(word)).collect();
    assert_eq!(known, ["one", "four", "b", "six"]);
}

#[test]
fn files_of_test_modules_are_test_files() {
    let house = House::of(&[
        ("src/domain/run.rs", "#[cfg(test)]\nmod tests;"),
        ("src/domain/run/tests.rs", "mod deeper;"),
        ("src/domain/run/tests/deeper.rs", ""),
        ("src/domain/mod.rs", "mod run;"),
        ("src/ui/fake.rs", "#![cfg(test)]\nfn f() {}"),
    ]);
    let tests: Vec<_> = house.sources.iter().filter(|s| s.test_file).map(|s| s.path.as_str()).collect();
    assert_eq!(tests, ["src/domain/run/tests.rs", "src/domain/run/tests/deeper.rs", "src/ui/fake.rs"]);
}
