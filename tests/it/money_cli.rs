//! What replies cost, in the real program: counted by a price of the user's, kept in the log, told by every command; the
//! breakpoint at a cost; what is not known is said.

use crate::harness::binary::{Home, Ran, done};
use crate::harness::mock_model::{Answer, MockModel};
use serde_json::{Value, json};
use std::sync::Arc;

const PRICES: &str = "[prices.\"my-model\"]\ninput = 0.2\noutput = 0.8\ncached = 0.02\n";

/// An answer with these tokens; none counts nothing.
fn answer(text: &str, read: Option<&str>, usage: Option<Value>) -> Answer {
    let mut delta = json!({"content": text});
    if let Some(path) = read {
        let call = json!({"name": "read_file", "arguments": json!({ "path": path }).to_string()});
        delta["tool_calls"] =
            json!([{"index": 0, "id": format!("call-{path}"), "type": "function", "function": call}]);
    }
    let finish = if read.is_some() { "tool_calls" } else { "stop" };
    let mut chunk =
        json!({"model": "my-model", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    if let Some(usage) = usage {
        chunk["usage"] = usage;
    }
    Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

fn counted(prompt: u64, cached: u64, completion: u64) -> Option<Value> {
    Some(json!({"prompt_tokens": prompt, "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached}}))
}

async fn ran(home: &Arc<Home>, server: &MockModel, more: &[&str]) -> Ran {
    let (home, url) = (home.clone(), server.url());
    let more: Vec<String> = more.iter().map(ToString::to_string).collect();
    let task = move || {
        let args = ["run", "Read it.", "--model", "my-model", "--base-url", &url, "--headless"];
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        home.run(&[&args[..], &more].concat())
    };
    tokio::task::spawn_blocking(task).await.unwrap()
}

fn shown(home: &Home, id: &str) -> Value {
    home.run(&["sessions", "show", id, "--json"]).json()["session"]["cost"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_is_counted_when_the_reply_comes_kept_in_the_log_and_told_everywhere() {
    let home = Arc::new(Home::new());
    home.config(PRICES);
    let answers = vec![
        answer("I read.", Some("notes.txt"), counted(1_000, 600, 50)),
        answer("It has three lines.", None, counted(1_200, 1_000, 40)),
    ];
    let server = MockModel::start(answers).await;
    done(&ran(&home, &server, &[]).await);
    let id = home.only();
    // 400 × 0.20 + 600 × 0.02 + 50 × 0.80, then 200 × 0.20 + 1,000 × 0.02 + 40 × 0.80, by the million.
    let cost = json!({"usd": "0.000224", "nano_usd": 224_000, "known_replies": 2, "unknown_replies": 0});
    assert_eq!(shown(&home, &id), cost);
    assert_eq!(home.sessions()[0]["cost"], cost);
    let told = |args: &[&str], words: &[&str]| {
        let ran = home.run(args);
        done(&ran);
        words.iter().for_each(|word| assert!(ran.out.contains(word), "{args:?}: {word}: {}", ran.out));
        ran.is_clean();
    };
    told(&["sessions", "show", &id], &["cost      $0.00022"]);
    told(&["sessions"], &["cost", "$0.00022"]);
    told(&["events", &id], &["1000 + 50 tokens, $0.00013"]);
    let reply = home.kinds(&id).iter().position(|kind| kind == "ModelReplied").unwrap() + 1;
    told(&["inspect", &id, &reply.to_string()], &["$0.00013, at your price of my-model"]);
    told(&["sessions", "export", &id, "--format", "md"], &["at your price of my-model"]);
    told(
        &["sessions", "export", &id, "--format", "html"],
        &["1000 + 50 tokens, $0.00013 at your price", "$0.00022"],
    );
    told(
        &["sessions", "export", &id, "--format", "atif"],
        &["\"cost_usd\":0.000132", "\"total_cost_usd\":0.000224"],
    );
    told(&["diff", &id, &id], &["cost", "$0.00022"]);
    assert_eq!(home.run(&["diff", &id, &id, "--json"]).json()["left"]["cost"], cost);
    for (filter, fits) in [("cost>0.0002", true), ("cost<0.0002", false), ("cost:unknown", false)] {
        let rows = home.run(&["sessions", "list", "--filter", filter, "--json"]).json()["sessions"].clone();
        assert_eq!(rows.as_array().is_some_and(|rows| !rows.is_empty()), fits, "{filter}");
    }
    // Another price today changes nothing that was counted.
    home.config("[prices.\"my-model\"]\ninput = 500\noutput = 500\n");
    told(&["verify", &id], &["whole"]);
    assert_eq!(shown(&home, &id), cost);
    // An export that comes back has it too.
    let file = home.path("out.jsonl").display().to_string();
    std::fs::write(&file, home.run(&["sessions", "export", &id]).out).unwrap();
    let other = Home::new();
    done(&other.run(&["import", &file]));
    assert_eq!(shown(&other, &id), cost);
    done(&other.run(&["verify", &id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_said_and_never_taken_for_nothing() {
    let home = Arc::new(Home::new());
    // A server on this machine has no list price, whatever it calls its model.
    let server = MockModel::start(vec![answer("Hello.", None, counted(10, 0, 2))]).await;
    done(&ran(&home, &server, &[]).await);
    let id = home.only();
    assert_eq!(
        shown(&home, &id),
        json!({"usd": null, "nano_usd": null, "known_replies": 0, "unknown_replies": 1})
    );
    assert!(home.run(&["sessions", "show", &id]).out.contains("cost      unknown"));
    // A server that counts nothing leaves a part open.
    home.config(PRICES);
    let answers = vec![
        answer("I read.", Some("notes.txt"), counted(1_000, 0, 50)),
        answer("It has three lines.", None, None),
    ];
    let server = MockModel::start(answers).await;
    done(&ran(&home, &server, &[]).await);
    let part = home.sessions().into_iter().find(|row| row["id"] != id.as_str()).unwrap();
    assert_eq!(
        part["cost"],
        json!({"usd": "0.00024", "nano_usd": 240_000, "known_replies": 1, "unknown_replies": 1})
    );
    let part = part["id"].as_str().unwrap();
    assert!(home.run(&["sessions", "show", part]).out.contains("$0.00024 + ? (not known of 1 of 2 replies)"));
    assert_eq!(home.run(&["sessions", "list", "--filter", "cost:unknown"]).out.lines().count(), 3);
    let atif = home.run(&["sessions", "export", part, "--format", "atif"]).out;
    assert!(atif.contains("cost_usd") && !atif.contains("total_cost_usd"), "a part is no total: {atif}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_before_the_next_request_once_it_has_cost_as_much() {
    let home = Arc::new(Home::new());
    home.config(PRICES);
    let answers = vec![
        answer("One.", Some("notes.txt"), counted(1_000, 0, 0)),
        answer("Two.", Some("notes.txt"), counted(1_000, 0, 0)),
        answer("Done.", None, counted(1_000, 0, 0)),
    ];
    let server = MockModel::start(answers).await;
    let stopped = ran(&home, &server, &["--break", "cost=0.0004"]).await;
    assert_eq!(stopped.code, 3, "{stopped:?}");
    assert!(stopped.err.contains("it stands at breakpoint b1"), "{stopped:?}");
    assert!(!stopped.err.contains("note:"), "it sees all there is: {stopped:?}");
    assert_eq!(server.asked().len(), 2, "the third request was not sent");
    let id = home.only();
    let list = home.run(&["break", &id, "list"]);
    assert!(list.out.contains("cost=0.0004") && list.out.contains("the task has cost $0.0004"), "{list:?}");
    home.run(&["break", &id, "add", "cost=0.0003"]).fails(1, &["has cost $0.0004 already", "cost=+N"]);
    let more = home.run(&["continue", &id, "--until", "cost=+0.0001"]);
    assert!(more.code == 0 && more.out.contains("once cost=0.0005"), "{more:?}");
    let resume = {
        let (home, id) = (home.clone(), id.clone());
        move || home.run(&["resume", &id, "--headless"])
    };
    done(&tokio::task::spawn_blocking(resume).await.unwrap());
    assert_eq!(server.asked().len(), 3, "the last answer ends it: nothing was left to stop before");
    done(&home.run(&["verify", &id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_cannot_see_what_a_run_costs_says_so() {
    let home = Arc::new(Home::new());
    let answers = vec![
        answer("One.", Some("notes.txt"), counted(1_000, 0, 9)),
        answer("Two.", None, counted(1_000, 0, 9)),
    ];
    let server = MockModel::start(answers).await;
    let told = ran(&home, &server, &["--break", "cost=0.01", "--break", "steps=1"]).await;
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.err.contains("note: no price is known for my-model, so cost=… cannot stop it"), "{told:?}");
    assert!(told.err.contains("It cannot see what 1 reply of this task cost"), "{told:?}");
    let id = home.only();
    let set = home.run(&["break", &id, "add", "once", "cost=2"]);
    assert!(
        set.out.contains("cannot see what 1 reply") && set.out.contains("no price is known for"),
        "{set:?}"
    );
    let list = home.run(&["break", &id, "list", "--json"]).json();
    assert!(list["breakpoints"][0]["cannot_see"].as_str().unwrap().contains("1 reply"), "{list}");
    assert_eq!(list["breakpoints"][1]["cannot_see"], Value::Null, "steps are seen");
}

#[test]
fn prices_are_listed_looked_up_and_given() {
    let home = Home::new();
    let all = home.run(&["prices"]);
    done(&all);
    assert!(all.out.contains("gpt-4o-mini") && all.out.contains("the table is of 20"), "{all:?}");
    let one = home.run(&["prices", "openai/gpt-4o-mini-2024-07-18", "--json"]).json();
    assert_eq!(one["prices"][0]["model"], "gpt-4o-mini");
    assert_eq!((&one["prices"][0]["input"], &one["prices"][0]["cached"]), (&json!("0.15"), &json!("0.075")));
    assert!(one["prices"][0]["source"].as_str().unwrap().starts_with("https://"), "{one}");
    home.run(&["prices", "my-model"]).fails(1, &["no price is known for my-model", "[prices.\"my-model\"]"]);
    home.config(PRICES);
    let own = home.run(&["prices", "my-model"]);
    assert!(own.out.contains("yours") && own.out.contains("0.02"), "{own:?}");
    home.config("[prices.\"gpt-4o-mini\"]\ninput = \"$1.50\"\noutput = 3\n[prices.\"team/*\"]\ninput = 0\noutput = 0\n");
    let own = home.run(&["prices", "gpt-4o-mini", "--json"]).json();
    assert_eq!((&own["prices"][0]["input"], &own["prices"][0]["yours"]), (&json!("1.5"), &json!(true)));
    assert_eq!(home.run(&["prices", "team/any-model", "--json"]).json()["prices"][0]["input"], "0");
    assert!(home.run(&["config", "show"]).out.contains("yours: gpt-4o-mini, team/*"));
    for (text, words) in [
        (
            "[prices.\"m\"]\ninput = -1\noutput = 1\n",
            &["[prices.\"m\"]", "input = -1", "amount of dollars"][..],
        ),
        ("[prices.\"m\"]\ninput = 1\noutput = nan\n", &["output = NaN"]),
        ("[prices.\"m\"]\ninput = 1\noutput = \"two\"\n", &["output = two"]),
        ("[prices.\"m\"]\ninput = 1\noutput = 1\ncached = 0.0000000001\n", &["cached", "finer"]),
        ("[prices.\"m\"]\ninput = 150000000\noutput = 1\n", &["input", "$150,000,000", "fewer"]),
        ("[prices.\"m\"]\ninput = 1\n", &["line 1", "output"]),
        ("[prices.\"m\"]\ninput = 1\noutput = 1\ncache = 1\n", &["line 4", "cache"]),
        ("[prices.\"m\"]\ninput = 1\noutput = 1\ndate = \"2026-01-01\"\n", &["date"]),
        ("[prices.\" \"]\ninput = 1\noutput = 1\n", &["no name"]),
    ] {
        home.config(text);
        for verb in [&["prices"][..], &["sessions"], &["doctor"]] {
            home.run(verb).fails(2, words);
        }
    }
}

#[test]
fn what_another_tool_recorded_is_kept_and_nothing_is_invented() {
    let home = Home::new();
    let folder = crate::foreign::fixtures();
    let priced = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.contains(from), "{name}");
        let file = home.path(name);
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        file.display().to_string()
    };
    let opencode = priced("opencode-export.json", "\"tokens\": {", "\"cost\": 0.0415,\n    \"tokens\": {");
    let mini = priced(
        "mini.traj.json",
        "\"timestamp\": 1772618401.5,",
        "\"timestamp\": 1772618401.5, \"cost\": 0.25,",
    );
    for (file, usd) in [(opencode, "0.0415"), (mini, "0.25")] {
        let told = home.run(&["import", &file, "--json"]).json();
        let id = told["imported"][0]["session"].as_str().unwrap().to_string();
        assert_eq!(shown(&home, &id)["usd"], usd, "{told}");
        let events = home.events(&id).concat();
        assert!(events.contains("\"by\":\"recorded\""), "{events}");
        done(&home.run(&["import", &file]));
        assert_eq!(shown(&home, &id)["usd"], usd, "read twice, counted once");
    }
    let claude = folder.join("claude.jsonl").display().to_string();
    let told = home.run(&["import", &claude, "--json"]).json();
    let id = told["imported"][0]["session"].as_str().unwrap();
    assert_eq!(shown(&home, id)["usd"], Value::Null, "it does not record it, and today's price is not taken");
}

/// A store of before costs were counted: its rows and its events say nothing of them, and are not asked to.
#[test]
fn a_store_of_before_loads_and_its_costs_are_unknown() {
    for form in ["1", "2"] {
        let home = Home::new();
        let data = home.home().join("data");
        std::fs::create_dir_all(&data).unwrap();
        let old = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stored").join(form);
        std::fs::copy(old.join("tackroom.db"), data.join("tackroom.db")).unwrap();
        let cost = |home: &Home| {
            let row = home.sessions().into_iter().find(|row| row["id"] == "k3v9q2m7xa").unwrap();
            (row["cost"].clone(), row["steps"].clone())
        };
        let (told, steps) = cost(&home);
        assert_eq!((&told["usd"], &told["unknown_replies"]), (&Value::Null, &steps), "form {form}: {told}");
        assert!(steps.as_u64().unwrap() > 0, "form {form}");
        let rows =
            home.run(&["sessions", "list", "--filter", "cost<100", "--json"]).json()["sessions"].clone();
        assert!(
            rows.as_array().unwrap().iter().all(|row| row["id"] != "k3v9q2m7xa"),
            "unknown is not little: {rows}"
        );
        // Written to by this program, it is the same: nothing is known of what was before.
        done(&home.run(&["sessions", "rename", "k3v9q2m7xa", "Another title"]));
        assert_eq!(cost(&home), (told, steps), "form {form}");
        done(&home.run(&["verify", "--all"]));
    }
}
