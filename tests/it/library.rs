//! The session library as commands of the real program: search, marks, bin, purge, retention.

use crate::contracts::{Pen, taken};
use crate::harness::binary::{Home, done, holding, is_raw};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::engine::memory::Memory;
use tackroom::domain::call::{By, Via};
use tackroom::domain::commit::{Class, Told};
use tackroom::domain::event::{EndReason, Fact, Limits, RunStatus};
use tackroom::domain::ids::SessionId;
use tackroom::domain::marks::Mark;
use tackroom::domain::order::{Order, Task};
use tackroom::domain::place::place;
use tackroom::domain::policy::Mode;
use tackroom::domain::retention::Rules;
use tackroom::domain::session::Session;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::clock::Clock;
use tackroom::runtime::hand::{Hand, Opening};
use tackroom::runtime::ledger::Ledger;
use tackroom::runtime::plugs::{Settings, Store};
use tackroom::runtime::retention::{self, Tidied};

/// Runs a task that says so and ends; answers its session.
fn said(home: &Home, task: &str, answer: &str) -> String {
    let before: Vec<Value> = home.sessions();
    let model = home.script(json!([{"text": answer}]));
    done(&home.task(&model, task, &[]));
    let known = |id: &Value| before.iter().any(|row| row["id"] == *id);
    home.sessions().iter().find(|row| !known(&row["id"])).unwrap()["id"].as_str().unwrap().to_string()
}

fn hits(home: &Home, words: &[&str]) -> Vec<Value> {
    let args: Vec<&str> = ["sessions", "search", "--json"].iter().chain(words).copied().collect();
    let ran = home.run(&args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}"); // to a pipe goes every byte as it is
    ran.json()["hits"].as_array().unwrap().clone()
}

fn listed(home: &Home, more: &[&str]) -> Vec<String> {
    let args: Vec<&str> = ["sessions", "list", "--json"].iter().chain(more).copied().collect();
    let rows = done(&home.run(&args)).json()["sessions"].as_array().unwrap().clone();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_string()).collect()
}

#[test]
fn what_was_said_is_found_again() {
    let home = Home::new();
    let one = said(&home, "Look at the harbour.", "The \u{1b}[31mlighthouse keeper\u{202e} sleeps.");
    let two = said(&home, "Look at the harbour again.", "The keeper of the lighthouse is awake.");
    let found = hits(&home, &["lighthouse", "keeper"]);
    assert_eq!(found.iter().map(|hit| hit["session"].as_str().unwrap()).collect::<Vec<_>>(), [&two, &one]);
    assert_eq!(hits(&home, &["lighthouse keeper"]).len(), 1, "several words in quotes are a phrase");
    assert_eq!(hits(&home, &["harb*"]).len(), 4, "the title and the task of each");
    for odd in ["\"", "a OR (", "lighthouse\" NEAR(", "🎉 lighthouse", "--", "*lighthouse"] {
        let ran = home.run(&["sessions", "search", "--", odd]);
        assert!(matches!(ran.code, 0 | 2), "{odd}: {ran:?}");
        ran.is_clean();
    }
    let text = home.run(&["sessions", "search", "sleeps", "--rank"]);
    done(&text);
    assert!(text.out.contains(&one) && text.out.contains("lighthouse keeper"), "{text:?}");
    assert!(!text.out.contains(|c: char| is_raw(c) && c != '\n'), "{text:?}");
    let page = home.run(&["sessions", "search", "harbour", "--limit", "3", "--json"]).json();
    let next = page["next"].to_string();
    let rest = hits(&home, &["harbour", "--before", &next]);
    assert_eq!((page["hits"].as_array().unwrap().len(), rest.len()), (3, 1));
    home.run(&["sessions", "search", "?!"]).fails(2, &["no letter"]);
    done(&home.run(&["sessions", "search", "nothingofthatkind"]));
}

#[test]
fn sessions_are_marked_and_listed_by_their_marks() {
    let home = Home::new();
    let ids: Vec<String> = (0..4).map(|i| said(&home, &format!("Task {i}."), "Done.")).collect();
    let newest: Vec<String> = ids.iter().rev().cloned().collect();
    assert_eq!(listed(&home, &[]), newest);
    done(&home.run(&["sessions", "pin", &ids[1]]));
    assert_eq!(listed(&home, &[]), [&ids[1], &ids[3], &ids[2], &ids[0]].map(Clone::clone));
    assert_eq!(listed(&home, &["--limit", "2", "--after", &ids[1]]), [&ids[3], &ids[2]].map(Clone::clone));
    done(&home.run(&["sessions", "tag", &ids[0], "Red", "#ops/night"]));
    assert_eq!(listed(&home, &["--tag", "red", "--tag", "OPS/night"]), [ids[0].clone()]);
    assert_eq!(listed(&home, &["--filter", "task 2."]), [ids[2].clone()]);
    let text = home.run(&["sessions"]);
    assert!(text.out.contains("* Task 1.") && text.out.contains("#red"), "{text:?}");
    let again = home.run(&["sessions", "pin", &ids[1]]);
    assert!(done(&again).out.contains("pinned already"), "{again:?}");
    done(&home.run(&["sessions", "archive", &ids[2], &ids[3]]));
    assert_eq!(listed(&home, &[]), [&ids[1], &ids[0]].map(Clone::clone));
    assert_eq!(listed(&home, &["--tab", "archived"]), [&ids[3], &ids[2]].map(Clone::clone));
    assert_eq!(hits(&home, &["\"task 2\""])[0]["archived"], true, "the archive is searched");
    let counts = home.run(&["sessions", "--json"]).json()["counts"].clone();
    let wanted =
        json!({"all": 2, "needs-you": 0, "running": 0, "done": 2, "failed": 0, "archived": 2, "bin": 0});
    assert_eq!(counts, wanted);
    for undo in ["unarchive", "unpin"] {
        done(&home.run(&["sessions", undo, &ids[1], &ids[2], &ids[3]]));
    }
    done(&home.run(&["sessions", "untag", &ids[0], "red"]));
    assert_eq!(listed(&home, &[]), newest);
    home.run(&["sessions", "tag", &ids[0], "two words"]).fails(1, &["no tag"]);
    home.run(&["sessions", "list", "--tab", "nowhere"]).fails(2, &["needs-you"]);
    let show = home.run(&["sessions", "show", &ids[0]]);
    assert!(show.out.contains("marks     #ops/night"), "{show:?}");
}

#[test]
fn what_is_deleted_comes_back_until_it_is_purged() {
    let home = Home::new();
    let (keep, gone) =
        (said(&home, "Keep the walrus.", "Kept."), said(&home, "Drop the walrus.", "Dropped."));
    home.run(&["sessions", "purge", &gone]).fails(1, &["not in the bin", "sessions delete"]);
    let deleted = home.run(&["sessions", "delete", &gone]);
    assert!(done(&deleted).out.contains("sessions restore"), "{deleted:?}");
    assert_eq!(
        (listed(&home, &[]), listed(&home, &["--tab", "bin"])),
        (vec![keep.clone()], vec![gone.clone()])
    );
    let found = hits(&home, &["walrus"]);
    assert_eq!(found.len(), 2, "the task of the one that stays, and its title: {found:?}");
    assert!(found.iter().all(|hit| hit["session"] == keep.as_str()), "{found:?}");
    home.run(&["sessions", "rename", &gone, "x"]).fails(1, &["in the bin", "restore"]);
    done(&home.run(&["sessions", "restore", &gone]));
    assert_eq!(listed(&home, &[]), [gone.clone(), keep.clone()]);
    done(&home.run(&["sessions", "delete", &gone]));
    done(&home.run(&["sessions", "purge", &gone]));
    home.run(&["sessions", "show", &gone]).fails(2, &["no session"]);
    assert_eq!(hits(&home, &["walrus"]).len(), 2);
    done(&home.run(&["events", &keep]));
    let more = said(&home, "One more.", "Yes.");
    assert_eq!(listed(&home, &[]), [more, keep]);
    assert!(!holding(&home.home(), b"Keep the walrus").is_empty(), "the one that stays is found so");
    assert_eq!(holding(&home.home(), b"Drop the walrus"), Vec::<String>::new(), "its bytes are overwritten");
}

#[test]
fn what_is_at_work_is_not_put_away() {
    let home = Home::new();
    let call = json!({"tool": "write_file", "args": {"path": "a", "content": "b"}});
    let ran = home.task(&home.script(json!([{"calls": [call]}])), "Held.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let held = home.only();
    home.run(&["sessions", "archive", &held]).fails(1, &["under way", "cancel"]);
    home.run(&["sessions", "delete", &held]).fails(1, &["under way"]);
    assert_eq!(listed(&home, &["--tab", "needs-you"]), std::slice::from_ref(&held));
    done(&home.run(&["cancel", &held]));
    done(&home.run(&["sessions", "delete", &held]));
    home.config("[retention]\narchived_days = 2\ndeleted_days = 2\n");
    let ran = home.run(&["sessions", "purge", "--expired", "--json"]);
    assert_eq!(
        done(&ran).json(),
        json!({"version": 1, "deleted": [], "purged": []}),
        "it has its time in the bin"
    );
    assert_eq!(listed(&home, &["--tab", "bin"]), [held]);
}

/// A store in memory with sessions in each state, and the operator's hand.
struct Shelf {
    store: Store,
    hand: Hand,
    clock: Arc<dyn Clock>,
}

impl Shelf {
    fn new() -> Shelf {
        let engine = Arc::new(Memory::new());
        let store = Store {
            log: engine.clone(),
            work: engine.clone(),
            blobs: engine.clone(),
            live: engine.clone(),
            index: engine,
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let by = By { name: "ada".to_string(), via: Via::Command };
        let (settings, book) = (Settings::default(), ToolBook::default());
        let hand = Hand::new(store.log.clone(), clock.clone(), settings, book, by);
        Shelf { store, hand, clock }
    }

    /// A session whose task was cancelled and taken to its end, with marks.
    async fn ended(&mut self, marks: &[Mark]) -> SessionId {
        let id = self.begun().await;
        let mut pen = Pen::after(&*self.store.log, id.as_str(), 7).await;
        let why = EndReason::Answered;
        let end = vec![taken(1), Fact::RunEnded { status: RunStatus::Done, why }];
        pen.write(&*self.store.log, Class::Worker, end).await;
        for mark in marks {
            self.hand.order(&id, &Order::Mark(mark.clone())).await.unwrap();
        }
        id
    }

    async fn begun(&mut self) -> SessionId {
        let opening = Opening {
            agent: "a".to_string(),
            workspace: "/w".to_string(),
            instructions: String::new(),
            parent: None,
            program: "test".to_string(),
        };
        let limits = Limits::default();
        let model = "m".to_string();
        let task = Task { input: "t".to_string(), mode: Mode::Auto, limits, model, base_url: None };
        self.hand.begin(&opening, &task, &[]).await.unwrap()
    }

    async fn tidy(&mut self, days: u64) -> Tidied {
        let rules = Rules { archived_days: Some(2), deleted_days: Some(2) };
        let now = self.clock.now().plus_ms(days * 86_400_000);
        let files = tackroom::adapters::files::memory::MemoryFiles::default();
        let due = retention::weigh(&self.store, rules, now).await.unwrap();
        let tidied = retention::tidy((&self.store, &files), &mut self.hand, rules, now).await.unwrap();
        assert_eq!(
            (due.binned, due.purged),
            (tidied.binned.len(), tidied.purged.len()),
            "as it was told before"
        );
        tidied
    }
}

/// Cause: another tool's session was taken for one at work where its record tells no end of the last task.
#[test]
fn an_imported_session_without_a_recorded_end_is_put_away_like_any_other() {
    for name in ["gemini.jsonl", "claude.jsonl", "goose.jsonl", "codex.jsonl"] {
        let home = Home::new();
        done(
            &home.run(&["import", &format!("{}/tests/fixtures/foreign/{name}", env!("CARGO_MANIFEST_DIR"))]),
        );
        let id = home.sessions()[0]["id"].as_str().unwrap().to_string();
        for verb in ["archive", "unarchive", "delete", "purge"] {
            let ran = home.run(&["sessions", verb, &id]);
            assert_eq!(ran.code, 0, "{name} {verb}: {ran:?}");
        }
    }
}

/// Cause: the rules told from a list of words what is at work, and another tool's unfinished session was not among them.
#[tokio::test]
async fn the_retention_rules_take_an_unfinished_import() {
    let mut shelf = Shelf::new();
    let (tool, now) = (String::from("goose"), shelf.clock.now());
    let opened = Fact::SessionOpened {
        title: "t".to_string(),
        agent: "a".to_string(),
        workspace: "/w".to_string(),
        instructions: String::new(),
        parent: None,
        program: "test".to_string(),
    };
    let empty = String::new;
    let imported =
        Fact::SessionImported { tool, version: empty(), id: empty(), source: empty(), parent: empty() };
    let begun = Fact::RunImported { input: "go".to_string(), model: "m".to_string() };
    let id = SessionId::from_random(77);
    let mut ledger =
        Ledger::fresh(shelf.store.log.clone(), shelf.clock.clone(), id.clone(), Class::Importer, "test");
    let events = place(&Session::new(id.clone()), now, vec![opened, imported, begun]);
    ledger.write(events.into_iter().map(Told::from).collect()).await.unwrap();
    shelf.hand.order(&id, &Order::Mark(Mark::Archive)).await.unwrap();
    assert_eq!(shelf.tidy(3).await, Tidied { binned: vec![id.clone()], purged: Vec::new() });
    assert_eq!(shelf.tidy(6).await, Tidied { binned: Vec::new(), purged: vec![id] });
}

#[tokio::test]
async fn the_retention_rules_spare_what_is_pinned_or_at_work() {
    let mut shelf = Shelf::new();
    let old = shelf.ended(&[Mark::Archive]).await;
    let binned = shelf.ended(&[Mark::Delete]).await;
    let pinned = shelf.ended(&[Mark::Pin, Mark::Archive]).await;
    let pinned_bin = shelf.ended(&[Mark::Pin, Mark::Delete]).await;
    let claimed = shelf.ended(&[Mark::Delete]).await;
    let plain = shelf.ended(&[]).await;
    let running = shelf.begun().await;
    let claim = shelf.store.work.claim(&claimed).unwrap().unwrap();
    assert_eq!(shelf.tidy(1).await, Tidied::default());
    assert_eq!(shelf.tidy(3).await, Tidied { binned: vec![old.clone()], purged: vec![binned] });
    drop(claim);
    let mut purged = shelf.tidy(6).await.purged;
    purged.sort();
    let mut wanted = vec![claimed, old];
    wanted.sort();
    assert_eq!(purged, wanted, "the bin's time begins with the bin");
    assert_eq!(shelf.tidy(900).await, Tidied::default());
    for id in [pinned, pinned_bin, plain, running] {
        assert!(shelf.store.index.row(&id).await.unwrap().is_some());
    }
}

/// Whether any file of the store has a word in it.
fn is_in(folder: &Path, word: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
    let has = |bytes: &[u8]| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    files
        .filter(|file| std::fs::read(file.path()).is_ok_and(|bytes| has(&bytes)))
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Cause: the index of the words only marked those of a purged session as gone; they stayed in the file until the index
/// would next put its parts together.
#[test]
fn the_words_of_a_purged_session_are_in_no_file() {
    let home = Home::new();
    for (word, answer) in [("xylophonist", "Kept."), ("quetzalcoatlus", "Gone.")] {
        let model = home.script(json!([{"text": answer}]));
        assert_eq!(home.task(&model, &format!("About the {word}."), &[]).code, 0);
    }
    let found = home.run(&["sessions", "search", "quetzalcoatlus", "--json"]).json();
    let id = found["hits"][0]["session"].as_str().unwrap_or_else(|| panic!("{found}")).to_string();
    let data = home.home().join("data");
    assert!(!is_in(&data, "quetzalcoatlus").is_empty());
    assert_eq!(home.run(&["sessions", "delete", &id]).code, 0);
    assert_eq!(home.run(&["sessions", "purge", &id]).code, 0);
    assert_eq!(is_in(&data, "quetzalcoatlus"), Vec::<String>::new());
    let kept: Value = home.run(&["sessions", "search", "xylophonist", "--json"]).json();
    assert_eq!(kept["hits"].as_array().unwrap().len(), 2, "its title and its task: {kept}");
}

/// Cause: the first of two was removed for good, and all that was said is what is wrong with the second.
#[test]
fn nothing_is_purged_unless_all_of_it_can_be() {
    let home = Home::new();
    let (gone, kept) = (said(&home, "One.", "Done."), said(&home, "Two.", "Done."));
    done(&home.run(&["sessions", "delete", &gone]));
    home.run(&["sessions", "purge", &gone, &kept, "--json"]).fails(1, &[&kept, "not in the bin"]);
    done(&home.run(&["sessions", "restore", &gone]));
    assert_eq!(listed(&home, &[]).len(), 2, "both are there");
}
