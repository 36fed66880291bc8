//! The contract of `ports::model::Model`, over the scripted model and the plugs of every wire against a mock.

use crate::harness::mock_model::{Answer, MockModel, Step};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::model::endpoint::EndpointConfig;
use tackroom::adapters::model::messages::Anthropic;
use tackroom::adapters::model::openai::OpenAi;
use tackroom::adapters::model::script::{Cue, Line, Pace, Script};
use tackroom::adapters::model::scripted::Scripted;
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::ids::{EventNo, RunNo, SessionId};
use tackroom::domain::message::{Args, Draft, Finish, Message, Reply, Transcript, WireCall};
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::Later;
use tackroom::ports::clock::Clock;
use tackroom::ports::model::{Ask, Errand, Model};

/// What both models are to say, in their own languages: text, then two calls, then a fault and an end.
const SCRIPT: &str = r#"{"replies": [
    {"reasoning": "hm", "text": "Grüße, I look 🧵 it up."},
    {"calls": [{"id": "a", "tool": "search", "args": {"query": "x"}}, {"id": "b", "tool": "search", "broken": "{\"query\":"}]},
    {"fault": {"kind": "rate-limit", "message": "slow down", "status": 429, "retry_after_ms": 500}},
    {"text": "cut he", "finish": "length"}
]}"#;

fn wire() -> Vec<Answer> {
    let chunk = |delta: serde_json::Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!("data: {}\n\n", json!({ "choices": [choice] }))
    };
    let done = "data: [DONE]\n\n";
    let text = [
        chunk(json!({"reasoning_content": "hm"}), None),
        chunk(json!({"content": "Grüße, I look "}), None),
        chunk(json!({"content": "🧵 it up."}), Some("stop")),
        done.into(),
    ];
    let call = |index: u32, id: &str, args: &str| {
        let function = json!({"name": "search", "arguments": args});
        chunk(json!({"tool_calls": [{"index": index, "id": id, "function": function}]}), None)
    };
    let calls = [
        call(0, "a", "{\"query\":\"x\"}"),
        call(1, "b", "{\"query\":"),
        chunk(json!({}), Some("tool_calls")),
        done.into(),
    ];
    let limit = Answer::json(429, r#"{"error":{"message":"slow down"}}"#).header("retry-after-ms", "500");
    let cut = [chunk(json!({"content": "cut he"}), Some("length")), done.into()];
    vec![Answer::stream(text.concat()), Answer::stream(calls.concat()), limit, Answer::stream(cut.concat())]
}

fn ask(messages: &Transcript, attempt: u32) -> Ask {
    let session = SessionId("0123456789".into());
    Ask {
        session,
        model: "m".into(),
        messages: messages.clone(),
        tools: ToolBook::default(),
        attempt,
        errand: Errand::default(),
    }
}

async fn turn(model: &dyn Model, messages: &Transcript, attempt: u32) -> (Result<Reply, Fault>, Vec<Draft>) {
    let drafts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&drafts);
    let request = model.prepare(ask(messages, attempt)).unwrap();
    let reply = request.send(Arc::new(move |draft| seen.lock().unwrap().push(draft))).await;
    let drafts = drafts.lock().unwrap().clone();
    (reply, drafts)
}

fn say(messages: &mut Transcript, message: Message) {
    Arc::make_mut(messages).push(Arc::new(message));
}

/// The conversation after a reply, its calls answered.
fn follow(messages: &mut Transcript, reply: &Reply) {
    let calls = reply.calls.iter().map(|call| WireCall {
        wire_id: call.wire_id.clone(),
        tool: call.tool.clone(),
        args: "{}".into(),
    });
    let calls: Vec<_> = calls.collect();
    let (text, reasoning) = (reply.text.clone(), reply.reasoning.clone());
    say(messages, Message::Assistant { text, reasoning, calls: calls.clone() });
    for call in calls {
        let text = format!("result of {}", call.wire_id);
        say(messages, Message::Tool { wire_id: call.wire_id, tool: call.tool, text });
    }
    say(messages, Message::User { text: "go on".into() });
}

async fn suite(model: &dyn Model) {
    let mut messages = Transcript::default();
    say(&mut messages, Message::User { text: "hello".into() });
    assert!(!model.label().is_empty());
    // The hash is fixed before anything is sent, and the same for the same turn.
    let hash = model.prepare(ask(&messages, 1)).unwrap().hash();
    assert_eq!(model.prepare(ask(&messages, 1)).unwrap().hash(), hash);

    let (reply, drafts) = turn(model, &messages, 1).await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), &reply.finish), ("Grüße, I look 🧵 it up.", &Finish::Stop));
    assert_eq!(reply.reasoning.as_ref().unwrap().text, "hm");
    let words: String =
        drafts.iter().filter_map(|d| if let Draft::Text(t) = d { Some(t.as_str()) } else { None }).collect();
    assert_eq!(words, reply.text, "the drafts together are the text");
    assert!(drafts.contains(&Draft::Reasoning("hm".into())));
    assert!(reply.timing.total_ms >= reply.timing.first_ms && reply.timing.pace.len() <= 128);
    follow(&mut messages, &reply);
    assert_ne!(model.prepare(ask(&messages, 1)).unwrap().hash(), hash);

    let (reply, drafts) = turn(model, &messages, 1).await;
    let reply = reply.unwrap();
    assert_eq!((reply.calls.len(), &reply.finish), (2, &Finish::Calls));
    assert_eq!(reply.calls[0].args, Args::Json(json!({"query": "x"})));
    assert_eq!(reply.calls[1].args, Args::Broken("{\"query\":".into()));
    assert!(
        drafts
            .iter()
            .any(|draft| matches!(draft, Draft::Call { index: 1, tool, bytes: 9 } if tool == "search"))
    );
    follow(&mut messages, &reply);

    let fault = turn(model, &messages, 1).await.0.unwrap_err();
    assert_eq!((fault.kind, fault.retry_after_ms), (FaultKind::RateLimit, Some(500)));
    let reply = turn(model, &messages, 2).await.0.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), ("cut he", Finish::Length));
}

#[tokio::test]
async fn the_scripted_model_keeps_the_contract() {
    suite(&Scripted::new(Script::parse(SCRIPT).unwrap(), Arc::new(SystemClock))).await;
}

#[tokio::test]
async fn the_openai_plug_keeps_the_contract() {
    let server = MockModel::strict(wire()).await;
    suite(&OpenAi::new(EndpointConfig::new(server.url()), Arc::new(SystemClock)).unwrap()).await;
    assert_eq!(server.refused(), Vec::<String>::new());
}

/// The same in Messages.
fn messages_wire() -> Vec<Answer> {
    let event = |name: &str, mut data: serde_json::Value| {
        data["type"] = name.into();
        format!("event: {name}\ndata: {data}\n\n")
    };
    let start = |index: u32, block: serde_json::Value| {
        event("content_block_start", json!({"index": index, "content_block": block}))
    };
    let delta = |index: u32, delta: serde_json::Value| {
        event("content_block_delta", json!({"index": index, "delta": delta}))
    };
    let head = || event("message_start", json!({"message": {"model": "m", "usage": {"input_tokens": 1}}}));
    let end = |why: &str| {
        let delta =
            event("message_delta", json!({"delta": {"stop_reason": why}, "usage": {"output_tokens": 2}}));
        delta + &event("message_stop", json!({}))
    };
    let words = |index, pieces: &[&str]| {
        let pieces = pieces.iter().map(|text| delta(index, json!({"type": "text_delta", "text": text})));
        start(index, json!({"type": "text", "text": ""})) + &pieces.collect::<String>()
    };
    let thought = start(0, json!({"type": "thinking", "thinking": "", "signature": ""}))
        + &delta(0, json!({"type": "thinking_delta", "thinking": "hm"}))
        + &delta(0, json!({"type": "signature_delta", "signature": "c2ln"}));
    let call = |index: u32, id: &str, args: &str| {
        start(index, json!({"type": "tool_use", "id": id, "name": "search", "input": {}}))
            + &delta(index, json!({"type": "input_json_delta", "partial_json": args}))
    };
    let limit = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
    vec![
        Answer::stream(
            [head(), thought, words(1, &["Grüße, I look ", "🧵 it up."]), end("end_turn")].concat(),
        ),
        Answer::stream(
            [head(), call(0, "a", "{\"query\":\"x\"}"), call(1, "b", "{\"query\":"), end("tool_use")]
                .concat(),
        ),
        Answer::json(429, limit).header("retry-after-ms", "500"),
        Answer::stream([head(), words(0, &["cut he"]), end("max_tokens")].concat()),
    ]
}

#[tokio::test]
async fn the_messages_plug_keeps_the_contract() {
    let server = MockModel::strict(messages_wire()).await;
    suite(&Anthropic::new(EndpointConfig::new(server.url()), Arc::new(SystemClock)).unwrap()).await;
    assert_eq!(server.refused(), Vec::<String>::new());
}

/// A clock that jumps to where it is asked to sleep.
#[derive(Default)]
struct Jumping(Arc<Mutex<i64>>);

impl Clock for Jumping {
    fn now(&self) -> Micros {
        Micros(*self.0.lock().unwrap())
    }

    fn fresh(&self) -> u128 {
        7
    }

    fn sleep_until(&self, at: Micros) -> Later<'static, ()> {
        let now = Arc::clone(&self.0);
        Box::pin(async move {
            let mut now = now.lock().unwrap();
            *now = at.0.max(*now);
        })
    }
}

#[tokio::test]
async fn a_script_goes_on_in_another_process_and_ends_plainly() {
    let script = Script::parse(r#"{"replies":[{"text":"one"},{"text":"two"}]}"#).unwrap();
    let mut messages = Transcript::default();
    say(&mut messages, Message::User { text: "hello".into() });
    for text in ["one", "two"] {
        // Made anew for each turn, as after a restart.
        let model = Scripted::new(script.clone(), Arc::new(Jumping::default()));
        let reply = turn(&model, &messages, 1).await.0.unwrap();
        assert_eq!(reply.text, text);
        follow(&mut messages, &reply);
    }
    let model = Scripted::new(script.clone(), Arc::new(Jumping::default()));
    let over = turn(&model, &messages, 1).await.0.unwrap();
    assert!(over.text.starts_with("The script is over: its 2 replies are given."), "{}", over.text);
    assert_eq!(over.finish, Finish::Stop);
    let later = Scripted::new(script, Arc::new(Jumping::default())).starting_after(1);
    assert_eq!(turn(&later, &messages, 1).await.0.unwrap().text, "two");
}

#[tokio::test]
async fn a_script_quotes_what_tools_returned() {
    let script = r#"{"replies":[
        {"calls":[{"tool":"a"},{"tool":"b"}]},
        {"text":"[{{last_result}}] [{{results}}] [{{ result:1 }}] [{{result:1:2-3}}] [{{result:9}}] {{nothing}} {{ [{{input}}]",
         "calls":[{"tool":"write","args":{"list":["{{result:2}}"]}}]}]}"#;
    let model = Scripted::new(Script::parse(script).unwrap(), Arc::new(Jumping::default()));
    let mut messages = Transcript::default();
    say(&mut messages, Message::User { text: "ask".into() });
    let calls = vec![
        WireCall { wire_id: "1".into(), tool: "a".into(), args: "{}".into() },
        WireCall { wire_id: "2".into(), tool: "b".into(), args: "{}".into() },
    ];
    say(&mut messages, Message::Assistant { text: String::new(), reasoning: None, calls });
    say(
        &mut messages,
        Message::Tool { wire_id: "1".into(), tool: "a".into(), text: "l1\nl2\nl3\nl4".into() },
    );
    say(&mut messages, Message::Tool { wire_id: "2".into(), tool: "b".into(), text: "{{input}}".into() });
    let reply = turn(&model, &messages, 1).await.0.unwrap();
    let expected = "[{{input}}] [l1\nl2\nl3\nl4\n\n{{input}}] [l1\nl2\nl3\nl4] [l2\nl3] [(no result)] {{nothing}} {{ [ask]";
    assert_eq!(reply.text, expected);
    assert_eq!(reply.calls[0].args, Args::Json(json!({"list": ["{{input}}"]})));
    for bad in ["", "[]", r#"{"replies":[{"txet":"x"}]}"#, r#"{"replies":[{"fault":{"kind":"no-such"}}]}"#] {
        assert!(Script::parse(bad).unwrap_err().contains("line"), "{bad}");
    }
}

#[tokio::test]
async fn a_recorded_session_is_told_again_at_its_pace() {
    let paced = Script::new(vec![Cue::Reply(Line {
        text: "0123456789".repeat(10),
        pace: Pace::CharsPerS(50),
        ..Line::default()
    })]);
    let mut messages = Transcript::default();
    say(&mut messages, Message::User { text: "go".into() });
    let (reply, drafts) = turn(&Scripted::new(paced, Arc::new(Jumping::default())), &messages, 1).await;
    let reply = reply.unwrap();
    assert_eq!((reply.timing.total_ms, drafts.len()), (2_000, 100));
    let fault = Fault::new(FaultKind::Overloaded, "busy");
    let facts = [
        Fact::ModelFailed {
            fault: fault.clone(),
            attempt: 1,
            then: tackroom::domain::retry::AfterFault::GiveUp,
        },
        Fact::ModelReplied { reply: reply.clone(), calls: vec![] },
    ];
    let event = |(n, fact)| Event {
        no: EventNo(n),
        at: Micros(0),
        run: RunNo(1),
        span: EventNo(1),
        parent: EventNo(0),
        fact,
    };
    let events: Vec<Event> = (1..).zip(facts).map(event).collect();
    let model = Scripted::new(Script::from_session(&events), Arc::new(Jumping::default()));
    assert_eq!(turn(&model, &messages, 1).await.0.unwrap_err(), fault);
    assert_eq!(turn(&model, &messages, 2).await.0.unwrap(), reply);
}

#[tokio::test]
async fn dropping_a_paced_reply_stops_it() {
    let line = Line { text: "x".repeat(100), pace: Pace::CharsPerS(1), ..Line::default() };
    let model = Scripted::new(Script::new(vec![Cue::Reply(line)]), Arc::new(SystemClock));
    let mut messages = Transcript::default();
    say(&mut messages, Message::User { text: "go".into() });
    let task = tokio::spawn(model.prepare(ask(&messages, 1)).unwrap().send(Arc::new(|_| {})));
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let server = MockModel::start(vec![Answer::stream("").then(Step::Hang)]).await;
    let model = OpenAi::new(EndpointConfig::new(server.url()), Arc::new(SystemClock)).unwrap();
    let task = tokio::spawn(model.prepare(ask(&messages, 1)).unwrap().send(Arc::new(|_| {})));
    server.heard(1).await;
    task.abort();
    assert!(server.hung_up(1).await);
}
