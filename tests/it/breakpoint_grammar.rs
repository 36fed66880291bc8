//! How a breakpoint is typed: what is read prints as itself, what is not read says what to type instead.

use crate::harness::cases::cases;
use proptest::prelude::*;
use serde_json::{Value, json};
use tackroom::domain::argument::Test;
use tackroom::domain::breakpoint::{Breakpoint, Trigger};

fn printed(typed: &str) -> String {
    Breakpoint::parse(typed).unwrap_or_else(|bad| panic!("{typed}: {bad}")).to_string()
}

#[test]
fn each_form_is_read_printed_and_told() {
    let mut table = String::new();
    for typed in [
        "risky",
        "once risky",
        "effect=side-effect",
        "effect=idempotent",
        "tool=write_file",
        "  once   tool = write_file ",
        "arg:/path~^src/",
        "arg:/path=notes.txt",
        "arg:/argv/*~^rm$",
        "arg:/a~1b/c~0d~x~y=z",
        "arg:/count=3",
        "arg:/body=",
        "arg:~secret",
        "steps=10",
        "steps=+2",
        "tokens=5000",
        "cost=0.50",
        "once cost=+$1,200",
        "fault",
        "fault=model",
        "once fault=tool",
    ] {
        let read = Breakpoint::parse(typed).unwrap_or_else(|bad| panic!("{typed}: {bad}"));
        table += &format!("{typed:<30} {read}\n");
        table += &format!("{:<30} {}\n", "", read.sentence());
        assert_eq!(Breakpoint::parse(&read.to_string()), Ok(read));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_cannot_be_read_is_told_in_a_sentence_with_what_to_type() {
    let mut table = String::new();
    for typed in [
        "",
        "once",
        "sometimes",
        "risky=very",
        "effect",
        "effect=dire",
        "tool",
        "tool=",
        "tool=two words",
        "steps=0",
        "steps=-1",
        "steps=ten",
        "tokens=99999999999999999999999",
        "tokens=++1",
        "cost",
        "cost=0",
        "cost=-1",
        "cost=cheap",
        "cost=0.0000000001",
        "fault=mine",
        "arg",
        "arg:/path",
        "arg:path=x",
        "arg:/path~",
        "arg:/path~(",
        "arg:/path~a{99999}{99999}",
        "tool=a\u{1b}[2J",
    ] {
        let bad = Breakpoint::parse(typed).expect_err(typed);
        assert!(!bad.hint.is_empty(), "{typed}");
        table += &format!("{typed:?}\n  {bad}\n  {}\n", bad.hint);
    }
    insta::assert_snapshot!(table);
}

#[test]
fn an_argument_is_found_by_its_path() {
    let args = json!({"path": "src/a.rs", "n": 3, "argv": ["rm", "-rf"], "a/b": {"c~d": "x"}, "deep": {"k": [{"v": null}]}});
    let find = |typed: &str| -> Option<(String, String)> {
        let read = Breakpoint::parse(typed).expect("read");
        let Trigger::Argument { path, test } = read.what else { panic!("{typed} is about an argument") };
        Test::find(&test, &args, &path)
    };
    let some = |text: &str, at: &str| Some((text.to_string(), at.to_string()));
    assert_eq!(find("arg:/path~^src/"), some("src/a.rs", "/path"));
    assert_eq!(find("arg:/path~^lib/"), None);
    assert_eq!(find("arg:/path=src/a.rs"), some("src/a.rs", "/path"));
    assert_eq!(find("arg:/path=\"src/a.rs\""), some("src/a.rs", "/path"));
    assert_eq!(find("arg:/n=3"), some("3", "/n"));
    assert_eq!(find("arg:/n=4"), None);
    assert_eq!(find("arg:/n~^3$"), some("3", "/n"));
    assert_eq!(find("arg:/argv/1=-rf"), some("-rf", "/argv/1"));
    assert_eq!(find("arg:/argv/*~^-"), some("-rf", "/argv/1"));
    assert_eq!(find("arg:/argv/7=-rf"), None);
    assert_eq!(find("arg:/a~1b/c~0d=x"), some("x", "/a~1b/c~0d"));
    assert_eq!(find("arg:/deep/k/*/v=null"), some("null", "/deep/k/0/v"));
    assert_eq!(find("arg:/nothing=x"), None);
    assert!(find("arg:~rm.*rf").is_some(), "no path is all of it, as JSON");
}

fn tried() -> u32 {
    let cases = cases(1_000);
    println!("breakpoints: {cases} cases");
    cases
}

fn forms() -> impl Strategy<Value = String> {
    prop_oneof![
        "(once )?(risky|fault|fault=model|fault=tool)",
        "(once )?effect=(read-only|idempotent|probe|side-effect)",
        "(once )?tool=[a-zA-Z0-9_.:=~-]{1,12}",
        "(once )?(steps|tokens)=[+]?[1-9][0-9]{0,8}",
        "(once )?cost=[+]?[$]?[0-9]{1,6}([.][0-9]{0,10})?",
        "(once )?arg:(/[a-z*~01]{0,4}){0,3}=[ -~]{0,12}",
        "(once )?arg:(/[a-z*~01]{0,4}){0,3}~[a-z^$.0-9/=~ ]{1,12}",
        "[ -~]{0,20}",
        ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tried()))]

    /// Whatever is typed: it is refused with words, or what it prints reads as the same and prints the same again.
    #[test]
    fn what_is_read_prints_as_itself(typed in forms()) {
        match Breakpoint::parse(&typed) {
            Ok(read) => {
                let text = read.to_string();
                let again = Breakpoint::parse(&text).map_err(|bad| TestCaseError::fail(format!("{text:?}: {bad}")))?;
                prop_assert_eq!(&again, &read);
                prop_assert_eq!(again.to_string(), printed(&text));
                prop_assert!(!read.sentence().is_empty());
            }
            Err(bad) => prop_assert!(!bad.why.is_empty() && !bad.hint.is_empty()),
        }
    }

    /// Looking never fails, whatever the arguments are.
    #[test]
    fn looking_at_arguments_never_fails(path in "(/[a-c*0-2~]{0,2}){0,4}", depth in 0_u32..5) {
        let mut value = json!("abc");
        for i in 0..depth {
            value = if i % 2 == 0 { json!({"a": value, "*": 1}) } else { json!([value, null, {"b": 2}]) };
        }
        if let Ok(Breakpoint { what: Trigger::Argument { path, test }, .. }) = Breakpoint::parse(&format!("arg:{path}~abc"))
            && let Some((found, at)) = test.find(&value, &path)
        {
            let there: Option<&Value> = value.pointer(&at);
            prop_assert!(there.is_some(), "{at} in {value}");
            prop_assert!(found.contains("abc"));
        }
    }
}
