//! The real workbench in a real terminal: what a person does at it, every way out of it, and nothing foreign ever sent to it.

use crate::harness::binary::{Home, Running, until};
use crate::harness::cases::cases;
use crate::harness::promise;
use crate::harness::terminal::{Terminal, foreign, sequences};
use rustix::process::Signal;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tackroom::ui::screen;
use tokio::sync::mpsc::channel;

/// What the panel says when its keys count; the key line below names them without this much room.
const READY: &str = "y approve   e edit";
/// What the panel is called.
const PANEL: &str = "Your decision";
const STILL: Duration = Duration::from_millis(150);

/// A write that waits, then a last word.
fn one_write(home: &Home) -> String {
    let write = json!({"tool": "write_file", "args": {"path": "out.txt", "content": "hello"}});
    home.script(json!([{"text": "I write.", "calls": [write]}, {"text": "All is said."}]))
}

/// The workbench at a call that waits and may be decided.
pub fn held(home: &Home, columns: u16, rows: u16) -> Terminal {
    let model = one_write(home);
    let mut screen = Terminal::start(home, &["run", "Write it.", "--model", &model], columns, rows);
    read_to_the_end(&mut screen);
    screen
}

/// Scrolls the panel until it may be decided.
pub fn read_to_the_end(screen: &mut Terminal) {
    screen.see(PANEL);
    let began = Instant::now();
    while !screen.text().contains(READY) {
        assert!(began.elapsed() < Duration::from_secs(30), "never ready:\n{}", screen.text());
        screen.keys("\x04");
        screen.still(Duration::from_millis(40));
    }
}

pub fn written(home: &Home) -> Option<String> {
    std::fs::read_to_string(home.ws().join("out.txt")).ok()
}

/// Leaves with Ctrl-C twice.
pub fn leave(screen: &mut Terminal) {
    screen.keys("\x03");
    screen.see("again to leave");
    screen.keys("\x03");
    assert_eq!(screen.end(), 0, "{}", screen.text());
    assert_eq!(screen.leftovers(), Vec::<String>::new());
}

#[test]
fn the_first_screen_is_seen_and_left() {
    let home = Home::new();
    let model = one_write(&home);
    let mut screen = Terminal::start(&home, &["--model", &model], 120, 40);
    screen.see("scripted");
    screen.still(STILL);
    leave(&mut screen);
}

#[test]
fn the_demo_goes_through_by_hand_and_typing_decides_nothing() {
    let home = Home::new();
    let mut screen = Terminal::start(&home, &["demo"], 120, 40);
    screen.see(PANEL);
    screen.keys("i");
    screen.keys("yes, y and n and e and a\x1b[200~y\ny\n\x1b[201~yyy");
    screen.see("yyy");
    screen.still(Duration::from_millis(500));
    assert_eq!(home.pending().len(), 1, "typing decided: {}", screen.text());
    screen.keys("\x1b");
    screen.see("read to the end"); // Esc was taken alone: with the next byte it would be another key
    read_to_the_end(&mut screen);
    screen.keys("y");
    screen.see("The report is at");
    until("it is done", || home.sessions()[0]["status"] == "done");
    let demo = std::fs::read_dir(home.home().join("cache/demo")).unwrap().next().unwrap().unwrap().path();
    assert!(demo.join("report.md").exists());
    assert_eq!(foreign(&screen.raw()), Vec::<String>::new());
    leave(&mut screen);
}

#[test]
fn the_demo_tells_the_truth_after_a_rejection() {
    let home = Home::new();
    let mut screen = Terminal::start(&home, &["demo"], 120, 40);
    screen.see(PANEL);
    read_to_the_end(&mut screen);
    screen.keys("n");
    screen.see("Enter answers");
    screen.keys("too long\r");
    screen.see("The report was not written");
    screen.see("Reason: too long");
    until("it is done", || home.sessions()[0]["status"] == "done");
    assert!(!screen.text().contains("The report is at"), "{}", screen.text());
    leave(&mut screen);
}

#[test]
fn a_call_is_edited_and_approved_as_edited() {
    let home = Home::new();
    let mut screen = held(&home, 120, 40);
    screen.keys("e");
    screen.see("approve as edited"); // it is told once it counts
    // To the last quote of the content, wherever the editor begins.
    screen.keys("\x1b[B\x1b[B\x1b[F\x1b[D by hand");
    screen.see("hello by hand");
    screen.keys("\x13");
    screen.see("All is said.");
    until("it is written", || written(&home).as_deref() == Some("hello by hand"));
    leave(&mut screen);
}

#[test]
fn a_call_is_rejected_with_a_reason_that_the_model_reads() {
    let home = Home::new();
    let mut screen = held(&home, 100, 30);
    screen.keys("n");
    screen.see("Enter answers");
    screen.keys("not this y\r");
    screen.see("All is said.");
    until("it is over", || home.sessions()[0]["status"] == "done");
    assert_eq!(written(&home), None);
    assert!(home.events(&home.only()).concat().contains("\"reason\":\"not this y\""));
    leave(&mut screen);
}

#[test]
fn sizes_change_without_leftovers() {
    let home = Home::new();
    let mut screen = held(&home, 120, 40);
    for (columns, rows) in [(80, 24), (40, 15), (200, 50), (20, 5), (120, 40), (81, 25), (120, 40)] {
        screen.resize(columns, rows);
        screen.still(STILL);
        assert_eq!(home.pending().len(), 1);
        screen.see_no_more("keys count");
        let drawn = letters(&screen.text());
        screen.keys("\x0c");
        screen.still(STILL);
        assert_eq!(drawn, letters(&screen.text()), "drawn anew, {columns}x{rows} looks otherwise");
    }
    read_to_the_end(&mut screen);
    screen.keys("y");
    screen.see("All is said.");
    assert_eq!(foreign(&screen.raw()), Vec::<String>::new());
    leave(&mut screen);
}

/// A screen without what passing time changes.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit() && !" .ms─━┄█▏▎▍▌▋▊▉".contains(*c)).collect()
}

#[test]
fn killed_while_it_holds_the_same_call_waits_in_the_next_process() {
    let home = Home::new();
    let screen = held(&home, 120, 40);
    let before = home.pending();
    screen.signal(Signal::KILL);
    drop(screen);
    assert_eq!(home.pending(), before);
    let id = home.only();
    let mut screen = Terminal::start(&home, &["resume", &id], 80, 24);
    read_to_the_end(&mut screen);
    assert_eq!(home.pending(), before);
    screen.keys("y");
    screen.see("All is said.");
    assert_eq!(written(&home).as_deref(), Some("hello"));
    leave(&mut screen);
}

#[test]
fn a_screen_watches_and_answers_a_run_of_another_process() {
    let home = Home::new();
    let model = one_write(&home);
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "wait", "--model", &model];
    let mut run = Running::start(home.command(&args));
    run.line_with("\"word\":\"ask\"");
    let id = home.only();
    let mut screen = Terminal::start(&home, &["--session", &id[..5]], 120, 40);
    screen.see(PANEL);
    if !screen.text().contains(READY) {
        screen.keys("4");
    }
    read_to_the_end(&mut screen);
    screen.keys("y");
    run.line_with("\"RunEnded\"");
    assert_eq!(run.end().code, 0);
    screen.see("All is said.");
    assert_eq!(written(&home).as_deref(), Some("hello"));
    leave(&mut screen);
}

#[test]
fn a_third_process_answers_what_two_others_show() {
    let home = Home::new();
    let model = one_write(&home);
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "wait", "--model", &model];
    let mut run = Running::start(home.command(&args));
    run.line_with("\"word\":\"ask\"");
    let id = home.only();
    let mut screen = Terminal::start(&home, &["--session", &id], 120, 40);
    screen.see(PANEL);
    let ran = home.run(&["approve", &id, "c1", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    run.line_with("\"RunEnded\"");
    assert_eq!(run.end().code, 0);
    screen.see("All is said.");
    screen.see_no_more(READY);
    leave(&mut screen);
}

/// What no terminal may get from a model or a tool.
const FOREIGN: &str = "A\u{1b}]52;c;cHduZWQ=\u{7}B\u{1b}]0;PWNED\u{7}C\u{1b}[2;3rD\u{1b}[?1337hE\u{1b}[6nF\u{1b}cG\u{1b}P1$qm\u{1b}\\H\u{9b}5iI\u{9d}0;PWNED\u{9c}J\u{202e}K\u{200b}L\u{e}M\u{8}N\u{1b}_x\u{1b}\\O\u{2028}P\u{e0041}Q";

#[test]
fn nothing_foreign_reaches_the_terminal() {
    let home = Home::new();
    std::fs::write(home.ws().join("odd.txt"), FOREIGN).unwrap();
    let slow = json!({"chars_per_s": 300});
    let model = home.script(json!([
        {"text": format!("# {FOREIGN}\n\n`{FOREIGN}`\n\n```rust\n{FOREIGN}\n```\n| a | {FOREIGN} |\n|---|---|\n[l](http://{FOREIGN})"),
         "reasoning": FOREIGN, "pace": slow,
         "calls": [{"tool": "read_file", "args": {"path": "odd.txt"}},
                   {"tool": "run_command", "args": {"argv": ["cat", "odd.txt", FOREIGN]}},
                   {"tool": FOREIGN, "args": {}},
                   {"tool": "write_file", "args": {"path": format!("{FOREIGN}.txt"), "content": FOREIGN}}]},
        {"text": format!("All is said. {FOREIGN}"), "pace": slow},
    ]));
    let mut screen = Terminal::start(&home, &["run", FOREIGN, "--model", &model], 120, 40);
    read_to_the_end(&mut screen);
    for keys in ["z", "z", "2", "\r", "3", "\r", "4"] {
        screen.keys(keys);
        screen.still(Duration::from_millis(40));
    }
    until("all is decided", || {
        if screen.text().contains(READY) {
            screen.keys("n");
            screen.still(Duration::from_millis(60));
            screen.keys("no\r");
        } else if screen.text().contains("Enter answers") {
            screen.keys("no\r");
        } else if screen.text().contains("read to the end") {
            screen.keys("\x04");
        }
        screen.still(Duration::from_millis(60));
        home.sessions()[0]["status"] == "done"
    });
    screen.see("All is said.");
    for keys in ["1", "j", "\r", "k", "\r", "2", "\r", "3", "\r", "gs", "\x1b", "gr", "\x1b", "?", "\x1b"] {
        screen.keys(keys);
        screen.still(Duration::from_millis(30));
    }
    assert_eq!(foreign(&screen.raw()), Vec::<String>::new());
    let titles =
        sequences(&screen.raw()).into_iter().filter(|one| one.starts_with("OSC 0")).collect::<Vec<_>>();
    assert!(!titles.is_empty() && titles.iter().all(|title| !title.starts_with("OSC 0;PWNED")), "{titles:?}");
    leave(&mut screen);
    let id = home.only();
    for verb in [
        &["events", &id, "--json"][..],
        &["sessions", "show", &id, "--json"],
        &["events", &id],
        &["pending", "--json"],
    ] {
        let mut shown = Terminal::start(&home, verb, 120, 40);
        assert_eq!(shown.end(), 0);
        assert_eq!(foreign(&shown.raw()), Vec::<String>::new(), "{verb:?}");
    }
    promise::kept(
        "T1/T2",
        format!(
            "{} characters of orders to a terminal in every field, whole and in pieces: 0 got through",
            FOREIGN.chars().count()
        ),
    );
}

/// The ways out.
const EXITS: [&str; 7] =
    ["keys", "TERM", "HUP", "INT", "keys in an overlay", "keys while it streams", "panic"];

#[test]
fn every_exit_restores_the_terminal() {
    let exits = cases(100);
    let next = AtomicUsize::new(0);
    let counts = Mutex::new([0_u32; EXITS.len()]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= exits {
                        return;
                    }
                    leave_by(number);
                    counts.lock().unwrap()[number % EXITS.len()] += 1;
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    let told: Vec<String> =
        EXITS.iter().zip(counts).map(|(kind, count)| format!("{count} by {kind}")).collect();
    promise::kept("T3", format!("{exits} exits ({}), 0 leftover modes", told.join(", ")));
}

fn leave_by(number: usize) {
    let home = Home::new();
    let kind = EXITS[number % EXITS.len()];
    let slow = json!([{"text": "words and ".repeat(400), "pace": {"chars_per_s": 200}}]);
    let model = if kind == "keys while it streams" { home.script(slow) } else { one_write(&home) };
    let (columns, rows) = [(120, 40), (80, 24), (40, 15), (200, 50)][number % 4];
    if kind == "panic" {
        return panics(&home, columns, rows);
    }
    let begin = (number / EXITS.len()).is_multiple_of(2) || kind == "keys while it streams";
    let run = ["run", "Write it.", "--model", &model];
    let open = ["--model", &model];
    let mut screen = Terminal::start(&home, if begin { &run[..] } else { &open[..] }, columns, rows);
    match (kind, begin) {
        ("keys while it streams", _) => screen.see("words and words"),
        (_, true) => screen.see(PANEL),
        (_, false) => screen.so("a first screen", |text| text.contains("scripted") && text.contains('│')),
    }
    if kind == "keys in an overlay" {
        screen.keys(["?", "\x10", "gs"][number % 3]);
        screen.still(STILL);
    }
    let signal = match kind {
        "TERM" => Some(Signal::TERM),
        "HUP" => Some(Signal::HUP),
        "INT" => Some(Signal::INT),
        _ => None,
    };
    match signal {
        Some(signal) => screen.signal(signal),
        None => screen.keys("\x03\x03"),
    }
    let code = screen.end();
    assert_eq!(code, if signal.is_some() { 130 } else { 0 }, "{number} {kind}: {}", screen.text());
    assert_eq!(screen.leftovers(), Vec::<String>::new(), "{number} {kind}");
    assert_eq!(written(&home), None);
}

/// A screen that breaks: this very test binary runs one whose clock breaks.
fn panics(home: &Home, columns: u16, rows: u16) {
    let own = std::env::current_exe().unwrap().display().to_string();
    let argv = [&own, "--exact", "pty::a_screen_that_panics", "--ignored", "--nocapture"];
    let mut screen = Terminal::with(home, &argv, columns, rows, &[("TACKROOM_TEST_PANIC", "1")]);
    assert_ne!(screen.end(), 0);
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    let told = raw.rfind("the clock broke").expect("the panic is told");
    let left = raw.rfind("\u{1b}[?1049l");
    assert!(
        left.is_some_and(|left| left < told),
        "told before the screen was left, or the screen was left twice"
    );
    assert_eq!(screen.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "run by another test in a terminal of its own"]
fn a_screen_that_panics() {
    if std::env::var_os("TACKROOM_TEST_PANIC").is_none() {
        return;
    }
    let app = crate::screens::empty(crate::screens::look());
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = AtomicUsize::new(0);
    let now = move || {
        assert!(asked.fetch_add(1, Ordering::Relaxed) < 5, "the clock broke");
        crate::harness::story::START
    };
    let (tell, notices) = channel(64);
    let (commands, _heard) = channel(64);
    for _ in 0..40 {
        tell.try_send(tackroom::domain::notice::Notice::Listed(Box::default())).unwrap();
    }
    let _ = rt.block_on(screen::run(app, notices, commands, now));
}

#[test]
fn it_works_under_tmux() {
    if std::env::var("TACKROOM_HAVE_TMUX").as_deref() != Ok("1") {
        println!("unproven: T3 every exit restores the terminal, under tmux: TACKROOM_HAVE_TMUX is not 1");
        return;
    }
    let home = Home::new();
    let model = one_write(&home);
    let socket = home.path("tmux").display().to_string();
    let tmux = |args: &[&str]| {
        let mut command = std::process::Command::new("tmux");
        command.args(["-S", &socket, "-f", "/dev/null"]).args(args);
        home.dress(&mut command);
        let ran = crate::harness::binary::finish(command, b"");
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    };
    let program = env!("CARGO_BIN_EXE_tackroom");
    tmux(&["new-session", "-d", "-x", "120", "-y", "40", "sh"]);
    let shown = |words: &str| until(words, || tmux(&["capture-pane", "-p"]).contains(words));
    tmux(&["send-keys", &format!("{program} run 'Write it.' --model {model}"), "Enter"]);
    shown(PANEL);
    for (columns, rows) in [("80", "24"), ("40", "15"), ("120", "40")] {
        tmux(&["resize-window", "-x", columns, "-y", rows]);
        shown(PANEL);
    }
    shown(READY);
    tmux(&["send-keys", "y"]);
    shown("All is said.");
    tmux(&["send-keys", "C-c"]);
    tmux(&["send-keys", "C-c"]);
    shown("is done");
    tmux(&["send-keys", "echo typed-$((40+2))", "Enter"]);
    shown("typed-42");
    let flags =
        tmux(&["display-message", "-p", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}#{mouse_sgr_flag}"]);
    assert_eq!(flags.trim(), "0010", "the alternate screen, the mouse and the cursor are as before");
    tmux(&["kill-server"]);
    assert_eq!(written(&home).as_deref(), Some("hello"));
}
