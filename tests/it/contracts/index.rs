//! `Index`: a row is the fold of its session's events, at any time.

use super::{Dice, Pen, Rig, asked, by, each_engine, opened, raw, read_all, said, session, started};
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::commit::{Class, Commit, may_say};
use tackroom::domain::event::{EndReason, Fact, Parent, RunStatus, Settling};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, EventNo};
use tackroom::domain::listing::{After, Counts, Query, Tab};
use tackroom::domain::marks::Mark;
use tackroom::domain::policy::{Mode, Verdict, Word};
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::Effect;
use tackroom::ports::index::Index;

each_engine!(
    a_row_is_the_fold_of_its_events,
    lists_are_filtered_and_in_order,
    tabs_filters_and_pages_agree_with_the_rows,
);

fn any_fact(dice: &mut Dice) -> Fact {
    let call = CallId(u32::try_from(dice.roll(4)).unwrap() + 1);
    let word = [Word::Allow, Word::Ask, Word::Deny][usize::try_from(dice.roll(3)).unwrap()];
    let verdict =
        Verdict { word, rule: "r".to_string(), why: "w".to_string(), policy: "1".to_string(), person: None };
    match dice.roll(19) {
        0 => started(),
        1 => Fact::RunPaused { by: by() },
        2 => Fact::RunReleased { by: by() },
        3 => Fact::ModeSet {
            mode: [Mode::Auto, Mode::Ask, Mode::Step][usize::try_from(dice.roll(3)).unwrap()],
            by: by(),
        },
        4 => Fact::RunEnded { status: RunStatus::Done, why: EndReason::Answered },
        5 | 6 => Fact::CallJudged {
            call,
            verdict,
            hash: Hash::ZERO,
            effect: Effect::SideEffect,
            destroys: false,
            touches: vec![],
            preview: Default::default(),
            sandbox: String::new(),
        },
        7 => Fact::CallApproved { call, hash: Hash::ZERO, by: by(), expires: Micros(1) },
        8 => Fact::CallRejected { call, by: by(), reason: "no".to_string() },
        9 => Fact::CallEdited { call, args: serde_json::json!({}), by: by() },
        10 => Fact::CallUnknown { call },
        11 => Fact::CallSettled { call, how: Settling::Again, by: by(), note: String::new() },
        12 => Fact::SessionRenamed { title: format!("title {}", dice.roll(99)), by: by(), asked: None },
        13 => Fact::CallDropped { call },
        15..=17 => marked(any_mark(dice)),
        14 => Fact::Unknown { kind: "FromTheFuture".to_string(), data: serde_json::json!({"a": 1}) },
        _ => asked(),
    }
}

fn any_mark(dice: &mut Dice) -> Mark {
    let tag = ["red", "blue", "grün"][usize::try_from(dice.roll(3)).unwrap()].to_string();
    match dice.roll(10) {
        0..=2 => Mark::Tag { tag },
        3 => Mark::Untag { tag },
        4 => Mark::Pin,
        5 => Mark::Unpin,
        6 => Mark::Archive,
        7 => Mark::Unarchive,
        8 => Mark::Delete,
        _ => Mark::Restore,
    }
}

fn marked(mark: Mark) -> Fact {
    Fact::SessionMarked { mark, by: by() }
}

fn fold<'a>(id: &str, commits: impl IntoIterator<Item = &'a std::sync::Arc<Commit>>) -> Row {
    let mut row = Row::new(session(id));
    for commit in commits {
        commit.events.iter().for_each(|sealed| row.apply(&sealed.event));
    }
    row
}

async fn a_row_is_the_fold_of_its_events(rig: Rig) {
    let mut cases = 0;
    for seed in 1..=20 {
        let name = format!("s{seed}");
        let mut dice = Dice(seed * 7_919);
        let mut pen = Pen::new(&name);
        pen.open(&*rig.log).await;
        for _ in 0..25 {
            let first = any_fact(&mut dice);
            let class = if may_say(Class::Worker, &first) { Class::Worker } else { Class::Operator };
            let mut facts = vec![first];
            facts.extend((0..dice.roll(3)).map(|_| any_fact(&mut dice)).filter(|fact| may_say(class, fact)));
            pen.write(&*rig.log, class, facts).await;
            cases += 1;
            if dice.roll(4) == 0 {
                let commits = read_all(&*rig.log, &pen.session).await.unwrap();
                let row = rig.index.row(&pen.session).await.unwrap().unwrap();
                assert_eq!(row, fold(&name, &commits), "seed {seed}");
            }
        }
    }
    assert_eq!(rig.index.row(&session("none")).await, Ok(None));
    println!("rows compared with the fold: {cases} commits, 0 differences");
}

async fn lists_are_filtered_and_in_order(rig: Rig) {
    for i in 1..=9_u64 {
        let mut pen = Pen::new(&format!("s{i}"));
        pen.open(&*rig.log).await;
        for _ in 0..(i * 5) % 9 {
            pen.write(&*rig.log, Class::Operator, vec![said(1)]).await;
        }
        if i % 3 == 0 {
            pen.write(&*rig.log, Class::Operator, vec![started()]).await;
            pen.write(&*rig.log, Class::Worker, vec![Fact::CallUnknown { call: CallId(1) }]).await;
        }
    }
    let all = rig.index.rows(Query { limit: 100, ..Query::default() }).await.unwrap();
    assert_eq!(all.len(), 9);
    assert!(all.windows(2).all(|pair| pair[0].updated >= pair[1].updated));
    let two = rig.index.rows(Query { limit: 2, ..Query::default() }).await.unwrap();
    assert_eq!(two, all[..2]);
    let held = rig.index.rows(Query { held: true, limit: 100, ..Query::default() }).await.unwrap();
    assert_eq!(held.len(), 3);
    let statuses = vec!["held".to_string()];
    assert_eq!(rig.index.rows(Query { statuses, limit: 100, ..Query::default() }).await.unwrap(), held);
    let statuses = vec!["idle".to_string()];
    let idle = rig.index.rows(Query { statuses, held: true, limit: 9, ..Query::default() }).await;
    assert_eq!(idle, Ok(vec![]));
}

/// Sessions of every kind, told by their events alone.
async fn many(rig: &Rig, sessions: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for i in 0..sessions {
        let (name, mut dice) = (format!("s{i:03}"), Dice(i * 31 + 7));
        let mut pen = Pen::new(&name);
        let mut first = opened(&format!("Title {} Ümläut", i % 7));
        if let (Fact::SessionOpened { parent, .. }, 3) = (&mut first, i % 4) {
            *parent = Some(Parent { session: session(&format!("s{:03}", i / 2)), at: EventNo(1) });
        }
        pen.write(&*rig.log, Class::Worker, vec![first, super::taken(1)]).await;
        let end = [RunStatus::Done, RunStatus::Failed][usize::try_from(i % 2).unwrap()];
        match i % 5 {
            0 => {}
            1 => drop(pen.write(&*rig.log, Class::Operator, vec![started()]).await),
            2 => {
                pen.write(&*rig.log, Class::Operator, vec![started(), Fact::RunPaused { by: by() }]).await;
            }
            _ => {
                pen.write(&*rig.log, Class::Operator, vec![started()]).await;
                let ended = Fact::RunEnded { status: end, why: EndReason::Answered };
                pen.write(&*rig.log, Class::Worker, vec![ended]).await;
            }
        }
        for _ in 0..dice.roll(6) {
            pen.write(&*rig.log, Class::Operator, vec![marked(any_mark(&mut dice))]).await;
        }
        rows.push(fold(&name, &read_all(&*rig.log, &pen.session).await.unwrap()));
    }
    rows
}

async fn tabs_filters_and_pages_agree_with_the_rows(rig: Rig) {
    let rows = many(&rig, 120).await;
    let query = |text: &str, tags: &[&str]| Query {
        text: text.to_string(),
        tags: tags.iter().map(ToString::to_string).collect(),
        limit: 1_000,
        ..Query::default()
    };
    let mut asked = vec![query("", &[]), query("TITLE 3 ümlä", &[]), query("title nowhere", &[])];
    asked.extend([
        query("", &["grün"]),
        query("red", &["blue"]),
        query("", &["gr"]),
        query("%_'\"\u{1f}", &[]),
    ]);
    asked.push(Query { agent: "Agent".to_string(), ..query("", &[]) });
    asked.push(Query { agent: "age".to_string(), ..query("", &[]) });
    asked.push(Query { workspace: "/wor".to_string(), statuses: vec!["done".to_string()], ..query("", &[]) });
    let times: Vec<i64> = rows.iter().map(|row| row.updated.0).collect();
    let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
    let middle = Some(Micros(first + (last - first) / 2));
    asked.push(Query { since: middle, ..query("", &[]) });
    asked.push(Query { until: middle, ..query("title", &[]) });
    asked.push(Query { tokens_min: Some(1), ..query("", &[]) });
    asked.push(Query { tokens_max: Some(0), ..query("ümläut", &[]) });
    asked.extend([query("fail", &[]), query("RUNN title", &[])]);
    asked.extend(["ttl ulaut", "tmlt", "zzq"].map(|text| Query { loose: true, ..query(text, &[]) }));
    let mut cells = 0;
    for query in asked {
        let mut counted = Counts::default();
        rows.iter().filter(|row| query.fits(row)).for_each(|row| counted.add(row.tab(), 1));
        assert_eq!(rig.index.counts(query.clone()).await, Ok(counted), "{query:?}");
        for tab in Tab::ALL {
            let query = Query { tab, ..query.clone() };
            let all = rig.index.rows(query.clone()).await.unwrap();
            assert_eq!(all, query.pick(rows.iter()), "{query:?}");
            assert_eq!(all.len() as u64, counted.of(tab), "{query:?}");
            let pinned = all.iter().take_while(|row| row.marks.pinned).count();
            assert!(all.iter().skip(pinned).all(|row| !row.marks.pinned), "pinned ones are not on top");
            let mut pages: Vec<Row> = Vec::new();
            loop {
                let query = Query { after: pages.last().map(After::of), limit: 7, ..query.clone() };
                let page = rig.index.rows(query).await.unwrap();
                if page.is_empty() {
                    break;
                }
                pages.extend(page);
            }
            assert_eq!(pages, all, "{query:?}");
            let window = Query { skip: 3, limit: 5, ..query.clone() };
            let cut: Vec<Row> = all.iter().skip(3).take(5).cloned().collect();
            assert_eq!(rig.index.rows(window.clone()).await, Ok(cut), "{window:?}");
            let tree = Query { tree: true, ..window };
            assert_eq!(rig.index.rows(tree.clone()).await, Ok(tree.pick(rows.iter())), "{tree:?}");
            cells += 1;
        }
    }
    let whole = rig.index.counts(Query::default()).await.unwrap();
    assert!(Tab::ALL.iter().all(|tab| whole.of(*tab) > 0), "{whole:?}");
    println!("lists compared with the rows: {cells}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_folded_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut pen = Pen::new("s1");
    pen.open(&store).await;
    pen.write(&store, Class::Operator, vec![started()]).await;
    let before = store.row(&pen.session).await.unwrap();
    for altered in ["'{}'", "7", "x'00ff'", "replace(tally, 'a title', 'another')"] {
        raw(dir.path()).execute(&format!("UPDATE sessions SET tally = {altered}"), []).unwrap();
        assert_eq!(store.row(&pen.session).await.unwrap(), before);
        let listed = store.rows(Query { limit: 9, ..Query::default() }).await.unwrap();
        assert_eq!(listed.first(), before.as_ref());
    }
    pen.write(&store, Class::Operator, vec![opened("later")]).await;
    let stored: String =
        raw(dir.path()).query_row("SELECT tally FROM sessions", [], |row| row.get(0)).unwrap();
    assert!(stored.contains("later"));
}
