//! The sessions screen while the list moves under the fingers: what was asked about, typed for or done is what it was
//! begun for, and every set of deeds can be taken back.

use crate::harness::screen::TestScreen;
use crate::harness::shelf;
use crate::harness::story::START;
use crate::sessions_screen::{chosen, deeds, did, id, listing, rows};
use tackroom::domain::command::Command;
use tackroom::domain::export::FileForm;
use tackroom::domain::library::{Came, Deed};
use tackroom::domain::marks::Mark;
use tackroom::domain::notice::Notice;
use tackroom::domain::search::{Found, Progress, Search};
use tackroom::domain::tally::Row;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (120, 40);

/// Rows that all lie in the bin.
fn binned(many: usize) -> Vec<Row> {
    let mut all = rows(many);
    all.iter_mut().for_each(|row| row.marks.apply(&Mark::Delete, START));
    all
}

/// The list as it is stored now comes in.
fn told(screen: &mut TestScreen) {
    let query = screen.app.library.query();
    screen.msg(Msg::Notice(Notice::Listed(Box::new(shelf::listed(&query)))));
}

/// Cause: the second `X` purged whatever was chosen or marked by then, not what the question was about.
#[test]
fn what_is_purged_is_what_was_asked_about() {
    let mut screen = listing(binned(4), SIZE);
    screen.press("7 X");
    let asked = screen.screen();
    assert!(asked.contains("Again to remove for good: \"Task 0\""), "{asked}");
    shelf::change("s00000", |row| row.marks.apply(&Mark::Restore, START));
    told(&mut screen);
    assert_eq!(chosen(&screen).as_deref(), Some("s00001"), "another row stands there now");
    screen.tick_ms(500).press("X");
    assert_eq!(screen.commands(), [], "nobody was asked about this one");
    assert!(screen.screen().contains("Again to remove for good: \"Task 1\""), "{}", screen.screen());
    screen.press("X");
    assert_eq!(deeds(&mut screen), [(id("s00001"), Deed::Purge)]);
    // The marks came between the two presses.
    let mut screen = listing(binned(4), SIZE);
    screen.press("7 *");
    let [Command::Fitting(query)] = &screen.commands()[..] else { panic!("all are asked for") };
    screen.press("X");
    let ids = vec![id("s00000"), id("s00001"), id("s00002"), id("s00003")];
    screen.msg(Msg::Notice(Notice::Fitting { query: query.clone(), ids: ids.clone() }));
    screen.tick_ms(100).press("X");
    assert_eq!(screen.commands(), [], "the question was about one");
    assert!(
        screen.screen().contains("Again to remove 4 for good: \"Task 0\" and 3 more"),
        "{}",
        screen.screen()
    );
    screen.press("X");
    assert_eq!(deeds(&mut screen), ids.into_iter().map(|id| (id, Deed::Purge)).collect::<Vec<_>>());
}

/// Cause: there was room for one inverse, and every answer took the place of what it held.
#[test]
fn two_quick_deeds_are_both_taken_back() {
    let (delete, restore) = (|| Deed::Mark(Mark::Delete), || Deed::Mark(Mark::Restore));
    let mut screen = listing(rows(9), SIZE);
    screen.press("x j x");
    assert_eq!(screen.commands().len(), 2);
    screen.press("u");
    assert_eq!(screen.commands(), [], "what is still being done is not known yet");
    did(&mut screen, &[("s00000", delete(), Came::Done)]);
    did(&mut screen, &[("s00001", delete(), Came::Done)]);
    for of in ["s00001", "s00000"] {
        screen.press("u");
        assert_eq!(deeds(&mut screen), [(id(of), restore())]);
        did(&mut screen, &[(of, restore(), Came::Done)]);
    }
    screen.press("u");
    assert_eq!(screen.commands(), [], "once each");
    // Pressed twice on one session, the second changes nothing and takes nothing away.
    screen.press("g g x x").commands();
    did(&mut screen, &[("s00000", delete(), Came::Done)]);
    did(&mut screen, &[("s00000", delete(), Came::Before("in the bin"))]);
    screen.press("u");
    assert_eq!(deeds(&mut screen), [(id("s00000"), restore())]);
}

/// Cause: the hint named a key of the list on the workbench, and opening the list anew forgot what could be taken back.
#[test]
fn what_was_done_is_taken_back_after_the_list_was_closed() {
    let mut screen = listing(rows(9), SIZE);
    screen.press("x Esc").commands();
    did(&mut screen, &[("s00000", Deed::Mark(Mark::Delete), Came::Done)]);
    let shown = screen.screen();
    assert!(shown.contains("Deleted s00000.") && !shown.contains("(u takes it back)"), "{shown}");
    assert!(shown.contains("g s, then u takes it back"), "{shown}");
    screen.press("g s u");
    assert_eq!(deeds(&mut screen), [(id("s00000"), Deed::Mark(Mark::Restore))]);
}

/// Cause: what was typed went to the session that stood there when Enter came, and to none where none did.
#[test]
fn what_is_typed_is_for_the_session_it_was_begun_for() {
    let mut screen = listing(rows(4), SIZE);
    let away = |screen: &mut TestScreen| {
        shelf::change("s00000", |row| row.marks.apply(&Mark::Delete, START));
        told(screen);
    };
    let back = || shelf::change("s00000", |row| row.marks.apply(&Mark::Restore, START));
    screen.press("t").write("red");
    assert!(screen.screen().contains("Tag \"Task 0\""), "{}", screen.screen());
    away(&mut screen);
    screen.press("Enter");
    let tag = Deed::Mark(Mark::Tag { tag: "red".to_string() });
    assert_eq!(deeds(&mut screen), [(id("s00000"), tag)]);
    back();
    told(&mut screen);
    screen.press("g g e");
    assert!(screen.screen().contains("Export \"Task 0\""), "{}", screen.screen());
    away(&mut screen);
    screen.press("j");
    assert_eq!(deeds(&mut screen), [(id("s00000"), Deed::Export(FileForm::Jsonl))]);
    back();
    told(&mut screen);
    screen.press("g g r").write("!");
    away(&mut screen);
    screen.press("Enter");
    assert_eq!(deeds(&mut screen), [(id("s00000"), Deed::Rename("Task 0!".to_string()))]);
    did(&mut screen, &[("s00000", Deed::Rename("Task 0!".to_string()), Came::Done)]);
    screen.press("u");
    assert_eq!(deeds(&mut screen), [(id("s00000"), Deed::Rename("Task 0".to_string()))], "its old title");
}

/// Cause: a key that was pressed as the list moved put away the session that had just come under it.
#[test]
fn a_row_that_has_just_come_under_the_choice_is_not_put_away() {
    for keys in ["x", "a", "P"] {
        let mut screen = listing(rows(4), SIZE);
        shelf::change("s00000", |row| row.marks.apply(&Mark::Delete, START));
        told(&mut screen);
        screen.tick_ms(300).press(keys);
        assert_eq!(screen.commands(), [], "{keys}");
        assert!(screen.screen().contains("list has just moved"), "{}", screen.screen());
        screen.tick_ms(100).press(keys);
        assert_eq!(deeds(&mut screen).len(), 1, "{keys}");
        screen.press("j").press(keys);
        assert_eq!(deeds(&mut screen).len(), 1, "{keys}: a choice made by a key counts at once");
    }
}

/// Cause: while a search ran, and after it had failed, the screen said that nothing was found.
#[test]
fn nothing_is_found_only_once_it_was_looked_for() {
    let mut screen = listing(rows(3), SIZE);
    screen.press("s").write("notes");
    let Some(Command::Search(search)) = screen.commands().pop() else { panic!("it is asked for") };
    for size in [SIZE, (40, 15)] {
        screen.msg(Msg::Resize(size.0, size.1));
        let shown = screen.screen();
        assert!(shown.contains("Searching …") && !shown.contains("found"), "{shown}");
    }
    screen.msg(Msg::Resize(SIZE.0, SIZE.1));
    let of = |search: &Search| {
        let (sentence, hint) = ("The texts\u{202e} are gone.".to_string(), "doctor checks".to_string());
        Msg::Notice(Notice::NotSearched { search: search.clone(), sentence, hint })
    };
    screen.msg(of(&Search { words: "note*".to_string(), ..search.clone() }));
    assert!(screen.screen().contains("Searching …"), "another one failed: {}", screen.screen());
    screen.msg(of(&search));
    let shown = screen.screen();
    assert!(shown.contains("The texts<U+202E> are gone.") && shown.contains("doctor checks"), "{shown}");
    assert!(!shown.contains("found") && !shown.contains("Searching"), "{shown}");
    screen.write("x");
    let Some(Command::Search(search)) = screen.commands().pop() else { panic!("it is asked for again") };
    let told = |done: u64| {
        let found = Found { progress: Progress { done, all: 4 }, ..Found::default() };
        Msg::Notice(Notice::Found { search: search.clone(), found: Box::new(found) })
    };
    screen.msg(told(3));
    assert!(screen.screen().contains("Nothing was found in what is searched so far"), "{}", screen.screen());
    screen.msg(told(4));
    assert!(screen.screen().contains("Nothing was found. A star"), "{}", screen.screen());
}

/// Cause: the tally was drawn over what was typed, and what was longer than the line was typed out of sight.
#[test]
fn what_is_typed_and_its_cursor_are_in_view_at_every_size() {
    let long = "a-tag-that-is-much-longer-than-forty-columns-altogether";
    for size in [(200, 50), SIZE, (80, 24), (40, 15)] {
        for (keys, text) in
            [("t", long), ("r", long), ("/", long), ("s", long), ("Space t", "red -draft-of-the")]
        {
            let mut screen = listing(rows(4), size);
            screen.press(keys).write(text);
            let shown = screen.screen();
            let line = shown.lines().find(|line| line.contains(&text[text.len() - 8..]));
            let line = line
                .unwrap_or_else(|| panic!("{keys} at {size:?}: what was typed last is not there:\n{shown}"));
            let (column, row) = screen.cursor().expect("text goes somewhere");
            let cells: Vec<char> = shown.lines().nth(usize::from(row)).unwrap_or_default().chars().collect();
            let before: String = cells[..usize::from(column)].iter().collect();
            assert!(before.ends_with(&text[text.len() - 8..]), "{keys} at {size:?}: `{before}`\n{line}");
            if !"/s".contains(keys) {
                assert!(!line.contains(" of 4"), "{keys} at {size:?}: {line}");
            }
            screen.press("Home");
            let shown = screen.screen();
            assert!(shown.contains(if keys == "r" { "Task 0" } else { &text[..4] }), "{keys}: {shown}");
        }
    }
}

/// Cause: words that could not be looked for once were not asked for again, whatever was pressed, until others were typed.
#[test]
fn a_search_that_failed_is_made_again() {
    let mut screen = listing(rows(3), SIZE);
    screen.press("s").write("notes");
    let asked = screen.commands();
    let Some(Command::Search(search)) = asked.last().cloned() else { panic!("{asked:?}") };
    for keys in ["Enter", "Esc s", "Esc Esc g s s"] {
        let (sentence, hint) = ("The index is busy.".to_string(), String::new());
        screen.msg(Msg::Notice(Notice::NotSearched { search: search.clone(), sentence, hint }));
        assert!(screen.screen().contains("The index is busy."), "{}", screen.screen());
        screen.tick_ms(500).tick_ms(500);
        assert!(!screen.commands().contains(&Command::Search(search.clone())), "not by itself");
        screen.press(keys);
        let again = screen.commands().into_iter().filter(|one| *one == Command::Search(search.clone()));
        assert_eq!(again.count(), 1, "{keys}");
        assert!(!screen.screen().contains("The index is busy."), "{keys}: {}", screen.screen());
    }
}
