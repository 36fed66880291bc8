//! `Log`: compare-and-set, terms, classes, settling, concurrent writers, gap-free tails.

use super::{Pen, Rig, asked, by, each_engine, opened, read_all, said, session, started, taken};
use std::sync::Arc;
use std::time::Duration;
use tackroom::adapters::engine::memory::{Failing, Memory};
use tackroom::domain::commit::{COMMIT_BYTES_MAX, Class, Denial, Head};
use tackroom::domain::event::Fact;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, CommitId, SessionId};
use tackroom::domain::time::Micros;
use tackroom::ports::log::{Follow, Log, LogFault, Tail, TailItem};

each_engine!(
    what_was_appended_is_read_again,
    a_commit_that_does_not_follow_is_stale,
    who_lost_the_lease_is_fenced,
    each_class_says_only_its_own,
    broken_numbers_hashes_and_sizes_are_denied,
    a_commit_is_settled,
    sessions_are_found_by_prefix,
    concurrent_appenders_lose_and_fork_nothing,
    a_tail_has_no_gap_while_others_write,
    a_tail_of_all_begins_now,
);

async fn what_was_appended_is_read_again(rig: Rig) {
    let log = &*rig.log;
    assert_eq!(log.head(&session("s1")).await, Ok(Head::start()));
    assert_eq!(log.read(&session("s1"), 0, 10).await, Ok(vec![]));
    let story = Pen::story(log, "s1", 30).await;
    assert_eq!(read_all(log, &session("s1")).await.unwrap(), story);
    assert_eq!(log.read(&session("s1"), 0, usize::MAX).await.unwrap(), story);
    assert_eq!(log.read(&session("s1"), 28, 1).await.unwrap(), story[28..29]);
    assert_eq!(log.read(&session("s1"), 30, 5).await, Ok(vec![]));
    assert_eq!(log.read(&session("s1"), 31, 5).await, Ok(vec![]));
    assert_eq!(log.head(&session("s1")).await.unwrap().seq, 30);
}

async fn a_commit_that_does_not_follow_is_stale(rig: Rig) {
    let log = &*rig.log;
    let mut pen = Pen::new("s1");
    pen.open(log).await;
    let mut late = pen.clone();
    pen.write(log, Class::Operator, vec![said(1)]).await;
    let commit = late.seal(Class::Operator, vec![said(2)]);
    assert_eq!(log.append(commit).await, Err(LogFault::Stale));
    let again = log.read(&pen.session, 1, 1).await.unwrap().remove(0);
    assert_eq!(log.append(again).await, Err(LogFault::Stale), "never twice");
    let mut first = Pen::new("s1");
    assert_eq!(log.append(first.seal(Class::Operator, vec![opened("b")])).await, Err(LogFault::Stale));
    assert_eq!(log.head(&pen.session).await, Ok(pen.head));
}

async fn who_lost_the_lease_is_fenced(rig: Rig) {
    let log = &*rig.log;
    let mut pen = Pen::new("s1");
    pen.open(log).await;
    pen.write(log, Class::Operator, vec![started()]).await;
    pen.write(log, Class::Worker, vec![asked()]).await;
    let mut old = pen.clone();
    pen.write(log, Class::Worker, vec![taken(2)]).await;
    assert_eq!(log.append(old.seal(Class::Worker, vec![asked()])).await, Err(LogFault::Stale));
    // Even one that knows the new head, but not that its term is over.
    let mut forged = (*pen.seal(Class::Worker, vec![asked()])).clone();
    forged.epoch = old.head.epoch;
    assert!(matches!(log.append(Arc::new(forged)).await, Err(LogFault::Denied(Denial::Fenced { .. }))));
    for epoch in [1, 2, 4] {
        let commit = pen.seal(Class::Worker, vec![taken(epoch)]);
        assert!(matches!(log.append(commit).await, Err(LogFault::Denied(Denial::Fenced { .. }))), "{epoch}");
    }
    let mut unclaimed = Pen::new("s2");
    let commit = unclaimed.seal(Class::Worker, vec![opened("no term")]);
    assert!(matches!(log.append(commit).await, Err(LogFault::Denied(Denial::Fenced { .. }))));
}

async fn each_class_says_only_its_own(rig: Rig) {
    let log = &*rig.log;
    let mut pen = Pen::new("s1");
    pen.open(log).await;
    let call = CallId(1);
    let approved = Fact::CallApproved { call, hash: Hash::ZERO, by: by(), expires: Micros(9) };
    let begun = Fact::CallStarted { call, hash: Hash::ZERO, key: "k".to_string() };
    for (class, fact) in [(Class::Worker, approved), (Class::Operator, begun)] {
        let kind = fact.kind().to_string();
        let denied = log.append(pen.seal(class, vec![fact])).await;
        assert_eq!(denied, Err(LogFault::Denied(Denial::NotYours { class, kind })));
    }
    assert_eq!(log.head(&pen.session).await, Ok(pen.head));
}

async fn broken_numbers_hashes_and_sizes_are_denied(rig: Rig) {
    let log = &*rig.log;
    let mut pen = Pen::new("s1");
    pen.open(log).await;
    let whole = pen.seal(Class::Operator, vec![said(1), said(2)]);
    let mut broken = Vec::new();
    for break_it in [
        (|commit| commit.events.clear()) as fn(&mut tackroom::domain::commit::Commit),
        |commit| commit.events.swap(0, 1),
        |commit| commit.events[1].hash = Hash::ZERO,
        |commit| commit.events[0].json = commit.events[0].json.replace("said", "Said").into(),
        |commit| commit.events[1].event.no = commit.events[1].event.no.after(),
    ] {
        let mut commit = (*whole).clone();
        break_it(&mut commit);
        broken.push(commit);
    }
    for commit in broken {
        assert!(matches!(log.append(Arc::new(commit)).await, Err(LogFault::Denied(_))));
    }
    let large = Fact::OperatorSaid { text: "x".repeat(COMMIT_BYTES_MAX), by: by() };
    let answer = log.append(pen.seal(Class::Operator, vec![large])).await;
    assert!(matches!(answer, Err(LogFault::TooLarge { max: COMMIT_BYTES_MAX, .. })));
    let near = Fact::OperatorSaid { text: "x".repeat(COMMIT_BYTES_MAX - 500), by: by() };
    pen.write(log, Class::Operator, vec![near]).await;
    assert_eq!(read_all(log, &pen.session).await.unwrap().len(), 2);
}

async fn a_commit_is_settled(rig: Rig) {
    let log = &*rig.log;
    let story = Pen::story(log, "s1", 5).await;
    let found = log.settle(&session("s1"), &story[2].id).await.unwrap().unwrap();
    assert_eq!((found.seq, &found.commit), (3, &story[2].id));
    assert_eq!(log.settle(&session("s1"), &CommitId::none()).await, Ok(None));
    assert_eq!(log.settle(&session("s2"), &story[2].id).await, Ok(None));
}

async fn sessions_are_found_by_prefix(rig: Rig) {
    let log = &*rig.log;
    for name in ["abc1", "abc2", "abd", "zzz"] {
        Pen::new(name).open(log).await;
    }
    let names = |found: Result<Vec<SessionId>, _>| -> Vec<String> {
        found.unwrap().into_iter().map(|SessionId(name)| name).collect()
    };
    assert_eq!(names(log.find("abc", 9).await), ["abc1", "abc2"]);
    assert_eq!(names(log.find("ab", 2).await).len(), 2);
    assert_eq!(names(log.find("", 9).await).len(), 4);
    assert_eq!(names(log.find("z", 9).await), ["zzz"]);
    assert!(names(log.find("%", 9).await).is_empty());
}

/// Writers of one session that read the head and try until they are in.
pub async fn contend(log: Arc<dyn Log>, name: &'static str, salt: u128, commits: u64) -> Vec<CommitId> {
    let mut written = Vec::new();
    while (written.len() as u64) < commits {
        let mut pen = Pen::after(&*log, name, salt * 1_000_000 + written.len() as u128 * 1_000).await;
        let commit = pen.seal(Class::Operator, vec![said(u64::try_from(salt).unwrap())]);
        match log.append(commit.clone()).await {
            Ok(head) => {
                assert_eq!(head.commit, commit.id);
                written.push(commit.id.clone());
            }
            Err(LogFault::Stale | LogFault::Busy) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
    written
}

/// Every acknowledged commit is there exactly once, and nothing else.
pub async fn assert_exactly(log: &dyn Log, name: &str, mut acknowledged: Vec<CommitId>) {
    let mut stored: Vec<_> =
        read_all(log, &session(name)).await.unwrap().iter().map(|commit| commit.id.0.clone()).collect();
    let mut wanted: Vec<_> = acknowledged.drain(..).map(|id| id.0).collect();
    stored.sort();
    wanted.sort();
    assert_eq!(stored, wanted);
}

async fn concurrent_appenders_lose_and_fork_nothing(rig: Rig) {
    let first = Pen::new("s1").open(&*rig.log).await;
    let tasks: Vec<_> = (1..=8).map(|i| tokio::spawn(contend(rig.log.clone(), "s1", i, 12))).collect();
    let mut acknowledged = vec![first.id.clone()];
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    assert_eq!(acknowledged.len(), 97);
    assert_exactly(&*rig.log, "s1", acknowledged).await;
}

/// The next item, in time.
pub async fn next(tail: &mut dyn Tail) -> TailItem {
    tokio::time::timeout(Duration::from_secs(10), tail.next()).await.expect("the tail says nothing")
}

/// The next commit's session and place.
pub async fn next_commit(tail: &mut dyn Tail) -> (String, u64) {
    loop {
        match next(tail).await {
            TailItem::Commit(commit) => return (commit.session.0.clone(), commit.seq),
            TailItem::CaughtUp => {}
            TailItem::Interrupted(fault) => panic!("{fault}"),
        }
    }
}

async fn a_tail_has_no_gap_while_others_write(rig: Rig) {
    Pen::story(&*rig.log, "s1", 20).await;
    let writers: Vec<_> = (1..=3).map(|i| tokio::spawn(contend(rig.log.clone(), "s1", i, 20))).collect();
    let mut tails = [0, 5, 79].map(|from| (from, rig.log.tail(Follow::One(session("s1"), from))));
    for (from, tail) in &mut tails {
        for seq in *from + 1..=80 {
            assert_eq!(next_commit(&mut **tail).await, ("s1".to_string(), seq));
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut fresh = rig.log.tail(Follow::One(session("s1"), 80));
    assert_eq!(next(&mut *fresh).await, TailItem::CaughtUp);
    let waiting = tokio::time::timeout(Duration::from_millis(250), fresh.next()).await;
    assert!(waiting.is_err(), "there is nothing to tell");
}

async fn a_tail_of_all_begins_now(rig: Rig) {
    Pen::story(&*rig.log, "before", 5).await;
    let mut tail = rig.log.tail(Follow::All);
    let mut pens = ["s1", "s2", "s3"].map(Pen::new);
    for pen in &mut pens {
        pen.open(&*rig.log).await;
    }
    for i in 0..30 {
        pens[i % 3].write(&*rig.log, Class::Operator, vec![said(1)]).await;
    }
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for _ in 0..33 {
        let (name, seq) = next_commit(&mut *tail).await;
        let last = seen.entry(name).or_default();
        *last += 1;
        assert_eq!(seq, *last, "in order, without a gap");
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["s1", "s2", "s3"].map(|s| (s.to_string(), 11)));
}

#[tokio::test]
async fn the_memory_engine_breaks_as_asked() {
    let memory = Memory::new();
    let faults = memory.faults();
    let mut pen = Pen::new("s1");
    pen.open(&memory).await;
    for (nth, how) in
        (2..).zip([Failing::Busy, Failing::Unavailable, Failing::InDoubtLost, Failing::InDoubtWritten])
    {
        faults.fail(nth, how);
        let commit = pen.seal(Class::Operator, vec![said(nth)]);
        let fault = memory.append(commit.clone()).await.unwrap_err();
        let found = memory.settle(&pen.session, &commit.id).await.unwrap();
        let (doubt, written) = match how {
            Failing::Busy | Failing::Unavailable => (false, false),
            Failing::InDoubtLost => (true, false),
            Failing::InDoubtWritten => (true, true),
        };
        assert_eq!((matches!(fault, LogFault::InDoubt { .. }), found.is_some()), (doubt, written), "{how:?}");
        pen.head = found.unwrap_or(pen.head);
    }
    faults.crash_after(3);
    pen.write(&memory, Class::Operator, vec![said(9)]).await;
    assert!(faults.crashed());
    assert!(matches!(memory.head(&pen.session).await, Err(LogFault::Unavailable { .. })));
    let after = memory.restart();
    assert_eq!(after.head(&pen.session).await, Ok(pen.head.clone()));
    pen.write(&after, Class::Operator, vec![said(10)]).await;
}
