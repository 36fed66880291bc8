//! Replay as it runs: through the desk with every other port poisoned, as text, as a recording.

use crate::harness::binary::{Home, is_raw};
use crate::harness::counting::Counting;
use crate::harness::stored::store;
use crate::harness::story;
use crate::harness::terminal::foreign;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tackroom::adapters::engine::memory::Memory;
use tackroom::domain::call::{By, Via};
use tackroom::domain::command::Command;
use tackroom::domain::commit::Commit;
use tackroom::domain::event::Limits;
use tackroom::domain::files::Change;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::listing::{Counts, Query};
use tackroom::domain::message::Draft;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::domain::search::{Found, Progress, Search};
use tackroom::domain::survey::{Chunk, Surveyor};
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::Later;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::clock::Clock;
use tackroom::ports::files::{Files, FilesFault, Kept, PutBack};
use tackroom::ports::index::Index;
use tackroom::ports::live::{Ear, Live};
use tackroom::ports::log::{Log, LogFault};
use tackroom::ports::work::{Claim, Work};
use tackroom::runtime::desk::Desk;
use tackroom::runtime::hand::{Hand, Opening};
use tackroom::runtime::plugs::{Plugs, Settings, Store};
use tackroom::runtime::reading;
use tackroom::ui::app::{App, Look, Start};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::keymap::Keymap;
use tackroom::ui::prepare::prepare;
use tackroom::ui::theme::Theme;
use tackroom::ui::update::{Effect, Msg, update};
use tackroom::ui::widgets::code::Highlighter;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Whoever touches it breaks, and is remembered.
#[derive(Clone, Default)]
struct Poison(Arc<AtomicBool>);

impl Poison {
    fn touched(&self) -> ! {
        self.0.store(true, Ordering::SeqCst);
        panic!("a replay touched what it has no need of")
    }
}

impl Clock for Poison {
    fn now(&self) -> Micros {
        self.touched()
    }
    fn fresh(&self) -> u128 {
        self.touched()
    }
    fn sleep_until(&self, _at: Micros) -> Later<'static, ()> {
        self.touched()
    }
}

impl Work for Poison {
    fn claim(&self, _session: &SessionId) -> Result<Option<Box<dyn Claim>>, LogFault> {
        self.touched()
    }
    fn taken(&self, _session: &SessionId) -> Result<bool, LogFault> {
        self.touched()
    }
    fn bar(&self, _session: &SessionId, _barred: bool) -> Result<(), LogFault> {
        self.touched()
    }
    fn barred(&self, _session: &SessionId) -> Result<bool, LogFault> {
        self.touched()
    }
}

impl Blobs for Poison {
    fn put(&self, _content: Arc<[u8]>) -> Later<'_, Result<Hash, LogFault>> {
        self.touched()
    }
    fn get(&self, _hash: Hash) -> Later<'_, Result<Option<Vec<u8>>, LogFault>> {
        self.touched()
    }
    fn forget(&self, _hash: Hash) -> Later<'_, Result<(), LogFault>> {
        self.touched()
    }
}

impl Files for Poison {
    fn keep<'a>(&'a self, _folder: &'a str, _last: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>> {
        self.touched()
    }
    fn compare<'a>(
        &'a self,
        _folder: &'a str,
        _manifest: Hash,
    ) -> Later<'a, Result<Vec<Change>, FilesFault>> {
        self.touched()
    }
    fn put_back<'a>(
        &'a self,
        _folder: &'a str,
        _changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>> {
        self.touched()
    }
    fn make(&self, _name: &str, _into: Option<&str>) -> Result<String, FilesFault> {
        self.touched()
    }
}

impl Live for Poison {
    fn shout(&self, _session: &SessionId, _draft: Draft) {
        self.touched()
    }
    fn hear(&self, _session: &SessionId) -> Box<dyn Ear> {
        self.touched()
    }
}

impl Index for Poison {
    fn rows(&self, _query: Query) -> Later<'_, Result<Vec<Row>, LogFault>> {
        self.touched()
    }
    fn row<'a>(&'a self, _session: &'a SessionId) -> Later<'a, Result<Option<Row>, LogFault>> {
        self.touched()
    }
    fn counts(&self, _query: Query) -> Later<'_, Result<Counts, LogFault>> {
        self.touched()
    }
    fn search(&self, _search: Search) -> Later<'_, Result<Found, LogFault>> {
        self.touched()
    }
    fn take_up(&self, _ms: u64) -> Later<'_, Result<Progress, LogFault>> {
        self.touched()
    }
}

fn screen(wanted: &SessionId) -> App {
    let look = Look {
        theme: Theme::default(),
        glyphs: GlyphSet::Signs,
        accessible: false,
        no_color: false,
        code: Highlighter::new(),
    };
    let start = Start { model: String::new(), base_url: None, mode: Mode::Auto, limits: Limits::default() };
    let mut app = App::new(ToolBook::default(), start, look, Keymap::default(), Micros(0));
    (app.replay_wanted, app.size) = (Some(wanted.clone()), (120, 40));
    app
}

#[tokio::test]
async fn a_replay_touches_the_log_and_nothing_else() {
    let story = story::done();
    let memory = Memory::new();
    for commit in &story.commits {
        memory.append(commit.clone()).await.unwrap();
    }
    let (poison, log) = (Poison::default(), Arc::new(memory));
    let broken = poison.clone();
    let shared = Arc::new(poison.clone());
    let plugs = Plugs {
        store: Store {
            log: log.clone(),
            work: shared.clone(),
            blobs: shared.clone(),
            live: shared.clone(),
            index: shared.clone(),
        },
        files: shared.clone(),
        clock: shared.clone(),
        rebuild: tackroom::adapters::model::body::rebuilt,
        outfit: Arc::new(move |_: &str, _: &str, _: Option<&str>| broken.touched()), // model, tools and judge come from here
        settings: Settings::default(),
        holder: "replay".to_string(),
    };
    let by = By { name: "ada".to_string(), via: Via::Screen };
    let hand = Hand::new(log, shared.clone(), Settings::default(), ToolBook::default(), by);
    let opening = Opening {
        agent: String::new(),
        workspace: String::new(),
        instructions: String::new(),
        parent: None,
        program: String::new(),
    };
    let (notices_in, mut notices) = mpsc::channel(64);
    let (commands, commands_out) = mpsc::channel(64);
    let desk = tokio::spawn(Desk::new(plugs, hand, opening, notices_in).serve(commands_out));
    let mut app = screen(&story.session.id);
    commands.send(Command::Replay(story.session.id.clone())).await.unwrap();
    let mut now = Micros(0);
    while !app.playback.as_ref().is_some_and(|playback| playback.is_over()) {
        let msg = if app.playback.as_ref().is_none_or(|playback| playback.waits()) {
            let notice = tokio::time::timeout(Duration::from_secs(20), notices.recv()).await;
            Msg::Notice(notice.expect("in time").expect("the desk is there"))
        } else {
            now = now.plus_ms(200);
            Msg::Tick
        };
        for effect in update(&mut app, msg, now) {
            let Effect::Send(command) = effect else { panic!("{effect:?}") };
            commands.send(command).await.unwrap();
        }
        prepare(&mut app);
    }
    assert_eq!(app.session().unwrap().last, story.session.last);
    assert_eq!(app.session().unwrap().status(), story.session.status());
    drop((commands, notices));
    desk.await.unwrap();
    assert!(!poison.0.load(Ordering::SeqCst));
}

/// Cause: a page was read in steps of 256 commits, whatever it needed: up to half as much again, in each seek.
#[tokio::test]
async fn a_page_is_read_from_its_own_commits_and_no_other() {
    let story = story::long(300);
    let (memory, count) = (Memory::new(), Arc::new(AtomicU64::new(0)));
    for commit in &story.commits {
        memory.append(commit.clone()).await.unwrap();
    }
    let mut surveyor = Surveyor::new(story.session.id.clone());
    let mut chunks: Vec<Chunk> = story.commits.iter().flat_map(|commit| surveyor.take(commit)).collect();
    chunks.extend(surveyor.rest());
    assert!(chunks.len() > 4);
    let log: Arc<dyn Log> = Arc::new(Counting::new(&memory, &count));
    let (notices_in, mut notices) = mpsc::channel(4);
    let told = story.events();
    let mut told = told.as_slice();
    for Chunk { place, after, until, times, .. } in chunks {
        count.store(0, Ordering::SeqCst);
        let asked = (story.session.id.clone(), place, after..until);
        reading::page(log.clone(), asked, notices_in.clone(), CancellationToken::new()).await;
        let Some(Notice::Page { events, .. }) = notices.recv().await else { panic!("page {place}") };
        let (here, later) = told.split_at(times.len());
        told = later;
        assert_eq!(events.as_slice(), here, "page {place}");
        let holding = |commit: &&Arc<Commit>| {
            commit.events.iter().any(|sealed| here.iter().any(|event| event.no == sealed.event.no))
        };
        let own = story.commits.iter().filter(holding).count() as u64;
        assert_eq!(count.load(Ordering::SeqCst), own, "page {place}: the commits that hold its events");
    }
    assert!(told.is_empty(), "every event is in a page");
}

fn demo(home: &Home) -> String {
    let ran = home.run(&["demo", "--headless"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    for args in [
        &["approve", &id, home.pending()[0]["call"].as_str().unwrap(), "--yes"][..],
        &["resume", &id, "--headless"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    id
}

#[test]
fn a_run_is_told_as_text() {
    let home = Home::new();
    let id = demo(&home);
    let ran = home.run(&["replay", &id, "--headless"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.is_clean();
    for words in ["task", "model", "call         c1 ", "Approved", "RunEnded"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let paced = home.run(&["replay", &id, "--headless", "--speed", "max"]);
    assert_eq!(paced.out, ran.out);
    let part = home.run(&["replay", &id, "--headless", "--at", "12"]);
    assert!(part.out.len() < ran.out.len() && ran.out.ends_with(&part.out), "{}", part.out);
    for (args, words) in [
        (&["--speed", "3"][..], "there is no speed \"3\""),
        (&["--at", "99999"], "has no event 99999"),
        (&["--cast", "-", "--size", "9x9"], "\"9x9\" is no size"),
    ] {
        let ran = home.run(&[&["replay", &id][..], args].concat());
        assert!(ran.code == 2 && ran.err.contains(words), "{ran:?}");
    }
}

#[test]
fn a_recording_shows_what_the_screen_showed() {
    let home = Home::new();
    let id = demo(&home);
    let file = home.path("run.cast");
    let cast = |file: &str| home.run(&["replay", &id, "--cast", file, "--size", "100x30", "--speed", "1"]);
    let ran = cast(&file.display().to_string());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.is_clean();
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let header = lines.next().unwrap();
    assert_eq!(
        (&header["version"], &header["width"], &header["height"]),
        (&2.into(), &100.into(), &30.into())
    );
    let mut terminal = vt100::Parser::new(30, 100, 0);
    let (mut last, mut frames, mut seen) = (0.0, 0, Vec::new());
    for line in lines {
        let (at, kind) = (line[0].as_f64().unwrap(), line[1].as_str().unwrap());
        assert!(at >= last && kind == "o", "{line}");
        last = at;
        frames += 1;
        terminal.process(line[2].as_str().unwrap().as_bytes());
        seen.push(terminal.screen().contents());
    }
    assert!(frames > 40 && last < 60.0, "{frames} frames, {last} s");
    assert_eq!(terminal.screen().size(), (30, 100));
    let end = &seen[seen.len() - 1];
    for words in ["Conversation", "Timeline", "paused 1x", "done"] {
        assert!(end.contains(words), "{words}: {end}");
    }
    assert!(seen.iter().any(|screen| screen.contains("waits for you")), "the approval is in it");
    assert!(seen.iter().any(|screen| screen.contains("playing 1x")));
    // The same session gives the same file; one that is there is not written over.
    let again = cast("-");
    assert!(again.out == text, "recorded twice, and different");
    let ran = cast(&file.display().to_string());
    assert!(ran.code == 2 && ran.err.contains("not there yet"), "{ran:?}");
}

/// Cause: a recording could be read by everybody, and one that failed midway left its part, so that the next try was refused.
#[test]
fn a_recording_is_whole_and_private_or_not_there() {
    let home = Home::new();
    let id = demo(&home);
    let file = home.path("run.cast");
    let program = env!("CARGO_BIN_EXE_tackroom");
    let recorded = |before: &str| {
        let line =
            format!("{before} exec {program} replay {id} --cast {} --speed 1 --size 200x60", file.display());
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &line]);
        home.dress(&mut command);
        crate::harness::binary::finish(command, b"")
    };
    recorded("ulimit -f 80;").fails(1, &["large"]); // no file may grow beyond so many blocks: as on a full disk
    assert!(!file.exists(), "a part is no recording");
    assert_eq!(recorded("umask 022;").code, 0);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

/// T1, T2: of what is in a session, nothing is an order to the terminal that a recording is played in.
#[test]
fn a_recording_holds_no_order_of_somebody_else() {
    let home = Home::new();
    let mut story = crate::screens::hostile::told("h0h0h0h0h0");
    story.order(Order::Reject { call: CallId(3), reason: story.session.title.clone() }).reply(9, "So.", &[]);
    store(&home, &[&story.commits], &[]);
    for size in ["100x30", "41x16"] {
        let ran = home.run(&["replay", "h0h", "--cast", "-", "--size", size, "--speed", "max"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let mut lines = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let header = lines.next().unwrap();
        assert!(!header["title"].as_str().unwrap().chars().any(is_raw), "{header}");
        let bytes: String = lines.map(|line| line[2].as_str().unwrap().to_string()).collect();
        // What joins the people of one emoji is part of it, and the only thing unseen.
        let foreign: Vec<String> =
            foreign(bytes.as_bytes()).into_iter().filter(|one| one != "printed 200d").collect();
        assert_eq!(foreign, Vec::<String>::new(), "{size}");
        assert!(bytes.contains('␛') || bytes.contains("<U+202E>"), "{size}: it is shown as what it is");
    }
}
