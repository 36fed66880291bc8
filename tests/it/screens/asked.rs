//! What is asked for, typed and waited for, at every size: the editors, the lines of the sessions screen, a search that runs,
//! and what of the inbox cannot be shown.

use super::{SIZES, draw, look, press, row, shoot, tell, watching};
use crate::harness::many::{Many, three};
use crate::harness::story::{self, START, Story};
use crate::harness::{shelf, shot};
use serde_json::json;
use tackroom::domain::call::Preview;
use tackroom::domain::command_part::Script;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::SessionId;
use tackroom::domain::listing::Query;
use tackroom::domain::marks::Mark;
use tackroom::domain::notice::Notice;
use tackroom::domain::policy::Word;
use tackroom::domain::reach::{reached, shown};
use tackroom::domain::retention::{Due, Rules};
use tackroom::domain::search::{Found, Progress};
use tackroom::domain::tool_spec::Touch;
use tackroom::ui::app::{App, Look};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::parts::Overlay;

/// A held session with the list of it and others: one archived, one in the bin.
fn with_sessions() -> App {
    let held = story::held();
    let mut app = watching(&held, look());
    app.library.kept_days = (30, 7);
    let mut rows = vec![row(&held), row(&story::unknown()), row(&story::stopped())];
    rows[1].marks.apply(&Mark::Archive, START);
    rows[2].marks.apply(&Mark::Delete, START);
    shelf::keep(rows);
    let counted = shelf::listed(&Query::default());
    tell(&mut app, Notice::Listed(Box::new(counted)), held.now.plus_ms(4_000_000));
    app
}

/// The panel, read to its end at whatever size it has.
fn read(app: &mut App) {
    press(app, "4");
    draw(app, SIZES[3]);
    while app.unseen() > 0 {
        press(app, "PageDown");
        draw(app, SIZES[3]);
    }
}

#[test]
fn the_argument_editor_and_that_of_a_fork() {
    let mut app = watching(&story::held(), look());
    read(&mut app);
    press(&mut app, "e");
    shoot(&mut app, "editor");
    press(&mut app, "Down Down End , x");
    shoot(&mut app, "editor_fault");
    let mut app = watching(&story::held(), look());
    press(&mut app, "1 f Down Enter");
    shoot(&mut app, "editor_fork");
}

#[test]
fn a_line_for_a_shell_is_shown_part_by_part() {
    let line = "git add -A && git commit -m 'notes; and $(more)' | tee -a log.txt\n\
                sudo env A=1 rm -rf \"$BUILD\" && python3 tools/publish.py --to \"$(cat < host)\" > out.txt";
    let argv: Vec<String> = ["sh", "-c", line].map(str::to_string).to_vec();
    let mut story = Story::new("5hell1ine5", "Publish");
    story.task("Publish the notes.").reply(900, "Publishing.", &[("shell", json!({"shell": line}))]);
    let touches = reached(&[Touch::Command { argv: argv.clone() }], "/srv/notes", ".");
    let script = |path: &str, text: &str, sealed| Script {
        path: path.to_string(),
        size: text.len() as u64,
        hash: Hash::of(text.as_bytes()),
        head: text.to_string(),
        sealed,
    };
    let preview = Preview::Command {
        parts: shown(&argv),
        argv,
        cwd: "/srv/notes".to_string(),
        sandbox: "writes only the workspace · no network".to_string(),
        scripts: vec![
            script("tools/publish.py", "import sys\nprint(\"to\", sys.argv[2])", true),
            script("tools/old.sh", "echo \u{202e}old", false),
        ],
    };
    let touches = touches.into_iter().map(|found| found.touch).collect();
    story.judge(1, Word::Ask, "command", "It runs a program, which the sandbox holds.", touches, preview);
    let mut app = watching(&story, look());
    press(&mut app, "4 z");
    shoot(&mut app, "shell_line");
    press(&mut app, "G");
    shoot(&mut app, "shell_line_end");
}

#[test]
fn the_retention_rules() {
    let mut app = with_sessions();
    press(&mut app, "1 g s K");
    let now = app.now;
    let weighed = |app: &mut App, binned, purged| {
        let asked = |over: &Overlay| if let Overlay::Keeping(page) = over { page.asked } else { None };
        let rules = app.over.iter().find_map(asked);
        let due = Ok(Due { binned, purged });
        tell(app, Notice::Weighed { rules: rules.expect("it was asked for"), due }, now);
    };
    shoot(&mut app, "retention_counting");
    weighed(&mut app, 0, 0);
    shoot(&mut app, "retention");
    press(&mut app, "n e v e r Tab 3");
    weighed(&mut app, 0, 12);
    press(&mut app, "Enter");
    shoot(&mut app, "retention_asked");
    press(&mut app, "x");
    shoot(&mut app, "retention_fault");
    press(&mut app, "Backspace Enter Enter");
    let why = (
        "The rules cannot be kept in config.toml: permission denied\u{202e}.".to_string(),
        "mend it".to_string(),
    );
    let rules = Rules { archived_days: None, deleted_days: Some(3) };
    tell(&mut app, Notice::Kept { rules, place: Err(why) }, now);
    shoot(&mut app, "retention_failed");
    let mut app = with_sessions();
    app.look = Look { glyphs: GlyphSet::Words, accessible: true, no_color: true, ..look() };
    press(&mut app, "1 g s K");
    weighed(&mut app, 1, 2);
    shoot(&mut app, "retention_aloud");
}

#[test]
fn the_lines_of_the_sessions_that_are_typed_into() {
    for (keys, name) in [
        ("r", "sessions_rename"),
        ("e", "sessions_export"),
        ("7 X", "sessions_purge"),
        ("6", "sessions_archived"),
        ("7", "sessions_bin"),
    ] {
        let mut app = with_sessions();
        press(&mut app, "1 g s");
        press(&mut app, keys);
        shoot(&mut app, name);
    }
}

#[test]
fn a_search_that_runs_finds_nothing_and_fails() {
    let mut app = with_sessions();
    press(&mut app, "1 g s s n o t e s");
    shoot(&mut app, "search_runs");
    let (search, now) = (app.library.texts.asked.clone().expect("it was asked for"), app.now);
    let (sentence, hint) =
        ("The texts cannot be searched: the disk is gone.".to_string(), "doctor".to_string());
    tell(&mut app, Notice::NotSearched { search: search.clone(), sentence, hint }, now);
    shoot(&mut app, "search_failed");
    let found = Found { progress: Progress { done: 9, all: 9 }, ..Found::default() };
    tell(&mut app, Notice::Found { search, found: Box::new(found) }, now);
    shoot(&mut app, "search_nothing");
}

/// Snapshots an inbox as each size makes it.
fn each(name: &str, stories: impl Fn() -> Vec<Story>, made: impl Fn(&mut Many)) {
    for size in SIZES {
        let mut many = Many::open(stories(), size);
        made(&mut many);
        let name = format!("{name}_{}x{}", size.0, size.1);
        let buffer = many.screen.draw();
        shot::dump(&buffer, &name);
        insta::assert_snapshot!(name, shot::text(&buffer));
    }
}

fn alone() -> Vec<Story> {
    let mut left = Story::new("l3ftsq0000", "Left alone");
    left.task("Go.").ask();
    vec![left]
}

/// Each of the three is read and marked to be approved.
fn marked(many: &mut Many) {
    for _ in 0..3 {
        many.press("Enter PageDown PageDown PageDown PageDown PageDown Esc y j");
    }
}

#[test]
fn what_the_inbox_asks_and_cannot_show() {
    each("inbox_reason", three, |many| {
        many.press("j n").write("not on a Friday");
    });
    each("inbox_left", alone, |many| {
        many.left = true;
        many.tell();
    });
    each("inbox_unread", three, |many| {
        many.screen.press("j");
        many.screen.commands();
        let session = SessionId("c0mmandsq2".to_string());
        let (sentence, hint) =
            ("c0mmandsq2 cannot be read: the disk is gone.".to_string(), "verify".to_string());
        many.screen.msg(tackroom::ui::update::Msg::Notice(Notice::NotLooked { session, sentence, hint }));
        many.screen.press("Enter");
    });
    each("inbox_batch_word", three, |many| {
        marked(many);
        many.press("d");
        many.press("PageDown PageDown PageDown PageDown PageDown PageDown").write("destroy");
    });
}

#[test]
fn the_inbox_read_aloud() {
    let aloud = |many: &mut Many| {
        many.screen.app.look = Look { glyphs: GlyphSet::Words, accessible: true, no_color: true, ..look() };
        many.tell();
    };
    each("inbox_hold_aloud", three, |many| {
        aloud(many);
        many.press("j Enter");
        many.screen.tick_ms(500);
    });
    each("inbox_batch_aloud", three, |many| {
        aloud(many);
        marked(many);
        many.press("d");
        many.screen.tick_ms(500);
    });
}
