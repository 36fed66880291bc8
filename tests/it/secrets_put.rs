//! Where what a handle stands for is put back, and where not: whatever is dressed as a secret is either read by the operator
//! before it runs, or cannot be anything but a value, or does not run.

use crate::harness::binary::{Home, finish};
use crate::harness::cases::cases;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tackroom::adapters::veil::{Named, Vault, VeiledJudge, VeiledTool};
use tackroom::domain::call::{Outcome, Preview};
use tackroom::domain::policy::{Verdict, Word};
use tackroom::domain::sandbox::Walls;
use tackroom::domain::schema::Schema;
use tackroom::domain::secrets::handles;
use tackroom::domain::tool_spec::{Effect, ToolSpec, Touch};
use tackroom::ports::Later;
use tackroom::ports::judge::{Below, Case, Judge};
use tackroom::ports::tool::{Cleared, Returned, Stop, Tool, runs_nothing};
use tackroom::ports::veil::Veil;

/// What stands before and behind a payload so that it looks like a secret.
const DRESSES: &[(&str, &str)] = &[
    ("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----"),
    ("-----BEGIN RSA PRIVATE KEY-----\n", ""),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n", "\n"),
    ("db://x:", "@h"),
    ("https://user:", "@git.example.com/x.git"),
    ("password=", ""),
    ("export API_TOKEN='", "'"),
    ("client_secret: \"", "\","),
    ("Authorization: Bearer ", ""),
    ("authorization: basic ", "\n"),
    ("bearer ", "0123456789abcdef01"),
    ("AccountKey=", "0123456789012345678901234567890123456789abc=="),
    ("aws_secret_access_key = ", ""),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", ""),
    ("sk-planted-9f3b1c7e5d2a8046", ""),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkw.", ""),
    ("FlyV1 fm2_", "0123456789012345678901234567890123456789"),
    ("whsec_012345678901234567890123", ""),
];

/// Runs nothing; keeps what it was given.
struct Inner {
    is_command: bool,
    ran: Arc<Mutex<Vec<Value>>>,
}

fn words(args: &Value) -> Vec<String> {
    match args["shell"].as_str() {
        Some(line) => vec!["sh".into(), "-c".into(), line.into()],
        None => args["argv"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str().map(str::to_string))
            .collect(),
    }
}

impl Tool for Inner {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: if self.is_command { "run_command" } else { "write_file" }.to_string(),
            description: String::new(),
            schema: Schema::new(json!({"type": "object"})).unwrap(),
            effect: Effect::SideEffect,
            destroys: false,
        }
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        match self.is_command {
            true => vec![Touch::Command { argv: words(args) }],
            false => vec![Touch::Write { path: args["path"].as_str().unwrap_or_default().to_string() }],
        }
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        let preview = match self.is_command {
            true => Preview::Command {
                argv: words(args),
                cwd: ".".into(),
                sandbox: String::new(),
                parts: Vec::new(),
                scripts: Vec::new(),
            },
            false => Preview::Change {
                path: args["path"].as_str().unwrap_or_default().to_string(),
                before: None,
                after: args["content"].as_str().unwrap_or_default().to_string(),
                cut: false,
            },
        };
        Box::pin(std::future::ready(preview))
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        runs_nothing()
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        self.ran.lock().unwrap().push(call.args);
        Box::pin(std::future::ready(Returned::ok("")))
    }
}

/// Allows everything but one text; keeps what it judged.
struct Inspector {
    denied: String,
    judged: Mutex<Vec<Value>>,
}

impl Judge for Inspector {
    fn judge(&self, case: Case<'_>) -> Verdict {
        self.judged.lock().unwrap().push(case.args.clone());
        let all: String = case.touches.iter().map(|touch| touch.line() + "\n").collect();
        let texts = format!("{all}{}", case.args["content"].as_str().unwrap_or_default());
        let word = if texts.contains(&self.denied) { Word::Deny } else { Word::Allow };
        Verdict {
            word,
            rule: "inspector".into(),
            why: format!("{texts:?}"),
            policy: "v1".into(),
            person: None,
        }
    }

    fn below(&self, _: Case<'_>) -> Option<Below> {
        None
    }

    fn version(&self) -> String {
        "v1".into()
    }
}

/// What an operator sees of a call, what was judged, and what ran of it.
struct Seen {
    args: Value,
    preview: String,
    verdict: Verdict,
    judged: Vec<Value>,
    ran: Vec<Value>,
    returned: Returned,
}

fn call(vault: &Arc<Vault>, said: &Value, denied: &str) -> Seen {
    let veil: Arc<dyn Veil> = vault.clone();
    // As a model's call is kept.
    let hide = &mut |text: &str| Ok::<_, ()>(vault.hide_known(text));
    let args = tackroom::domain::secrets::changed(said, hide).unwrap().unwrap_or_else(|| said.clone());
    let ran = Arc::new(Mutex::new(Vec::new()));
    let is_command = said.get("content").is_none();
    let tool = VeiledTool::new(Arc::new(Inner { is_command, ran: ran.clone() }), veil.clone());
    let inspector = Arc::new(Inspector { denied: denied.to_string(), judged: Mutex::default() });
    let judge = VeiledJudge::new(inspector.clone(), veil);
    let touches = tool.touches(&args);
    let verdict = judge.judge(Case::new("tool", &args, Effect::SideEffect, &touches, "/ws"));
    let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let preview = format!("{:?}", rt.block_on(tool.preview(&args)));
    let cleared = Cleared {
        args: args.clone(),
        key: "k".into(),
        output: Arc::new(|_| {}),
        scripts: None,
        walls: None,
        touches: Vec::new(),
        withheld: None,
        stop: Stop::default(),
    };
    let returned = rt.block_on(tool.run(cleared));
    let (judged, ran) = (inspector.judged.lock().unwrap().clone(), ran.lock().unwrap().clone());
    Seen { args, preview, verdict, judged, ran, returned }
}

fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(fields) => fields.values().map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

/// What a shell, or a line of a file, could take for more than a value.
fn is_dangerous(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control() || ";|&<>$`(){}\\\"'".contains(c))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    /// Cause: what has the form of a secret was hidden from operator and rules, and put back as it ran.
    #[test]
    fn what_is_hidden_is_only_ever_a_value(
        dress in any::<prop::sample::Index>(),
        payload in prop_oneof![
            "[;|&$(){}<>`#a-zA-Z0-9 \n\t/.=_-]{1,60}",
            "[a-zA-Z0-9]{8,30}[;|&$<>`(){}][a-zA-Z0-9;|&$]{1,20}",
            "[ -~]{8,80}",
            "[a-zA-Z0-9+/]{64}\n[;|&$a-z ]{1,40}",
        ],
        shape in 0..9_usize,
    ) {
        let (before, behind) = dress.get(DRESSES);
        let dressed = format!("{before}{payload}{behind}");
        let vault = Arc::new(Vault::new([], 7));

        // A model's own words are shown, judged and run as they are.
        let own = call(&vault, &json!({"shell": dressed}), "no such text");
        prop_assert_eq!(&own.args, &json!({"shell": dressed}));
        prop_assert!(own.preview.contains(&format!("{dressed:?}")), "{}", own.preview);
        prop_assert_eq!(&own.judged, &own.ran);

        // What was met elsewhere may be hidden; then it is a value, or it does not run.
        let hidden = vault.hide_from(&format!("see\n{dressed}\n"), "a file").unwrap_or_default();
        let handle = handles(&hidden).first().map(|at| hidden[at.clone()].to_string()).unwrap_or_else(|| payload.clone());
        let said = match shape {
            0 => json!({"shell": format!("echo {handle}")}),
            1 => json!({"shell": handle}),
            2 => json!({"shell": format!("true; {handle}")}),
            3 => json!({"argv": ["sh", "-c", handle]}),
            4 => json!({"argv": [handle]}),
            5 => json!({"argv": ["deployer", "--password", handle]}),
            6 => json!({"path": "a.sh", "content": format!("x\n{handle}\n")}),
            7 => json!({"path": "a.sh", "content": dressed}),
            _ => json!({"shell": payload}),
        };
        let seen = call(&vault, &said, "no such text");
        let told = texts(&seen.args);
        for at in handles(&told) {
            let handle = &told[at];
            prop_assert!(seen.verdict.word != Word::Allow && seen.verdict.why.contains(handle), "{:?}", seen.verdict);
            let Ok(secret) = vault.secret(handle) else { continue };
            prop_assert!(seen.ran.is_empty() || !is_dangerous(&secret.value), "{handle} hid {:?} in {:?}", secret.value, seen.ran);
            prop_assert!(seen.ran.is_empty() || shape != 1 && shape != 2 && shape != 4, "{:?} is what runs", secret.value);
            // Judged as it would run, and nothing of it told.
            let word = call(&vault, &said, &secret.value).verdict;
            prop_assert!(word.word == Word::Deny, "{word:?}");
            prop_assert!(secret.value.len() < 8 || !word.why.contains(&secret.value), "{word:?}");
        }
        if !seen.ran.is_empty() {
            prop_assert_eq!(&seen.judged, &seen.ran);
        } else {
            prop_assert!(seen.returned.outcome == Outcome::Error && seen.preview.contains("WouldFail"), "{:?} {}", seen.returned, seen.preview);
        }
    }
}

/// What the operator named is put in as it is where it is one word by itself, and nowhere that something reads it again.
#[test]
fn what_an_operator_named_is_one_word_of_a_command_or_a_part_of_a_file() {
    let named = Named { name: "MINE".into(), value: "a b;$(c) 'd' 9".into(), usable: true };
    let vault = Arc::new(Vault::new([named], 7));
    let tried = [
        (json!({"argv": ["deployer", "--password", "[secret:MINE]"]}), true),
        (json!({"argv": ["deployer", "--password=[secret:MINE]"]}), false),
        (json!({"argv": ["sh", "-c", "[secret:MINE]"]}), false),
        (json!({"argv": ["env", "[secret:MINE]"]}), false),
        (json!({"argv": ["[secret:MINE]"]}), false),
        (json!({"shell": "echo '[secret:MINE]'"}), false),
        (json!({"path": "a.env", "content": "MINE=[secret:MINE]\n"}), true),
        (json!({"path": "[secret:MINE]", "content": "x"}), false),
        (json!({"path": "a.env", "content": "x", "[secret:MINE]": "y"}), false),
    ];
    for (said, runs) in tried {
        let seen = call(&vault, &said, "no such text");
        assert_eq!(!seen.ran.is_empty(), runs, "{said}: {:?}", seen.returned);
        assert!(
            seen.verdict.word == Word::Ask && seen.verdict.why.contains("[secret:MINE]"),
            "{:?}",
            seen.verdict
        );
        let told = format!("{} {:?} {}", seen.args, seen.verdict, seen.preview);
        assert!(!told.contains("$(c)") && !seen.returned.text.contains("$(c)"), "{told}");
        assert_eq!(
            seen.returned.text.contains("nothing was run") || seen.returned.text.contains("Nothing was run"),
            !runs,
            "{:?}",
            seen.returned
        );
    }
}

/// The panel names for each handle what it is, how long, and where it came from; and a handle whose value could be code is not
/// put back.
#[test]
fn a_person_is_told_of_a_handle_what_it_is_and_where_it_came_from() {
    let home = Home::new();
    std::fs::write(home.ws().join("a.env"), "GH=ghp_0123456789abcdefghijABCDEFGHIJ012345\n").unwrap();
    std::fs::write(home.ws().join("b.env"), "password=ab$IFS&touch9\n").unwrap();
    let model = home.script(json!([
        {"calls": [{"tool": "read_file", "args": {"path": "a.env"}}, {"tool": "read_file", "args": {"path": "b.env"}}]},
        {"calls": [{"tool": "run_command", "args": {"shell": "echo {{result:1:1-1}} > out"}}]},
        {"calls": [{"tool": "run_command", "args": {"shell": "echo {{result:2:1-1}} > out2"}}]},
        {"text": "Done."},
    ]));
    let mut command = home.command(&["run", "Go.", "--model", &model, "--headless", "--on-hold", "approve"]);
    command.env("UNUSED", "1");
    let ran = finish(command, b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = home.events(&home.only()).concat();
    assert!(told.contains("(github-token, 40 characters, from read_file (read a.env))"), "{told}");
    assert!(std::fs::read_to_string(home.ws().join("out")).unwrap().contains("ghp_0123"), "put in as it ran");
    assert!(told.contains("could be more than one plain word") && !home.ws().join("out2").exists(), "{told}");
    assert!(!told.contains("ghp_0123") && !told.contains("IFS&touch9"), "{told}");
}

/// Where something goes, or what file runs, is not hidden: a value like a host or a file is no word of a command.
#[test]
fn a_value_that_is_met_cannot_be_a_host_or_a_file() {
    let words = [
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "12345678:AAhdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "eyJhbGci.eyJzdWIi.c2ln4ZZ_",
        "QWxhZGRpbjpvcGVu==",
    ];
    assert!(words.iter().all(|word| tackroom::domain::secrets_use::is_word(word)));
    for place in [
        "evil7.example.com",
        "evil7.example.com:up",
        "10.0.0.1",
        "evil:x1",
        "run2.sh",
        "a/b1",
        "-x1",
        "~a1",
        "A=b1",
        "a@b1",
        "",
        "=",
        "a b",
        "a\nb",
    ] {
        assert!(!tackroom::domain::secrets_use::is_word(place), "{place}");
    }
}
