//! The fold rule: what an importer may say, where it may say it, and that nobody else may.

use super::{Desk, fixtures};
use std::sync::Arc;
use tackroom::domain::call::{By, Output, Via};
use tackroom::domain::commit::{Class, Denial, Head, may_say};
use tackroom::domain::decide::{Kit, decide};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::foreign::{Recorded, RecordedTime};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, CommitId, Epoch, EventNo, RunNo, SessionId};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::outcome::{Report, report};
use tackroom::domain::policy::Mode;
use tackroom::domain::retry::RetryRule;
use tackroom::domain::session::Session;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::log::{Log, LogFault};

fn by() -> By {
    By { name: "ada".into(), via: Via::Command }
}

fn opened() -> Fact {
    Fact::SessionOpened {
        title: "t".into(),
        agent: "a".into(),
        workspace: "w".into(),
        instructions: String::new(),
        parent: None,
        program: "p".into(),
    }
}

fn imported() -> Fact {
    Fact::SessionImported {
        tool: "codex".into(),
        version: String::new(),
        id: "x".into(),
        source: "f".into(),
        parent: String::new(),
    }
}

fn recorded() -> Fact {
    let (end, time) = (Recorded::Ok, RecordedTime::None);
    Fact::CallRecorded { call: CallId(1), end, output: Output::default(), ms: None, time }
}

fn after(head: &Head, class: Class, facts: Vec<Fact>) -> Result<Head, Denial> {
    let event = |(n, fact): (u64, Fact)| Event {
        no: EventNo(head.event.0 + n),
        at: Micros(1),
        run: RunNo(0),
        span: EventNo(1),
        parent: EventNo(0),
        fact,
    };
    let events = (1..).zip(facts).map(event).collect();
    let session = SessionId::from_random(5);
    let commit =
        head.seal(CommitId::from_random(u128::from(head.seq) + 1), &session, (class, "w"), Micros(1), events);
    head.admit(&commit)
}

#[test]
fn an_importer_has_the_sessions_that_it_began_and_no_others() {
    let start = Head::start();
    let own = after(&start, Class::Importer, vec![opened(), imported()]).unwrap();
    assert!(own.is_imported());
    let run = || Fact::RunImported { input: "i".into(), model: "m".into() };
    after(&own, Class::Importer, vec![run(), recorded()]).unwrap();
    let no =
        |result: Result<Head, Denial>| assert!(matches!(result, Err(Denial::Imported { .. })), "{result:?}");
    no(after(&start, Class::Importer, vec![opened()]));
    no(after(&start, Class::Importer, vec![imported(), opened()]));
    no(after(&start, Class::Importer, vec![run()]));
    no(after(&own, Class::Importer, vec![opened(), imported()]));
    for epoch in [1, Epoch::IMPORTED.0, Epoch::IMPORTED.0 + 1] {
        let taken = Fact::WriterTaken { holder: "h".into(), epoch: Epoch(epoch) };
        no(after(&own, Class::Worker, vec![taken]));
    }
    // A session of a person, before and after a worker took it.
    let ordinary = after(&start, Class::Operator, vec![opened()]).unwrap();
    no(after(&ordinary, Class::Importer, vec![recorded()]));
    let worked = Fact::WriterTaken { holder: "h".into(), epoch: Epoch(1) };
    let worked = after(&ordinary, Class::Worker, vec![worked]).unwrap();
    no(after(&worked, Class::Importer, vec![recorded()]));
    // Its own word is nobody else's, and nobody else's is its own.
    for class in [Class::Worker, Class::Operator] {
        for fact in [imported(), run(), recorded()] {
            assert!(!may_say(class, &fact), "{class:?} {}", fact.kind());
            assert!(after(&worked, class, vec![fact]).is_err());
        }
    }
    let (call, hash) = (CallId(1), Hash::ZERO);
    let forged = [
        Fact::CallApproved { call, hash, by: by(), expires: Micros(9) },
        Fact::CallAnswered { call, by: by(), text: "x".into() },
        Fact::CallRejected { call, by: by(), reason: "x".into() },
        Fact::CallStarted { call, hash, key: "k".into() },
        Fact::SessionRenamed { title: "x".into(), by: by(), asked: None },
    ];
    for fact in forged {
        assert!(matches!(after(&own, Class::Importer, vec![fact]), Err(Denial::NotYours { .. })));
    }
    let renamed = Fact::SessionRenamed { title: "x".into(), by: by(), asked: None };
    assert!(after(&own, Class::Operator, vec![renamed]).is_ok(), "a person may name it");
}

#[test]
fn what_only_an_importer_says_changes_no_other_session() {
    let mut session = Session::new(SessionId::from_random(1));
    let event = |no: u64, fact| Event {
        no: EventNo(no),
        at: Micros(1),
        run: RunNo(1),
        span: EventNo(1),
        parent: EventNo(0),
        fact,
    };
    session.apply(&event(1, opened()));
    session.apply(&event(2, recorded()));
    session.apply(&event(3, Fact::RunImported { input: "i".into(), model: "m".into() }));
    assert!(session.imported.is_none() && session.run.is_none());
}

#[tokio::test]
async fn every_order_to_an_imported_session_is_refused_but_a_name() {
    let desk = Desk::new();
    let id = desk.only(&fixtures().join("codex.jsonl")).await.session.unwrap();
    let mut session = Session::new(id.clone());
    for event in desk.events(&id).await {
        session.apply(&event);
    }
    let book = ToolBook::default();
    let kit = Kit { tools: &book, now: Micros(9), luck: 0, retry: RetryRule::default(), approval_ms: 1 };
    let (call, hash) = (CallId(3), Hash::ZERO);
    let orders = [
        Order::Say("go on".into()),
        Order::Steer("go on".into()),
        Order::Approve { call, hash },
        Order::Reject { call, reason: String::new() },
        Order::Respond { call, text: "x".into() },
        Order::Settle { call, how: tackroom::domain::event::Settling::Happened, note: String::new() },
        Order::Pause,
        Order::Resume,
        Order::Interrupt,
        Order::Cancel,
        Order::Step,
        Order::SetMode(Mode::Ask),
    ];
    for order in orders {
        assert_eq!(
            decide(&session, &order, &by(), &kit),
            Err(Refusal::Imported("codex".into())),
            "{order:?}"
        );
    }
    assert!(decide(&session, &Order::Rename("x".into()), &by(), &kit).is_ok());
    let taken = Report::Taken { holder: "h".into() };
    assert_eq!(report(&session, &taken, &kit), Err(Refusal::Imported("codex".into())));
    // And the log itself takes no worker.
    let head = desk.memory.head(&id).await.unwrap();
    let fact = Fact::WriterTaken { holder: "h".into(), epoch: head.epoch.after() };
    let events = tackroom::domain::place::place(&session, Micros(9), vec![fact]);
    let commit = head.seal(CommitId::from_random(3), &id, (Class::Worker, "h"), Micros(9), events);
    let denied = desk.memory.append(Arc::new(commit)).await;
    assert!(matches!(denied, Err(LogFault::Denied(Denial::Imported { .. }))), "{denied:?}");
}
