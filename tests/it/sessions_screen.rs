//! The sessions screen by keys: only a window of the list is here, what is typed narrows it, a hit opens where it is,
//! deeds are told one by one and taken back, and typing does nothing but type.

use crate::harness::binary::Home;
use crate::harness::screen::TestScreen;
use crate::harness::shelf;
use crate::harness::story::{self, START, Story};
use crate::harness::terminal::Terminal;
use crate::pty;
use serde_json::json;
use tackroom::domain::command::Command;
use tackroom::domain::event::Parent;
use tackroom::domain::export::FileForm;
use tackroom::domain::ids::{EventNo, SessionId};
use tackroom::domain::library::{Came, Deed, Done};
use tackroom::domain::listing::{Query, Tab};
use tackroom::domain::listing_words::read;
use tackroom::domain::marks::Mark;
use tackroom::domain::notice::Notice;
use tackroom::domain::search::{Found, Hit, Progress, Search};
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::ui::library::WINDOW;
use tackroom::ui::mode::{Focus, Pane};
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (120, 40);

pub fn id(of: &str) -> SessionId {
    SessionId(of.to_string())
}

/// Rows told by nothing but their place: the first is the newest.
pub fn rows(many: usize) -> Vec<Row> {
    let row = |i: usize| {
        let mut row = Row::new(id(&format!("s{i:05}")));
        row.title = format!("Task {i}");
        row.status = if i.is_multiple_of(10) { "failed" } else { "done" }.to_string();
        (row.opened, row.updated) = (START, START.plus_ms((many - i) as u64 * 60_000));
        row
    };
    (0..many).map(row).collect()
}

/// The sessions screen with these sessions.
pub fn listing(rows: Vec<Row>, size: (u16, u16)) -> TestScreen {
    shelf::keep(rows);
    let mut screen = TestScreen::new(story::tools(), size);
    screen.press("Esc g s");
    assert_eq!(screen.commands(), []);
    screen
}

pub fn chosen(screen: &TestScreen) -> Option<String> {
    screen.app.library.chosen_row().map(|row| row.id.to_string())
}

pub fn deeds(screen: &mut TestScreen) -> Vec<(SessionId, Deed)> {
    let mut all = screen.commands();
    assert_eq!(all.len(), 1, "{all:?}");
    let Command::Deeds(deeds) = all.remove(0) else { panic!("{all:?}") };
    deeds
}

pub fn did(screen: &mut TestScreen, of: &[(&str, Deed, Came)]) {
    let done = |(of, deed, came): &(&str, Deed, Came)| Done {
        session: id(of),
        deed: deed.clone(),
        came: came.clone(),
    };
    screen.msg(Msg::Notice(Notice::Did(of.iter().map(done).collect())));
}

#[test]
fn of_ten_thousand_only_a_window_is_here() {
    let mut screen = listing(rows(10_000), SIZE);
    assert!(screen.screen().contains("[1 All 10000]"), "{}", screen.screen());
    for (keys, place) in [("", 0), ("j j Ctrl-D", 12), ("G", 9_999), ("k", 9_998), ("g g", 0), ("5 G", 999)] {
        screen.press(keys);
        let library = &screen.app.library;
        assert_eq!((library.chosen, library.listed.rows.len() <= WINDOW), (place, true), "{keys}");
        assert!(
            chosen(&screen).is_some() && !screen.screen().contains("  …  "),
            "{keys}: {}",
            screen.screen()
        );
    }
    assert_eq!(chosen(&screen).as_deref(), Some("s09990"), "the last that failed");
    // Half a page at a time, every row is met once.
    screen.press("1 g g");
    for step in 0..200 {
        assert_eq!(chosen(&screen), Some(format!("s{:05}", step * 10)));
        screen.press("Ctrl-D");
    }
}

#[test]
fn the_choice_stays_with_its_session() {
    let mut screen = listing(rows(50), SIZE);
    screen.press("j j j");
    shelf::change("s00040", |row| row.updated = START.plus_ms(90_000_000)); // to the top
    let query = screen.app.library.query();
    screen.msg(Msg::Notice(Notice::Listed(Box::new(shelf::listed(&query)))));
    assert_eq!((chosen(&screen).as_deref(), screen.app.library.chosen), (Some("s00003"), 4));
    // What was asked for before something else was typed is not shown.
    let old = shelf::listed(&query);
    screen.press("/").write("Task 7").msg(Msg::Notice(Notice::Listed(Box::new(old))));
    assert_eq!((screen.app.library.total(), chosen(&screen).as_deref()), (5, Some("s00007")));
}

#[test]
fn what_is_typed_narrows_the_list() {
    let held = story::held();
    let mut told = Row::new(held.session.id.clone());
    held.events().iter().for_each(|event| told.apply(event));
    told.updated = START.plus_ms(90_000_000);
    let mut all = rows(30);
    all[4].marks.apply(&Mark::Tag { tag: "release".to_string() }, START);
    all.push(told);
    let mut screen = listing(all, SIZE);
    for (typed, count, first) in [
        ("task 1", 12, "s00001"),
        ("failed", 3, "s00000"),
        ("status:failed task 2", 1, "s00020"),
        ("#release", 1, "s00004"),
        ("tool:write_file", 1, held.session.id.as_str()),
        ("tokens:>1k", 1, held.session.id.as_str()),
        ("tsk28", 1, "s00028"),
        ("before:2026-11-21T08:17 done", 1, "s00029"),
    ] {
        screen.press("/").write(typed);
        assert_eq!((screen.app.library.total(), chosen(&screen).as_deref()), (count, Some(first)), "{typed}");
        screen.press("Enter j Esc");
        assert_eq!(screen.app.library.total(), 31, "Esc takes the filter away: {typed}");
    }
    let shown = screen.press("/").write("after:never").screen();
    assert!(shown.contains("after:never cannot be read"), "{shown}");
    assert_eq!(screen.commands(), []);
    screen.press("Enter Enter");
    assert_eq!(screen.commands(), [Command::Watch(held.session.id.clone())]);
}

#[test]
fn conditions_are_read() {
    let now = START;
    let of = |typed: &str| {
        let mut query = Query::default();
        let odd = read(typed, now, &mut query);
        (query, odd)
    };
    let day = |ms: i64| Some(Micros(now.0 - ms * 1_000));
    assert_eq!(of("after:7d").0.since, day(7 * 86_400_000));
    assert_eq!(of("before:3h").0.until, day(3 * 3_600_000));
    assert_eq!(of("after:today").0.since.unwrap().rfc3339(), "2026-11-21T00:00:00.000Z");
    assert_eq!(of("after:2026-10-02").0.since.unwrap().rfc3339(), "2026-10-02T00:00:00.000Z");
    assert_eq!(of("tokens:<2.5k").0.tokens_max, Some(2_500));
    let (query, odd) = of("fix http://host:80/x tag:#A tool:shell is:held agent:me folder:src #b");
    assert_eq!((query.text.as_str(), odd), ("fix http://host:80/x", Vec::<String>::new()));
    assert_eq!(
        (query.tags, query.tool, query.agent),
        (vec!["a".into(), "b".into()], "shell".into(), "me".into())
    );
    assert_eq!((query.statuses, query.workspace), (vec!["held".to_string()], "src".to_string()));
    for odd in [
        "after:",
        "after:99999999d",
        "before:x",
        "tokens:many",
        "status:odd",
        "tool:",
        "tag:a,b",
        "tokens:-1",
    ] {
        assert_eq!(of(odd).1.len(), 1, "{odd}");
        assert_eq!(of(odd).0, Query::default(), "{odd} counts for nothing");
    }
}

#[test]
fn typing_does_nothing_but_type() {
    let mut screen = listing(rows(9), SIZE);
    let all = "xXaPRujdpfeqtrv*12 ?";
    for keys in ["/", "s", "r", "t"] {
        screen.press(keys).write(all).press("Esc");
        let wrong: Vec<Command> =
            screen.commands().into_iter().filter(|one| !matches!(one, Command::Search(_))).collect();
        assert_eq!(wrong, [], "{keys}");
        assert!(matches!(screen.app.over.top(), Some(Overlay::Sessions)), "{keys}");
        assert!(screen.app.library.marked.is_empty(), "{keys}");
    }
    screen.paste("x\nX\n");
    assert_eq!(screen.commands(), []);
}

#[test]
fn many_are_marked_and_each_result_is_told() {
    let delete = || Deed::Mark(Mark::Delete);
    let restore = || Deed::Mark(Mark::Restore);
    let mut screen = listing(rows(9), SIZE);
    screen.press("Space Space j Space x");
    let sent = deeds(&mut screen);
    assert_eq!(sent, ["s00000", "s00001", "s00003"].map(|of| (id(of), delete())));
    did(
        &mut screen,
        &[
            ("s00000", delete(), Came::Done),
            ("s00001", delete(), Came::Failed("the disk is full".to_string())),
            ("s00003", delete(), Came::Before("in the bin")),
        ],
    );
    let shown = screen.screen();
    for words in
        ["Deleted 1 session, 1 so already, 1 not done", "u takes it back", "the disk is full", "s00001"]
    {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    assert_eq!(screen.app.library.marked, [id("s00001")], "what was not done stays marked");
    screen.press("u");
    assert_eq!(deeds(&mut screen), [(id("s00000"), restore())], "only what was done is taken back");
    did(&mut screen, &[("s00000", restore(), Came::Done)]);
    screen.press("u");
    assert_eq!(screen.commands(), [], "once");
}

#[test]
fn each_key_does_what_it_says_to_the_chosen_one() {
    let mut all = rows(9);
    all[7].marks.apply(&Mark::Archive, START);
    all[8].marks.apply(&Mark::Delete, START);
    let mut screen = listing(all, SIZE);
    let mark = |of: &str, mark: Mark| vec![(id(of), Deed::Mark(mark))];
    let tag = |tag: &str| Mark::Tag { tag: tag.to_string() };
    for (keys, text, then, wanted) in [
        ("j P", "", "", mark("s00001", Mark::Pin)),
        ("a", "", "", mark("s00001", Mark::Archive)),
        ("t", "Release", "Enter", mark("s00001", tag("release"))),
        ("t", "-old", "Enter", mark("s00001", Mark::Untag { tag: "old".to_string() })),
        ("r", " again", "Enter", vec![(id("s00001"), Deed::Rename("Task 1 again".to_string()))]),
        ("e h", "", "", vec![(id("s00001"), Deed::Export(FileForm::Html))]),
        ("6 R", "", "", mark("s00007", Mark::Unarchive)),
        ("Tab R", "", "", mark("s00008", Mark::Restore)),
        ("X X", "", "", vec![(id("s00008"), Deed::Purge)]),
    ] {
        screen.press(keys).write(text).press(then);
        assert_eq!(deeds(&mut screen), wanted, "{keys}");
    }
    screen.press("X").tick_ms(3_000).press("X x a");
    assert_eq!(screen.commands(), [], "it asks twice, and what is in the bin is not put there");
    screen.press("1 *");
    let asked = screen.commands();
    let [Command::Fitting(query)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(query.tab, Tab::All);
    let ids = vec![id("s00001"), id("s04711")];
    screen.msg(Msg::Notice(Notice::Fitting { query: query.clone(), ids: ids.clone() })).press("a");
    assert_eq!(deeds(&mut screen).into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
}

#[test]
fn two_marked_ones_are_compared() {
    let mut screen = listing(rows(9), SIZE);
    screen.press("j Space j Space j d");
    let (left, right) = (id("s00001"), id("s00003"));
    assert_eq!(screen.commands(), [Command::Compare { left, right }]);
    screen.press("Esc Space Space Space d");
    assert_eq!(screen.commands(), []);
    assert!(screen.screen().contains("Two are compared, and more are marked"), "{}", screen.screen());
}

#[test]
fn forks_stand_under_their_parent_and_say_that_they_were_not_started() {
    let mut all = rows(6);
    let fork = |row: &mut Row, of: &str| {
        row.parent = Some(Parent { session: id(of), at: EventNo(7) });
        (row.status, row.untaken) = ("running".to_string(), true);
    };
    fork(&mut all[0], "s00003");
    fork(&mut all[5], "s00000");
    all[2].status = "running".to_string();
    all[2].agent = "gone".to_string(); // nobody drives it
    let mut screen = listing(all, SIZE);
    let order = |screen: &TestScreen| -> Vec<String> {
        screen.app.library.listed.rows.iter().map(|row| row.id.to_string()).collect()
    };
    assert_eq!(order(&screen), ["s00003", "s00000", "s00005", "s00001", "s00002", "s00004"]);
    screen.press("j");
    let shown = screen.screen();
    for words in
        ["└ Task 0", "  └ Task 5", "not started", "not started: open it", "interrupted", "s00003 at #7"]
    {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    screen.press("v");
    assert_eq!(order(&screen), ["s00000", "s00001", "s00002", "s00003", "s00004", "s00005"]);
    assert_eq!(chosen(&screen).as_deref(), Some("s00000"), "the choice stays");
    screen.press("2");
    assert_eq!(order(&screen), ["s00000", "s00005"], "a fork that was not started waits for a person");
}

fn hit(of: &Story, event: u64, over: bool) -> Hit {
    Hit {
        session: of.session.id.clone(),
        title: of.session.title.clone(),
        archived: false,
        over,
        event: EventNo(event),
        kind: "ModelReplied".to_string(),
        at: of.now,
        snippet: "the notes \u{1b}[31magree".to_string(),
        marks: vec![4..9, 15..20],
    }
}

fn found(screen: &mut TestScreen, search: &Search, hits: Vec<Hit>) {
    let found = Found { hits, next: None, progress: Progress { done: 3, all: 4 } };
    screen.msg(Msg::Notice(Notice::Found { search: search.clone(), found: Box::new(found) }));
}

#[test]
fn a_hit_opens_where_it_is() {
    let (done, live) = (story::done(), story::held());
    let mut screen = listing(rows(3), SIZE);
    screen.press("s").write("notes");
    let asked = screen.commands();
    let Some(Command::Search(search)) = asked.last().cloned() else { panic!("{asked:?}") };
    assert_eq!((search.words.as_str(), search.rank), ("notes*", false));
    found(&mut screen, &Search { words: "note*".to_string(), ..search.clone() }, vec![hit(&done, 3, true)]);
    assert!(screen.app.library.texts.found.hits.is_empty(), "what was looked for before is not shown");
    found(&mut screen, &search, vec![hit(&live, 2, false), hit(&done, 12, true)]);
    let shown = screen.screen();
    assert!(shown.contains("2 found, newest first, 75 % searched") && !shown.contains('\u{1b}'), "{shown}");
    screen.press("Tab");
    let asked = screen.commands();
    let [Command::Search(ranked)] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(ranked.rank);
    screen.press("Enter");
    assert_eq!(screen.commands(), [], "what is shown is not yet what is asked for");
    screen.press("Up"); // another key: nothing opens by itself
    found(&mut screen, ranked, vec![hit(&live, 6, false), hit(&done, 12, true)]);
    screen.press("Down Enter");
    assert_eq!(screen.commands(), [Command::Replay(done.session.id.clone())]);
    assert_eq!(
        (screen.app.replay_at, screen.app.replay_wanted.clone()),
        (Some(12), Some(done.session.id.clone()))
    );
    // The search is as it was, and the other one goes on: it is watched, with the item in view.
    let mut screen = TestScreen::of(&live, SIZE);
    screen.press("Esc 1 g s s").write("notes");
    let asked = screen.commands();
    let Some(Command::Search(search)) = asked.last().cloned() else { panic!("{asked:?}") };
    found(&mut screen, &search, vec![hit(&live, 6, false)]);
    screen.press("Enter");
    assert_eq!(screen.commands(), [Command::Watch(live.session.id.clone())]);
    assert_eq!(screen.app.replay_wanted, None);
    screen.msg(Msg::Notice(Notice::Watching { session: live.session.id.clone() }));
    for commit in &live.commits {
        screen.msg(Msg::Notice(Notice::Committed(commit.clone())));
    }
    screen.msg(Msg::Notice(Notice::CaughtUp { session: live.session.id.clone() }));
    let item = screen.app.windows.talk.chosen.expect("an item is chosen");
    let items = screen.app.watched.as_ref().unwrap().talk.items();
    assert!(items[item].no <= EventNo(6) && items.get(item + 1).is_none_or(|next| next.no > EventNo(6)));
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Conversation));
}

#[test]
fn in_a_terminal_a_search_opens_a_session_at_its_hit() {
    let home = Home::new();
    for (task, word) in [("Look at the harbour.", "lighthouse"), ("Look at the mill.", "waterwheel")] {
        let look = json!({"tool": "read_file", "args": {"path": "notes.txt"}});
        let model = home.script(
            json!([{"text": format!("The {word} turns."), "calls": [look]}, {"text": "All is said."}]),
        );
        assert_eq!(home.task(&model, task, &[]).code, 0);
    }
    let mill = home.sessions().iter().find(|row| row["title"] == "Look at the mill.").unwrap().clone();
    let mill = mill["id"].as_str().unwrap().to_string();
    let mut screen = Terminal::start(&home, &["--model", "scripted"], 120, 40);
    screen.see("2 sessions stored");
    screen.keys("\t");
    screen.see("i write");
    screen.keys("gs");
    screen.see("[1 All 2]");
    screen.keys("swaterwh");
    screen.see("1 found, newest first");
    screen.keys("\r");
    screen.see("The waterwheel turns.");
    screen.see("paused");
    assert!(!screen.text().contains("All is said."), "it is held at the hit:\n{}", screen.text());
    screen.keys("gs");
    screen.see("[1 All 2]");
    screen.keys("/mill\r");
    screen.see("1 of 1");
    screen.keys("em");
    screen.see("Exported to");
    let file = home.ws().join(format!("{mill}.md"));
    assert!(std::fs::read_to_string(&file).unwrap().contains("waterwheel"));
    screen.keys("em");
    screen.see(&format!("{mill}-2.md"));
    screen.keys("x");
    screen.see(&format!("Deleted {mill}"));
    screen.see("No session fits");
    screen.keys("u");
    screen.see(&format!("Restored {mill}"));
    screen.see("1 of 1");
    screen.keys("rX\r");
    screen.see(&format!("Renamed {mill}"));
    assert!(home.sessions().iter().any(|row| row["title"] == "Look at the mill.X"));
    pty::leave(&mut screen);
}
