//! `Index::search`: what was said and done is found, in both engines alike, and nothing that is typed is an error.

use super::{Dice, Pen, Rig, by, each_engine, opened, started};
use tackroom::domain::call::{Outcome, Output};
use tackroom::domain::commit::Class;
use tackroom::domain::event::{Fact, Settling};
use tackroom::domain::ids::{CallId, EventNo};
use tackroom::domain::marks::Mark;
use tackroom::domain::message::{Args, AskedCall, Finish, Reply, Timing, Usage};
use tackroom::domain::search::{Found, Search};

each_engine!(
    every_text_is_found_where_it_stands,
    words_phrases_and_beginnings,
    the_newest_first_page_by_page,
    the_best_first_where_asked,
    nothing_typed_is_an_error,
    the_bin_is_not_searched,
    what_was_not_taken_up_is_told,
);

pub fn say(text: &str) -> Fact {
    Fact::OperatorSaid { text: text.to_string(), by: by() }
}

pub fn search(words: &str) -> Search {
    Search { words: words.to_string(), limit: 100, ..Search::default() }
}

/// Takes up everything, then searches.
pub async fn found(rig: &Rig, words: &str) -> Found {
    while !rig.index.take_up(1_000).await.unwrap().whole() {}
    let found = rig.index.search(search(words)).await.unwrap();
    assert!(found.progress.whole());
    found
}

/// Where it was found: session and event.
async fn places(rig: &Rig, words: &str) -> Vec<(String, u64)> {
    found(rig, words).await.hits.into_iter().map(|hit| (hit.session.0, hit.event.0)).collect()
}

fn replied(text: &str, args: serde_json::Value) -> Fact {
    let calls =
        vec![AskedCall { wire_id: String::new(), tool: "write_file".to_string(), args: Args::Json(args) }];
    let reply = Reply {
        model: "m".to_string(),
        text: text.to_string(),
        reasoning: None,
        calls,
        finish: Finish::Calls,
        usage: Usage::default(),
        cost: None,
        timing: Timing::default(),
    };
    Fact::ModelReplied { reply, calls: vec![CallId(1)] }
}

async fn every_text_is_found_where_it_stands(rig: Rig) {
    let mut pen = Pen::new("s1");
    pen.write(&*rig.log, Class::Worker, vec![opened("Alpha title"), super::taken(1)]).await;
    pen.write(&*rig.log, Class::Operator, vec![started(), say("bravo said")]).await;
    let args = serde_json::json!({"path": "src/charlie.rs", "body": "line one\nDelta\tline", "n": [4711, {"echo": 1}]});
    pen.write(&*rig.log, Class::Worker, vec![replied("I write **foxtrot** now", args)]).await;
    let output = Output {
        head: "golf\u{1b}[31m head".to_string(),
        tail: "the hotel end".to_string(),
        size: 99,
        blob: None,
    };
    let ended = Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output, ms: 1 };
    pen.write(&*rig.log, Class::Worker, vec![ended]).await;
    let decided = vec![
        Fact::CallRejected { call: CallId(1), by: by(), reason: "india reason".to_string() },
        Fact::CallAnswered { call: CallId(1), by: by(), text: "juliett answer".to_string() },
        Fact::CallEdited { call: CallId(1), args: serde_json::json!({"kilo": "lima"}), by: by() },
        Fact::CallSettled { call: CallId(1), how: Settling::Happened, by: by(), note: "mike".to_string() },
        Fact::SessionRenamed { title: "November title".to_string(), by: by(), asked: None },
    ];
    pen.write(&*rig.log, Class::Operator, decided).await;
    let cases = [
        ("alpha", 1),
        ("BRAVO", 4),
        ("go", 3),
        ("charlie", 5),
        ("src/charlie.rs", 5),
        ("delta line", 5),
        ("4711", 5),
        ("echo", 5),
        ("foxtrot", 5),
        ("write_file", 5),
        ("golf", 6),
        ("hotel", 6),
        ("india", 7),
        ("juliett", 8),
        ("lima", 9),
        ("mike", 10),
        ("november", 11),
    ];
    for (words, event) in cases {
        assert_eq!(places(&rig, words).await, [("s1".to_string(), event)], "{words}");
    }
    assert_eq!(places(&rig, "oscar").await, []);
    let hit = &found(&rig, "hotel golf").await.hits[0];
    assert_eq!((hit.title.as_str(), hit.kind.as_str()), ("November title", "CallEnded"));
    assert_eq!(hit.at.0, 6_000_000);
    let marked: Vec<&str> = hit.marks.iter().map(|mark| &hit.snippet[mark.clone()]).collect();
    assert_eq!(marked, ["golf", "hotel"], "{hit:?}");
    assert!(!hit.snippet.contains(char::is_control), "{hit:?}");
}

async fn words_phrases_and_beginnings(rig: Rig) {
    let mut pen = Pen::new("s1");
    pen.open(&*rig.log).await;
    let texts = [
        "the connection was refused by the server",
        "refused: connection reset",
        "connections are pooled",
        "Ein Fluß über die Brücke, café",
        "日本語のテキストを検索する",
        "snake_case and kebab-case and don't",
        "emoji 🎉 party",
    ];
    for text in texts {
        pen.write(&*rig.log, Class::Operator, vec![say(text)]).await;
    }
    let cases: [(&str, &[u64]); 18] = [
        ("connection refused", &[4, 3]),
        ("\"connection was refused\"", &[3]),
        ("\"connection refused\"", &[]),
        ("\"refused connection\"", &[4]),
        ("refused: connection", &[4, 3]),
        ("connect*", &[5, 4, 3]),
        ("\"are poo*\"", &[5]),
        ("connect", &[]),
        ("uber BRUCKE", &[6]),
        ("cafe", &[6]),
        ("検索", &[7]),
        ("語のテ", &[7]),
        ("索検", &[]),
        ("snake_case", &[8]),
        ("don't kebab-case", &[8]),
        ("🎉 party", &[9]),
        ("party -emoji", &[9]),
        ("\"unclosed party", &[]),
    ];
    for (words, events) in cases {
        let places: Vec<u64> = places(&rig, words).await.into_iter().map(|(_, event)| event).collect();
        assert_eq!(places, events, "{words}");
    }
    let hit = &found(&rig, "検索").await.hits[0];
    assert_eq!(&hit.snippet[hit.marks[0].clone()], "検索");
    assert_eq!(hit.snippet, "日本語のテキストを検索する");
}

async fn the_newest_first_page_by_page(rig: Rig) {
    let mut pens: Vec<Pen> = (0..3).map(|i| Pen::new(&format!("s{i}"))).collect();
    for pen in &mut pens {
        pen.open(&*rig.log).await;
    }
    let mut written = Vec::new();
    for i in 0..30_usize {
        let pen = &mut pens[i % 3];
        pen.write(&*rig.log, Class::Operator, vec![say(&format!("common {i}")), say("common too")]).await;
        written.extend([
            (pen.session.0.clone(), pen.head.event.0 - 1),
            (pen.session.0.clone(), pen.head.event.0),
        ]);
        if i == 11 {
            found(&rig, "common").await; // taken up in two goes
        }
    }
    written.reverse();
    assert_eq!(places(&rig, "common").await, written);
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let page = rig.index.search(Search { limit: 7, before, ..search("common") }).await.unwrap();
        pages.extend(page.hits.into_iter().map(|hit| (hit.session.0, hit.event.0)));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(pages, written);
}

async fn the_best_first_where_asked(rig: Rig) {
    let mut pen = Pen::new("s1");
    pen.open(&*rig.log).await;
    let long = format!("needle {}", "hay ".repeat(400));
    for text in ["needle needle needle", "hay", &long] {
        pen.write(&*rig.log, Class::Operator, vec![say(text)]).await;
    }
    found(&rig, "needle").await;
    let best = rig.index.search(Search { rank: true, ..search("needle") }).await.unwrap();
    assert_eq!(best.hits.iter().map(|hit| hit.event.0).collect::<Vec<_>>(), [3, 5]);
    assert_eq!(best.next, None);
}

async fn nothing_typed_is_an_error(rig: Rig) {
    let mut pen = Pen::new("s1");
    pen.open(&*rig.log).await;
    pen.write(&*rig.log, Class::Operator, vec![say("a plain text AND OR NOT NEAR text: a")]).await;
    while !rig.index.take_up(1_000).await.unwrap().whole() {}
    let signs: Vec<char> =
        "\"'*():^-+{}[]\\/%_.,;AND OR NOT NEAR a e\0\u{1}\u{2}\u{1f}ü日🎉\u{301}\u{200d}“”„"
            .chars()
            .collect();
    let mut dice = Dice(99);
    for case in 0..2_000 {
        let length = usize::try_from(dice.roll(14)).unwrap();
        let mut words = String::new();
        for _ in 0..length {
            words.push(signs[usize::try_from(dice.roll(signs.len() as u64)).unwrap()]);
        }
        for rank in [false, true] {
            let found = rig.index.search(Search { rank, ..search(&words) }).await;
            let found = found.unwrap_or_else(|fault| panic!("case {case} {words:?}: {fault}"));
            for hit in found.hits {
                assert!(hit.marks.iter().all(|mark| hit.snippet.get(mark.clone()).is_some()), "{words:?}");
            }
        }
    }
    for words in ["", " ", "\"\"", "*", "🎉", "\"", "((", "^", "-"] {
        assert_eq!(rig.index.search(search(words)).await.unwrap().hits, [], "{words:?}");
    }
    for words in ["text AND", "NOT", "OR text", "NEAR(text a, 2)", "text:", "\"AND OR\""] {
        let hits = rig.index.search(search(words)).await.unwrap().hits;
        assert_eq!(hits.len(), usize::from(!words.contains('2')), "{words:?}");
    }
    println!("searches of random signs: 4000, 0 errors");
}

async fn the_bin_is_not_searched(rig: Rig) {
    let mut pen = Pen::new("s1");
    pen.open(&*rig.log).await;
    pen.write(&*rig.log, Class::Operator, vec![say("quebec")]).await;
    assert_eq!(places(&rig, "quebec").await.len(), 1);
    let mark = |mark| vec![Fact::SessionMarked { mark, by: by() }];
    pen.write(&*rig.log, Class::Operator, mark(Mark::Delete)).await;
    assert_eq!(places(&rig, "quebec").await, []);
    pen.write(&*rig.log, Class::Operator, mark(Mark::Restore)).await;
    pen.write(&*rig.log, Class::Operator, mark(Mark::Archive)).await;
    assert!(found(&rig, "quebec").await.hits[0].archived);
}

async fn what_was_not_taken_up_is_told(rig: Rig) {
    let mut pen = Pen::new("s1");
    pen.open(&*rig.log).await;
    assert!(found(&rig, "romeo").await.hits.is_empty());
    pen.write(&*rig.log, Class::Operator, vec![say("romeo")]).await;
    let before = rig.index.search(search("romeo")).await.unwrap();
    assert_eq!((before.hits.len(), before.progress.done, before.progress.all), (0, 1, 2));
    assert_eq!(found(&rig, "romeo").await.hits[0].event, EventNo(3));
}
