//! The survey that is kept beside a log: it spares the reading, and is believed only where it fits.

use crate::harness::cases::cases;
use crate::harness::counting::Counting;
use crate::harness::story::{self, Story};
use crate::harness::world::FakeClock;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig as Config, any, prop_assert_eq, proptest};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tackroom::adapters::engine::memory::Memory;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::domain::call::{By, Via};
use tackroom::domain::commit::{Class, Commit};
use tackroom::domain::ids::CommitId;
use tackroom::domain::notice::Notice;
use tackroom::domain::packed::{Model, Source, patched, put, put_signed};
use tackroom::domain::retention::Rules;
use tackroom::domain::survey::{CHUNK, Chunk};
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::log::Log;
use tackroom::runtime::hand::Hand;
use tackroom::runtime::plugs::{Settings, Store};
use tackroom::runtime::reading;
use tackroom::runtime::upkeep::keep_up;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Longer than what is surveyed as quickly as a kept survey is read.
fn told() -> Story {
    story::long(400)
}

async fn filled(commits: &[Arc<Commit>]) -> Memory {
    let memory = Memory::new();
    for commit in commits {
        memory.append(commit.clone()).await.unwrap();
    }
    memory
}

/// Everything of a chunk that is told.
fn words(chunk: &Chunk) -> String {
    let Chunk { place, after, until, follows: _, core, times, marks, waits } = chunk;
    format!("{place} {after}..{until} {:?} {times:?} {marks:?} {waits:?}", core.open().expect("a core"))
}

/// Opens a session: what is told of it, and how many commits were read for that.
async fn opened(memory: &Memory) -> (Vec<String>, u64) {
    let count = Arc::new(AtomicU64::new(0));
    let log: Arc<dyn Log> = Arc::new(Counting::new(memory, &count));
    let (notices_in, mut notices) = mpsc::channel(4);
    let id = told().session.id;
    let survey = tokio::spawn(reading::survey(log, id, notices_in, CancellationToken::new()));
    let mut chunks = Vec::new();
    while let Some(notice) = notices.recv().await {
        if let Notice::Surveyed { chunk, .. } = notice {
            chunks.push(words(&chunk));
        }
    }
    survey.await.unwrap(); // what is to be kept is kept
    (chunks, count.load(Ordering::SeqCst))
}

/// Cause: a session was read from its first event whenever it was opened, and a jump past what was read waited for it.
#[tokio::test]
async fn a_session_that_was_surveyed_is_not_read_again() {
    let story = told();
    let all = story.commits.len() as u64;
    let memory = filled(&story.commits).await;
    let (first, read) = opened(&memory).await;
    assert_eq!((first.len() as u64, read), ((story.events().len() as u64).div_ceil(CHUNK), all));
    let (second, read) = opened(&memory).await;
    assert!(second == first, "the same is told");
    // The beginning, for the first screen; one commit that must be the same; the end, which is not kept.
    assert!(read <= CHUNK + 1 + 2 * CHUNK, "{read} of {all} commits were read");
    println!("{all} commits, then {read}");
}

/// Cause: who replayed a long session for the first time waited for its survey before a jump to its end.
#[tokio::test]
async fn what_was_surveyed_beforehand_is_not_read_again() {
    let story = told();
    let memory = filled(&story.commits).await;
    let (log, id): (Arc<dyn Log>, _) = (Arc::new(memory.clone()), story.session.id.clone());
    reading::beforehand(log, id, CancellationToken::new()).await;
    let (chunks, read) = opened(&memory).await;
    assert_eq!(chunks.len() as u64, (story.events().len() as u64).div_ceil(CHUNK));
    assert!(read <= CHUNK + 1 + 2 * CHUNK, "{read} of {} commits were read", story.commits.len());
    assert!(chunks == opened(&filled(&story.commits).await).await.0, "the same is told");
}

/// A workbench does that beside its work, for long sessions only: one that would be kept if it was opened, and is looked at
/// first, is left alone.
#[tokio::test]
async fn a_workbench_surveys_long_sessions_beside_its_work() {
    let (long, short) = (story::long(2_300), story::long_after("sh0rt12345", 10_000_000, 400));
    assert!(long.events().len() > 20_000 && short.session.updated_at > long.session.updated_at);
    let memory = filled(&long.commits).await;
    for commit in &short.commits {
        memory.append(commit.clone()).await.unwrap();
    }
    let shared = Arc::new(memory.clone());
    let store = Store {
        log: shared.clone(),
        work: shared.clone(),
        blobs: shared.clone(),
        live: shared.clone(),
        index: shared.clone(),
    };
    let (clock, files) = (Arc::new(FakeClock::new(7)), Arc::new(MemoryFiles::default()));
    let by = By { name: "op".to_string(), via: Via::Screen };
    let hand = Hand::new(shared.clone(), clock.clone(), Settings::default(), ToolBook::default(), by);
    let stop = CancellationToken::new();
    let upkeep = tokio::spawn(keep_up((store, files), clock, hand, Rules::default(), stop.clone()));
    let surveyed = async {
        while memory.aside(&long.session.id).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), surveyed).await.expect("the long one is surveyed");
    stop.cancel();
    upkeep.await.unwrap();
    assert!(memory.aside(&short.session.id).await.unwrap().is_none(), "it is read as quickly");
    reading::beforehand(shared, short.session.id.clone(), CancellationToken::new()).await;
    assert!(memory.aside(&short.session.id).await.unwrap().is_some(), "it would be kept");
}

#[tokio::test]
async fn a_session_that_has_grown_is_read_from_where_it_was() {
    let story = told();
    let (before, after) = story.commits.split_at(story.commits.len() * 3 / 4);
    let memory = filled(before).await;
    opened(&memory).await;
    for commit in after {
        memory.append(commit.clone()).await.unwrap();
    }
    let (grown, read) = opened(&memory).await;
    assert!(read < CHUNK + after.len() as u64 + 2 * CHUNK, "{read}");
    let (third, less) = opened(&memory).await;
    assert!(less < read, "it was kept again: {less} of {read}");
    let (fresh, _) = opened(&filled(&story.commits).await).await;
    assert!(grown == fresh && third == fresh, "the same as without what was kept");
}

/// What was kept is not the truth: whatever lies there, what is told is what the log says.
#[tokio::test]
async fn a_survey_that_does_not_fit_is_not_believed() {
    let story = told();
    let (memory, id) = (filled(&story.commits).await, story.session.id.clone());
    let (fresh, all) = opened(&memory).await;
    let own = memory.aside(&id).await.unwrap().expect("it was kept");
    // The same session's id, and as many events, but another story: as where a store was put back from a copy.
    let mut other = told();
    other.commits.clear();
    let mut head = tackroom::domain::commit::Head::start();
    for (n, commit) in (1_u128 << 100..).zip(&story.commits) {
        let mut events: Vec<_> = commit.events.iter().map(|sealed| sealed.event.clone()).collect();
        events.iter_mut().for_each(|event| event.at = event.at.plus_ms(1));
        let by = (commit.class, commit.writer.as_str());
        let commit = Arc::new(head.seal(CommitId::from_random(n), &id, by, commit.at, events));
        head = head.admit(&commit).unwrap();
        other.commits.push(commit);
    }
    let others = filled(&other.commits).await;
    opened(&others).await;
    let foreign = others.aside(&id).await.unwrap().expect("it was kept");
    assert!(foreign != own);
    let mut bad = vec![foreign, Vec::new(), b"\n".to_vec(), own[..own.len() - 1].to_vec(), own[1..].to_vec()];
    bad.extend((1..6).map(|part| own[..own.len() * part / 6].to_vec()));
    bad.push([own.as_slice(), b"more"].concat());
    let tried = bad.len();
    for bytes in bad {
        memory.keep_aside(&id, vec![bytes]).await.unwrap();
        let (told, read) = opened(&memory).await;
        assert!(told == fresh && read >= all, "{read} of {all}");
        assert_eq!(memory.aside(&id).await, Ok(Some(own.clone())), "it is made anew");
    }
    println!("{tried} surveys that do not fit were not believed");
}

/// Who leaves before all was read finds what was read the next time.
#[tokio::test]
async fn a_survey_that_was_broken_off_is_kept_as_far_as_it_came() {
    let story = told();
    let memory = filled(&story.commits).await;
    let (notices_in, mut notices) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let log: Arc<dyn Log> = Arc::new(memory.clone());
    let survey = tokio::spawn(reading::survey(log, story.session.id.clone(), notices_in, stop.clone()));
    for _ in 0..12 {
        notices.recv().await.expect("more");
    }
    stop.cancel();
    survey.await.unwrap();
    let (_, read) = opened(&memory).await;
    let all = story.commits.len() as u64;
    assert!(read < all, "{read} of {all} commits");
}

/// Cause: a fault in the first commits, or in the one that shows whether what was kept fits, ended the telling without its
/// end: the replay stood at "reading" for ever.
#[tokio::test]
async fn what_cannot_be_read_ends_the_survey_with_what_could() {
    let story = told();
    let memory = filled(&story.commits).await;
    opened(&memory).await; // something is kept
    let count = Arc::new(AtomicU64::new(0));
    for seq in [1, 3, CHUNK, CHUNK + 1, story.commits.len() as u64 - 1] {
        let log: Arc<dyn Log> = Arc::new(Counting::new(&memory, &count).broken_from(seq));
        let (notices_in, mut notices) = mpsc::channel(1_000);
        reading::survey(log, story.session.id.clone(), notices_in, CancellationToken::new()).await;
        let (mut ends, mut faults) = (0, 0);
        while let Some(notice) = notices.recv().await {
            ends += usize::from(matches!(notice, Notice::CaughtUp { .. }));
            faults += usize::from(matches!(notice, Notice::Trouble { .. }));
        }
        assert_eq!((ends, faults), (1, 1), "broken from commit {seq}");
    }
}

/// Cause: who left a replay before it was known what was kept laid a short survey over a long one.
#[tokio::test]
async fn a_look_broken_off_at_once_leaves_what_was_kept() {
    // As of an import: many events in a commit, so that the first commits already make a survey worth keeping.
    let mut story = told();
    let mut head = tackroom::domain::commit::Head::start();
    let events: Vec<_> = story.commits.drain(..).flat_map(|commit| commit.events.clone()).collect();
    for (n, events) in (1_u128 << 100..).zip(events.chunks(30)) {
        let told: Vec<_> = events.iter().map(|sealed| sealed.event.clone()).collect();
        let by = (Class::Worker, "w");
        let commit = head.seal(CommitId::from_random(n), &story.session.id, by, told[0].at, told);
        head = head.admit(&commit).unwrap();
        story.commits.push(Arc::new(commit));
    }
    let memory = filled(&story.commits).await;
    opened(&memory).await;
    let own = memory.aside(&story.session.id).await.unwrap().expect("it was kept");
    let (notices_in, mut notices) = mpsc::channel(1);
    let (log, stop): (Arc<dyn Log>, _) = (Arc::new(memory.clone()), CancellationToken::new());
    let survey = tokio::spawn(reading::survey(log, story.session.id.clone(), notices_in, stop.clone()));
    for _ in 0..11 {
        notices.recv().await.expect("more");
    }
    stop.cancel();
    survey.await.unwrap();
    let now = memory.aside(&story.session.id).await.unwrap().expect("it is still kept");
    assert!(now == own, "{} bytes where there were {}", now.len(), own.len());
}

proptest! {
    #![proptest_config(Config { cases: cases(200), failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_text_comes_back_from_what_differs(parts in vec("[a-cä]{0,30}", 0..12), picks in vec(0..12_usize, 0..20), more in "\\PC{0,40}") {
        let model = Model::new(&parts.concat());
        let chosen = picks.iter().filter_map(|at| parts.get(*at)).map(String::as_str);
        let text: String = chosen.chain([more.as_str()]).collect();
        let patch = model.patch(&text);
        prop_assert_eq!(patched(&model.text, &patch), Some(text));
        // Of another text it may be no patch, but it is never a panic.
        let _ = patched(&more, &patch);
    }

    #[test]
    fn a_number_comes_back_from_bytes(number in any::<u64>(), signed in any::<i64>()) {
        let mut bytes = Vec::new();
        put(&mut bytes, number);
        put_signed(&mut bytes, signed);
        put_signed(&mut bytes, signed % 100);
        let mut source = Source(&bytes);
        prop_assert_eq!((source.number(), source.signed(), source.signed()), (Some(number), Some(signed), Some(signed % 100)));
        prop_assert_eq!((source.0.len(), source.number()), (0, None));
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_lies_aside_is_private_bounded_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let store = Sqlite::open(&data).unwrap();
    let mut ids = Vec::new();
    for n in 0..40 {
        let story = Story::new(&format!("s{n:09}"), "One of many");
        store.append(story.commits[0].clone()).await.unwrap();
        store
            .keep_aside(&story.session.id, vec![b"made ".to_vec(), format!("of {n}").into_bytes()])
            .await
            .unwrap();
        ids.push(story.session.id.clone());
    }
    let folder = data.join("surveys");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 32, "only so many are kept");
    let (id, file) = (&ids[39], folder.join(ids[39].as_str()));
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    assert_eq!(store.aside(id).await, Ok(Some(b"made of 39".to_vec())));
    assert_eq!(store.aside(&ids[0]).await, Ok(None), "the oldest went");
    let whole = std::fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        std::fs::write(&file, &altered).unwrap();
        assert_eq!(store.aside(id).await, Ok(None), "byte {at} was altered");
    }
    std::fs::write(&file, &whole).unwrap();
    drop(store);
    let reading = Sqlite::open_read_only(&data).unwrap().unwrap();
    assert_eq!(reading.aside(id).await, Ok(Some(b"made of 39".to_vec())), "reading makes use of it");
    assert!(reading.keep_aside(id, vec![b"other".to_vec()]).await.is_err(), "and leaves no trace");
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}
