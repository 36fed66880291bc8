//! The retention rules on the sessions screen: typed, weighed, confirmed, and written where the configuration is.

use crate::harness::binary::Home;
use crate::harness::cases::cases;
use crate::harness::screen::TestScreen;
use crate::harness::terminal::Terminal;
use crate::pty;
use crate::sessions_screen::{listing, rows};
use proptest::prelude::*;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tackroom::cli::keep_rules::IntoConfig;
use tackroom::domain::command::Command;
use tackroom::domain::notice::Notice;
use tackroom::domain::retention::{Due, Rules, days_typed, read_days};
use tackroom::ports::rules::KeepRules;
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (120, 40);

fn of(archived: u32, deleted: u32) -> Rules {
    Rules::of_days(archived, deleted)
}

/// The page, with the rules in force.
fn page() -> TestScreen {
    let mut screen = listing(rows(3), SIZE);
    screen.app.library.kept_days = (0, 30);
    screen.press("K");
    assert_eq!(screen.commands(), [Command::Weigh(of(0, 30))]);
    screen
}

fn weighed(screen: &mut TestScreen, rules: Rules, binned: usize, purged: usize) {
    screen.msg(Msg::Notice(Notice::Weighed { rules, due: Ok(Due { binned, purged }) }));
}

fn has(screen: &mut TestScreen, words: &str) {
    let shown = screen.screen();
    assert!(shown.contains(words), "{words}:\n{shown}");
}

fn is_open(screen: &TestScreen) -> bool {
    matches!(screen.top(), Some(Overlay::Keeping(_)))
}

#[test]
fn a_rule_is_kept_once_it_was_seen_what_it_lets_go() {
    let mut screen = page();
    has(&mut screen, "Archived sessions stay in the archive.");
    has(&mut screen, "removed for good after 30 days");
    weighed(&mut screen, of(0, 30), 0, 4);
    has(&mut screen, "Now they would remove 4 sessions for good.");
    screen.press("Enter");
    has(&mut screen, "The rules are as they were");
    // The first letter takes the place of what stood there; every change is weighed.
    screen.write("9").press("Down").write("7");
    assert_eq!(screen.commands(), [Command::Weigh(of(9, 30)), Command::Weigh(of(9, 7))]);
    weighed(&mut screen, of(9, 30), 50, 60);
    has(&mut screen, "Counting what they would let go now");
    screen.press("Enter");
    has(&mut screen, "It is still being counted");
    weighed(&mut screen, of(9, 7), 1, 5);
    has(&mut screen, "Now these rules would put 1 session into the bin and remove 5 sessions for good.");
    screen.press("Enter");
    has(&mut screen, "Enter again: they would put 1 session into the bin and remove 5 sessions for good.");
    assert_eq!(screen.commands(), []);
    // A key in between: it is asked anew.
    screen.press("Down Enter");
    assert_eq!(screen.commands(), []);
    screen.tick_ms(2_100).press("Enter");
    assert_eq!(screen.commands(), [], "asked too long ago, it is asked anew");
    screen.press("Enter");
    assert_eq!(screen.commands(), [Command::Keep(of(9, 7))]);
    screen.press("Enter");
    assert_eq!(screen.commands(), [], "once");
    screen.msg(Msg::Notice(Notice::Kept { rules: of(9, 7), place: Ok("config.toml".to_string()) }));
    assert!(matches!(screen.top(), Some(Overlay::Sessions)));
    has(&mut screen, "Kept in config.toml; they hold from the next start on.");
    assert_eq!(screen.app.library.kept_days, (9, 7));
    screen.press("K");
    assert_eq!(screen.commands(), [Command::Weigh(of(9, 7))]);
}

#[test]
fn what_lets_nothing_go_needs_no_second_word_and_never_is_a_rule() {
    let mut screen = page();
    screen.press("Tab").write("never");
    assert_eq!(screen.commands(), [Command::Weigh(of(0, 0))], "what is half typed is no rule");
    weighed(&mut screen, of(0, 0), 0, 0);
    has(&mut screen, "Those in the bin stay until you remove them.");
    screen.press("Enter");
    assert_eq!(screen.commands(), [Command::Keep(of(0, 0))]);
    // Left meanwhile: it is told where the operator is by then.
    screen.press("Esc");
    let why = ("The disk is full.".to_string(), "free some space".to_string());
    screen.msg(Msg::Notice(Notice::Kept { rules: of(0, 0), place: Err(why) }));
    has(&mut screen, "! The disk is full. (free some space)");
    assert_eq!(screen.app.library.kept_days, (0, 30));
}

#[test]
fn what_cannot_be_kept_or_counted_is_said_on_the_page() {
    let mut screen = page();
    screen.write("5");
    let why = |words: &str| (words.to_string(), "look at the disk".to_string());
    screen.msg(Msg::Notice(Notice::Weighed { rules: of(5, 30), due: Err(why("It cannot be counted.")) }));
    has(&mut screen, "It cannot be counted. (look at the disk)");
    screen.press("Enter");
    has(&mut screen, "Enter again");
    screen.press("Enter");
    assert_eq!(screen.commands().last(), Some(&Command::Keep(of(5, 30))));
    screen.msg(Msg::Notice(Notice::Kept { rules: of(5, 30), place: Err(why("It is read-only.")) }));
    has(&mut screen, "It is read-only. (look at the disk)");
    screen.press("Enter Enter");
    assert_eq!(screen.commands(), [Command::Keep(of(5, 30))], "tried again");
    for bad in ["0", "-1", "x", "99999999999", "1.5", " "] {
        let mut screen = page();
        screen.paste(bad).press("Enter");
        has(&mut screen, "Not yet: ");
        assert_eq!((screen.commands(), is_open(&screen)), (vec![], true), "{bad:?}");
        screen.press("Ctrl-P");
        assert!(is_open(&screen), "what is typed is not left for a list: {bad:?}");
        screen.press("Esc");
        assert_eq!(screen.app.library.kept_days, (0, 30));
    }
    let mut screen = page();
    screen.paste("14 days\n");
    assert_eq!(screen.commands(), [Command::Weigh(of(14, 30))]);
}

#[test]
fn the_palette_of_the_sessions_has_it() {
    let mut screen = listing(rows(3), SIZE);
    screen.press("Ctrl-P").write("how long").press("Enter");
    assert!(is_open(&screen), "{}", screen.screen());
}

async fn kept(path: &Path, rules: Rules) -> Result<String, (String, String)> {
    IntoConfig::new(path.to_path_buf()).keep(rules).await
}

#[tokio::test]
async fn only_the_numbers_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config/config.toml");
    for (before, after) in [
        ("", "[retention]\narchived_days = 9\ndeleted_days = 7\n"),
        ("# mine\n", "# mine\n\n[retention]\ndeleted_days = 7\narchived_days = 9\n"),
        (
            "[screen]\nbell = true",
            "[screen]\nbell = true\n\n[retention]\ndeleted_days = 7\narchived_days = 9\n",
        ),
        ("[retention]", "[retention]\ndeleted_days = 7\narchived_days = 9\n"),
        (
            "[retention] # how long\n  archived_days=3# three\n\n[run]\nsteps = 3 # few\n",
            "[retention] # how long\ndeleted_days = 7\n  archived_days=9# three\n\n[run]\nsteps = 3 # few\n",
        ),
        (
            "# [retention]\n# archived_days = 1\n[ retention ]\r\ndeleted_days = 0x1E\r\narchived_days = 1_0\r\n",
            "# [retention]\n# archived_days = 1\n[ retention ]\r\ndeleted_days = 7\r\narchived_days = 9\r\n",
        ),
        (
            "retention = { archived_days = 1, deleted_days = 2 } # x\n",
            "retention = { archived_days = 9, deleted_days = 7 } # x\n",
        ),
        (
            "retention.archived_days = 1\nretention.deleted_days = 2\n",
            "retention.archived_days = 9\nretention.deleted_days = 7\n",
        ),
        (
            "[run]\ninstructions = '''\n[retention]\narchived_days = 1\n'''\n",
            "[run]\ninstructions = '''\n[retention]\narchived_days = 1\n'''\n\n[retention]\ndeleted_days = 7\narchived_days = 9\n",
        ),
    ] {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, before).unwrap();
        let place = kept(&path, of(9, 7)).await.unwrap_or_else(|why| panic!("{before:?}: {why:?}"));
        let written = std::fs::read_to_string(&path).unwrap();
        let lines = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&written), lines(after), "{before:?}: {written}");
        assert_eq!(place, path.display().to_string());
        kept(&path, of(9, 7)).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written, "written once");
    }
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    kept(&path, of(0, 1)).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_cannot_be_changed_without_a_doubt_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    for (odd, why) in [
        ("retention = { archived_days = 1 }\n", "is written in a way that is not changed here"),
        ("retention.archived_days = 1\n", "is written in a way that is not changed here"),
        ("[retention]\narchived_days = 'x'\n", "cannot be read"),
        ("[retention\n", "cannot be read"),
        ("[[retention]]\narchived_days = 1\n", "cannot be read"),
    ] {
        std::fs::write(&path, odd).unwrap();
        let (sentence, hint) = kept(&path, of(9, 7)).await.expect_err(odd);
        assert!(sentence.contains(why) && hint.contains("by hand"), "{odd:?}: {sentence} {hint}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), odd);
    }
    // A folder that may not be written into, and one that is a file.
    let (sentence, hint) = kept(&path.join("config.toml"), of(9, 7)).await.unwrap_err();
    assert!(
        sentence.contains("cannot be kept in") && hint.contains("nothing was changed"),
        "{sentence} {hint}"
    );
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 1, "no draft is left beside it");
}

/// A configuration is often a link into a folder of one's own, with permissions of one's own.
#[tokio::test]
async fn a_link_stays_a_link_and_permissions_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (own, path) = (dir.path().join("own.toml"), dir.path().join("config.toml"));
    std::fs::write(&own, "# mine\n").unwrap();
    std::fs::set_permissions(&own, PermissionsExt::from_mode(0o640)).unwrap();
    symlink(&own, &path).unwrap();
    kept(&path, of(9, 7)).await.unwrap();
    assert!(path.is_symlink());
    assert!(std::fs::read_to_string(&own).unwrap().contains("archived_days = 9"));
    assert_eq!(std::fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    std::fs::remove_file(&own).unwrap();
    kept(&path, of(9, 7)).await.expect_err("it leads nowhere");
    assert!(path.is_symlink());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(256)) })]

    /// Whatever the file is like: it is written with these rules and nothing else changed, or it is not touched.
    #[test]
    fn a_file_keeps_whatever_else_is_in_it(parts in prop::collection::vec(prop::sample::select(vec![
        "[retention]\n", "archived_days = 3\n", "deleted_days = 4 # four\n", "retention = {}\n", "retention.deleted_days = 1\n",
        "[retention.more]\n", "# [retention]\n", "[run]\n", "steps = 5\n", "\n", "\"retention\".archived_days = 2\n", "x = '''\n", "'''\n",
        "[\"retention\"]\n", "archived_days = 3",
    ]), 0..7), archived in 0..5_u32, deleted in 0..5_u32) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let before = parts.concat();
        std::fs::write(&path, &before).unwrap();
        let came = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(kept(&path, of(archived, deleted)));
        let after = std::fs::read_to_string(&path).unwrap();
        if came.is_err() {
            prop_assert_eq!(after, before);
        } else {
            let table = |text: &str| text.parse::<toml::Table>().unwrap();
            let (mut was, mut is) = (table(&before), table(&after));
            let now = is.remove("retention").unwrap();
            was.remove("retention");
            prop_assert_eq!(was, is);
            let days = |key: &str| now.get(key).and_then(toml::Value::as_integer);
            prop_assert_eq!((days("archived_days"), days("deleted_days")), (Some(i64::from(archived)), Some(i64::from(deleted))));
            for comment in before.lines().filter(|line| line.contains('#')).filter_map(|line| line.split_once('#')) {
                prop_assert!(after.contains(comment.1), "{after}");
            }
        }
    }

    #[test]
    fn days_are_read_as_they_are_written(days in prop::option::of(1..=u32::MAX)) {
        prop_assert_eq!(read_days(&days_typed(days)), Ok(days));
        let (archived, deleted) = Rules { archived_days: days, deleted_days: None }.days();
        prop_assert_eq!(Rules::of_days(archived, deleted).archived_days, days);
    }
}

#[test]
fn in_a_terminal_a_rule_is_changed_and_holds_at_the_next_start() {
    let home = Home::new();
    assert_eq!(home.task(&home.script(serde_json::json!([{"text": "Done."}])), "Do it.", &[]).code, 0);
    let id = home.only();
    home.run(&["sessions", "archive", &id]);
    let own = "# my settings\n[screen]\nbell = false # quiet\n";
    home.config(own);
    let mut screen = Terminal::start(&home, &["--model", "scripted"], 120, 40);
    screen.see("Nothing has happened yet.");
    screen.keys("\t");
    screen.see("i write");
    screen.keys("gs");
    screen.see("[1 All");
    screen.keys("K");
    screen.see("Now they would let nothing go.");
    screen.keys("14");
    screen.see("after 14 days");
    screen.see("Now these rules would let nothing go.");
    screen.keys("\r");
    screen.see("Kept in ");
    let written = std::fs::read_to_string(home.home().join("config/config.toml")).unwrap();
    assert!(written.starts_with(own) && written.contains("archived_days = 14\n"), "{written}");
    screen.keys("6");
    screen.see("kept 14 days");
    pty::leave(&mut screen);
    let shown = home.run(&["config", "show", "--json"]).json();
    assert_eq!(shown["config"]["retention.archived_days"]["value"], "14");
    assert_eq!(shown["config"]["retention.archived_days"]["source"], "config.toml");
    assert_eq!(shown["config"]["screen.bell"]["value"], "false");
}
