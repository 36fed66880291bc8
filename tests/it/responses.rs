//! The plug for Responses: streams cut everywhere, conversations as items, encrypted reasoning sent back.

use crate::harness::cases::cases;
use crate::harness::mock_model::{Answer, MockModel};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::model::body::{Bodies, rebuilt};
use tackroom::adapters::model::endpoint::EndpointConfig;
use tackroom::adapters::model::responses::{OpenAiResponses, Responses, ResponsesDialect, ResponsesIntake};
use tackroom::adapters::model::secret::Secret;
use tackroom::adapters::model::stream::StreamReader;
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::SessionId;
use tackroom::domain::message::{Args, Draft, Finish, Message, Reply, Transcript, WireCall};
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::model::{Ask, Errand, Model};

const NOW: Micros = Micros(1_000_000);

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/responses");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_stem().unwrap().to_string_lossy().to_string(), std::fs::read(path).unwrap())
    };
    let mut all: Vec<_> = files.map(read).collect();
    all.sort();
    assert!(all.len() >= 5, "fixtures are missing");
    all
}

fn fixture(name: &str) -> Vec<u8> {
    fixtures().into_iter().find(|(own, _)| own == name).expect("the fixture is there").1
}

fn read(pieces: &[&[u8]]) -> (Result<Reply, Fault>, Vec<Draft>) {
    let drafts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&drafts);
    let sink = Arc::new(move |draft| seen.lock().unwrap().push(draft));
    let mut reader = StreamReader::new(ResponsesIntake::new(sink, NOW));
    let pushed = pieces.iter().try_for_each(|piece| reader.push(piece, NOW).map(|_| ()));
    let reply = pushed.and_then(|()| reader.end(NOW));
    let drafts = drafts.lock().unwrap().clone();
    (reply, drafts)
}

#[test]
fn each_stream_is_read_right() {
    let mut seen = Vec::new();
    for (name, bytes) in fixtures() {
        let reply = read(&[&bytes]).0.unwrap();
        let args = |args: &Args| match args {
            Args::Json(value) => value.to_string(),
            Args::Broken(text) => format!("broken:{text}"),
        };
        let calls: Vec<String> = reply
            .calls
            .iter()
            .map(|call| format!("{}={}{}", call.wire_id, call.tool, args(&call.args)))
            .collect();
        let thought = reply.reasoning.as_ref().map(|thought| {
            format!(
                "{}{}",
                thought.text,
                thought.details.as_ref().map(ToString::to_string).unwrap_or_default()
            )
        });
        let thought = thought.unwrap_or_default();
        seen.push(format!(
            "{name}: {:?} | {thought} | {} | {:?} | {:?}",
            reply.text,
            calls.join(" "),
            reply.finish,
            reply.usage
        ));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn a_stream_cut_at_every_byte_is_the_same_reply_or_a_cut_one() {
    let (mut cuts, mut ends) = (0, 0);
    for (name, bytes) in fixtures() {
        let all = read(&[&bytes]);
        let text = String::from_utf8_lossy(&bytes).to_string();
        let last = text.rfind("event: response.").unwrap();
        let whole = last + text[last..].trim_end().len();
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(read(&[head, tail]), all, "{name} cut at {at}");
            cuts += 1;
            let short = read(&[head]).0;
            assert_eq!(short.is_ok(), at >= whole, "{name} ended at {at}");
            assert!(short.is_ok() || short.unwrap_err().kind == FaultKind::Cut, "{name} ended at {at}");
            ends += 1;
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), all, "{name} byte by byte");
    }
    println!("streams cut in two: {cuts}, 0 differ; ended early: {ends}, none taken for whole");
}

#[test]
fn an_error_inside_a_stream_is_that_error() {
    let failed = |code: &str| json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": code, "message": "boom"}}});
    for (event, kind) in [
        (failed("server_error"), FaultKind::Overloaded),
        (failed("rate_limit_exceeded"), FaultKind::RateLimit),
        (failed("context_length_exceeded"), FaultKind::Overflow),
        (
            json!({"type": "response.failed", "response": {"status": "failed", "error": null}}),
            FaultKind::Overloaded,
        ),
        (
            json!({"type": "error", "code": "insufficient_quota", "message": "boom", "param": null}),
            FaultKind::Billing,
        ),
        (
            json!({"type": "error", "error": {"type": "invalid_request_error", "code": "invalid_api_key", "message": "x"}}),
            FaultKind::Auth,
        ),
        (json!({"choices": []}), FaultKind::Malformed),
    ] {
        let stream = format!("data: {event}\n\n");
        assert_eq!(read(&[stream.as_bytes()]).0.unwrap_err().kind, kind, "{event}");
    }
}

fn ask(messages: Transcript) -> Ask {
    let (session, tools) = (SessionId("0123456789".into()), ToolBook::default());
    Ask { session, model: "gpt-x".into(), messages, tools, attempt: 1, errand: Errand::default() }
}

fn follow(messages: &mut Transcript, reply: &Reply) {
    let wire = |id: &str| WireCall { wire_id: id.into(), tool: "search".into(), args: "{}".into() };
    let calls: Vec<WireCall> = reply.calls.iter().map(|asked| wire(&asked.wire_id)).collect();
    let (text, reasoning) = (reply.text.clone(), reply.reasoning.clone());
    let list = Arc::make_mut(messages);
    list.push(Arc::new(Message::Assistant { text, reasoning, calls: calls.clone() }));
    for call in calls {
        list.push(Arc::new(Message::Tool { wire_id: call.wire_id, tool: call.tool, text: "found".into() }));
    }
}

#[tokio::test]
async fn encrypted_reasoning_goes_back_and_a_refusal_of_it_is_learned() {
    let no = |message: &str| {
        Answer::json(400, json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string())
    };
    let body = r#"{"object":"response","status":"completed","model":"m","error":null,"output":[{"type":"reasoning","id":"rs_9","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"e"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"whole"}]},{"type":"function_call","call_id":"c","name":"search","arguments":"{\"query\":1}"}],"usage":{"input_tokens":3,"output_tokens":2}}"#;
    let server = MockModel::start(vec![
        Answer::stream(fixture("reasoning-tools")),
        Answer::stream(fixture("encrypted-only")),
        no("The encrypted content for item rs_0 could not be verified."),
        Answer::json(200, body),
        Answer::stream(&fixture("text")[..900]),
        Answer::json(429, r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#)
            .header("retry-after-ms", "500"),
    ])
    .await;
    let mut config = EndpointConfig::new(server.url());
    config.key = Some(Secret::new("sk-secret-1"));
    config.wishes.max_tokens = Some(9);
    let model = OpenAiResponses::new(config, Arc::new(SystemClock)).unwrap();
    let mut messages: Transcript = Arc::new(vec![
        Arc::new(Message::System { text: "be brief".into() }),
        Arc::new(Message::User { text: "hello".into() }),
    ]);
    for _ in 0..3 {
        let request = model.prepare(ask(messages.clone())).unwrap();
        let (hash, frame) = (request.hash(), request.frame().unwrap());
        let reply = request.send(Arc::new(|_| {})).await.unwrap();
        let made = rebuilt(&frame, &messages).unwrap();
        assert_eq!(Hash::of(&made), hash);
        follow(&mut messages, &reply);
    }
    let asked = server.asked();
    assert_eq!(
        (asked[0].path.as_str(), asked[0].header("authorization")),
        ("/v1/responses", Some("Bearer sk-secret-1"))
    );
    insta::assert_snapshot!(String::from_utf8(asked[2].raw.clone()).unwrap());
    let kinds = |at: usize| -> Vec<Value> {
        asked[at].body["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item.get("type").or(item.get("role")).unwrap().clone())
            .collect()
    };
    assert_eq!(kinds(2).iter().filter(|kind| *kind == "reasoning").count(), 2);
    assert_eq!(kinds(3).iter().filter(|kind| *kind == "reasoning").count(), 0, "learned");
    // What was sent stays as it was: a request is the beginning of the next.
    let text = |at: usize| String::from_utf8(asked[at].raw.clone()).unwrap();
    assert!(text(2).starts_with(text(1).trim_end_matches("]}")), "{}\n{}", text(1), text(2));
    let fault = model.prepare(ask(messages.clone())).unwrap().send(Arc::new(|_| {})).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Cut);
    let fault = model.prepare(ask(messages)).unwrap().send(Arc::new(|_| {})).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry_after_ms), (FaultKind::RateLimit, Some(500)));
    assert_eq!(fixture_finish("incomplete"), Finish::Length);
}

fn fixture_finish(name: &str) -> Finish {
    read(&[&fixture(name)]).0.unwrap().finish
}

/// What the server would refuse: a call without a result, a result without a call, an empty word.
pub fn strict(body: &Value) -> Option<String> {
    let (mut waiting, mut known) = (HashSet::new(), HashSet::new());
    for item in body["input"].as_array().into_iter().flatten() {
        let id = item["call_id"].as_str().unwrap_or_default().to_string();
        let fault = match item["type"].as_str() {
            Some("function_call") => {
                known.insert(id.clone());
                let args: Result<Value, _> = serde_json::from_str(item["arguments"].as_str().unwrap_or(""));
                (!waiting.insert(id) || !args.is_ok_and(|args| args.is_object())).then_some("a call")
            }
            Some("function_call_output") => (!waiting.remove(&id)
                || item["output"].as_str().is_none_or(str::is_empty))
            .then_some("a result"),
            _ => (!waiting.is_empty() || item["content"].as_str().is_none_or(|text| text.trim().is_empty()))
                .then_some("words"),
        };
        if let Some(fault) = fault {
            return Some(format!("{fault}: {item}"));
        }
    }
    (!waiting.is_empty()).then(|| "No tool output found for function call".into())
}

fn message() -> impl Strategy<Value = Message> {
    let id = "[12]?";
    prop_oneof![
        1 => "[a-c ]{0,3}".prop_map(|text| Message::System { text }),
        3 => "[a-c ]{0,3}".prop_map(|text| Message::User { text }),
        4 => ("[a-c ]{0,3}", proptest::collection::vec((id, "[{}\":1 ]{0,4}"), 0..4)).prop_map(|(text, calls)| {
            let calls = calls.into_iter().map(|(id, args)| WireCall { wire_id: id, tool: "search".into(), args });
            Message::Assistant { text, reasoning: None, calls: calls.collect() }
        }),
        5 => (id, "[a-c ]{0,3}").prop_map(|(id, text)| Message::Tool { wire_id: id, tool: "search".into(), text }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    /// Any history becomes items that are taken, the same whether written at once or turn by turn.
    #[test]
    fn any_history_becomes_valid_items(messages in proptest::collection::vec(message(), 1..14)) {
        let grown = Bodies::<Responses>::default();
        let mut so_far = Transcript::default();
        for message in messages {
            Arc::make_mut(&mut so_far).push(Arc::new(message));
            let incremental = grown.write(&ask(so_far.clone()), ResponsesDialect::default());
            let once = Bodies::<Responses>::default().write(&ask(so_far.clone()), ResponsesDialect::default());
            prop_assert_eq!(&incremental, &once);
            prop_assert_eq!(rebuilt(&once.frame, &so_far), Some(once.bytes.to_vec()));
            let body: Value = serde_json::from_slice(&once.bytes).unwrap();
            prop_assert_eq!(strict(&body), None, "{}", body);
        }
    }
}
