//! The plug for Messages: streams cut everywhere, bodies that Anthropic takes, a prefix that its cache can hold.

use crate::harness::cases::cases;
use crate::harness::mock_model::{Answer, MockModel};
use crate::harness::strict_messages::strict_messages_fault;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::model::body::{Bodies, rebuilt};
use tackroom::adapters::model::endpoint::EndpointConfig;
use tackroom::adapters::model::messages::{Anthropic, Messages, MessagesDialect, MessagesIntake};
use tackroom::adapters::model::secret::Secret;
use tackroom::adapters::model::stream::StreamReader;
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::SessionId;
use tackroom::domain::message::{Args, Draft, Finish, Message, Reply, Transcript, WireCall};
use tackroom::domain::schema::Schema;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::{Effect, ToolBook, ToolSpec};
use tackroom::ports::model::{Ask, Errand, Model};

const NOW: Micros = Micros(1_000_000);

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/messages");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_stem().unwrap().to_string_lossy().to_string(), std::fs::read(path).unwrap())
    };
    let mut all: Vec<_> = files.map(read).collect();
    all.sort();
    assert!(all.len() >= 9, "fixtures are missing");
    all
}

fn fixture(name: &str) -> Vec<u8> {
    fixtures().into_iter().find(|(own, _)| own == name).expect("the fixture is there").1
}

/// Reads a stream that comes in these pieces and then ends; also the drafts.
fn read(pieces: &[&[u8]]) -> (Result<Reply, Fault>, Vec<Draft>) {
    let drafts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&drafts);
    let sink = Arc::new(move |draft| seen.lock().unwrap().push(draft));
    let mut reader = StreamReader::new(MessagesIntake::new(sink, NOW));
    let pushed = pieces.iter().try_for_each(|piece| reader.push(piece, NOW).map(|_| ()));
    let reply = pushed.and_then(|()| reader.end(NOW));
    let drafts = drafts.lock().unwrap().clone();
    (reply, drafts)
}

fn whole(name: &str) -> Reply {
    read(&[&fixture(name)]).0.expect("a whole stream is a reply")
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
        seen.push(format!(
            "{name}: {} {:?} | {} | {} | {:?} | {:?}",
            reply.model,
            reply.text,
            thought.unwrap_or_default(),
            calls.join(" "),
            reply.finish,
            reply.usage
        ));
    }
    insta::assert_snapshot!(seen.join("\n"));
    assert_eq!(whole("text"), whole("text-crlf"));
}

#[test]
fn a_stream_cut_in_two_at_every_byte_is_the_same_reply() {
    let mut cuts = 0;
    for (name, bytes) in fixtures() {
        let all = read(&[&bytes]);
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(read(&[head, tail]), all, "{name} cut at {at}");
            cuts += 1;
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), all, "{name} byte by byte");
    }
    println!("streams cut in two: {cuts}, 0 differ");
}

#[test]
fn a_stream_that_ends_before_its_last_event_is_cut() {
    let mut ends = 0;
    for (name, bytes) in fixtures() {
        let text = String::from_utf8_lossy(&bytes).to_string();
        let stop = text.rfind("{\"type\":\"message_stop\"}").unwrap() + "{\"type\":\"message_stop\"}".len();
        for at in 0..bytes.len() {
            let reply = read(&[&bytes[..at]]).0;
            assert_eq!(reply.is_ok(), at >= stop, "{name} ended at {at}");
            if let Err(fault) = reply {
                assert_eq!(fault.kind, FaultKind::Cut, "{name} ended at {at}: {}", fault.message);
            }
            ends += 1;
        }
    }
    println!("streams ended early: {ends}, none taken for whole");
}

#[test]
fn an_error_inside_a_stream_is_that_error() {
    let begun = String::from_utf8(fixture("text")).unwrap();
    let begun = begun.split("event: content_block_stop").next().unwrap();
    for (kind, fault) in [
        ("overloaded_error", FaultKind::Overloaded),
        ("api_error", FaultKind::Overloaded),
        ("rate_limit_error", FaultKind::RateLimit),
        ("timeout_error", FaultKind::Timeout),
        ("billing_error", FaultKind::Billing),
        ("authentication_error", FaultKind::Auth),
        ("permission_error", FaultKind::Auth),
        ("not_found_error", FaultKind::NotFound),
        ("request_too_large", FaultKind::Overflow),
        ("invalid_request_error", FaultKind::BadRequest),
    ] {
        let error =
            json!({"type": "error", "error": {"type": kind, "message": "boom"}, "request_id": "req_1"});
        let stream = format!("{begun}event: error\ndata: {error}\n\n");
        assert_eq!(read(&[stream.as_bytes()]).0.unwrap_err().kind, fault, "{kind}");
    }
    for rubbish in ["not json", "[1]", "{\"choices\":[]}"] {
        let stream = format!("{begun}data: {rubbish}\n\n");
        assert_eq!(read(&[stream.as_bytes()]).0.unwrap_err().kind, FaultKind::Malformed, "{rubbish}");
    }
    assert_eq!(read(&[b"data: {\"type\":\"message_stop\"}\n\n"]).0.unwrap_err().kind, FaultKind::Malformed);
}

fn user(text: &str) -> Message {
    Message::User { text: text.into() }
}

fn call(id: &str, args: &str) -> WireCall {
    WireCall { wire_id: id.into(), tool: "search".into(), args: args.into() }
}

fn result(id: &str, text: &str) -> Message {
    Message::Tool { wire_id: id.into(), tool: "search".into(), text: text.into() }
}

fn says(text: &str, calls: &[WireCall]) -> Message {
    Message::Assistant { text: text.into(), reasoning: None, calls: calls.to_vec() }
}

fn talk(messages: impl IntoIterator<Item = Message>) -> Transcript {
    Arc::new(messages.into_iter().map(Arc::new).collect())
}

fn ask(messages: Transcript) -> Ask {
    let schema = Schema::new(json!({"type": "object", "properties": {"query": {"type": "string"}}})).unwrap();
    let (name, description) = ("search".to_string(), "Looks for words.".to_string());
    let tools =
        ToolBook::new([ToolSpec { name, description, schema, effect: Effect::ReadOnly, destroys: false }]);
    Ask {
        session: SessionId("0123456789".into()),
        model: "claude-x".into(),
        messages,
        tools,
        attempt: 1,
        errand: Errand::default(),
    }
}

fn body(messages: Transcript) -> Value {
    let bodies = Bodies::<Messages>::default();
    serde_json::from_slice(&bodies.write(&ask(messages), MessagesDialect::default()).bytes).unwrap()
}

async fn turn(model: &Anthropic, messages: Transcript) -> Result<Reply, Fault> {
    model.prepare(ask(messages)).unwrap().send(Arc::new(|_| {})).await
}

/// The conversation after a reply, its calls answered.
fn follow(messages: &mut Transcript, reply: &Reply) {
    let calls: Vec<WireCall> =
        reply.calls.iter().map(|asked| call(&asked.wire_id, "{\"query\":\"x\"}")).collect();
    let (text, reasoning) = (reply.text.clone(), reply.reasoning.clone());
    let list = Arc::make_mut(messages);
    list.push(Arc::new(Message::Assistant { text, reasoning, calls: calls.clone() }));
    list.extend(
        calls.iter().map(|call| Arc::new(result(&call.wire_id, &format!("result of {}", call.wire_id)))),
    );
    if calls.is_empty() {
        list.push(Arc::new(user("go on")));
    }
}

#[tokio::test]
async fn the_body_is_what_was_hashed_and_the_key_has_its_own_header() {
    let server = MockModel::strict(vec![Answer::stream(fixture("text"))]).await;
    let mut config = EndpointConfig::new(server.url() + "/messages?beta=true");
    config.key = Some(Secret::new("sk-ant-secret-1\n"));
    config.headers = vec![("anthropic-version".into(), Secret::new("2024-01-01"))];
    config.wishes.extra.insert("temperature".into(), json!(0.5));
    config.wishes.extra.insert("system".into(), json!("never"));
    let model = Anthropic::new(config, Arc::new(SystemClock)).unwrap();
    assert_eq!(model.label(), server.url());
    let messages = talk([Message::System { text: "be brief".into() }, user("hello")]);
    let request = model.prepare(ask(messages.clone())).unwrap();
    let (hash, frame) = (request.hash(), request.frame().unwrap());
    let reply = request.send(Arc::new(|_| {})).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), ("Grüße! I look 🧵 it up.", Finish::Stop));
    assert_eq!((reply.usage.input, reply.usage.output), (25, 15));
    let asked = server.asked().remove(0);
    assert_eq!(Hash::of(&asked.raw), hash);
    assert_eq!(rebuilt(&frame, &messages), Some(asked.raw.clone()));
    assert_eq!(asked.path, "/v1/messages?beta=true");
    assert_eq!((asked.header("x-api-key"), asked.header("authorization")), (Some("sk-ant-secret-1"), None));
    assert_eq!(
        asked.header("anthropic-version"),
        Some("2024-01-01"),
        "an own header takes the place of ours"
    );
    insta::assert_snapshot!(String::from_utf8(asked.raw).unwrap());
}

#[tokio::test]
async fn signed_thoughts_go_back_unchanged_and_in_their_places() {
    let names = ["thinking-tool", "interleaved", "omitted-thinking"];
    let mut answers: Vec<Answer> = names.iter().map(|name| Answer::stream(fixture(name))).collect();
    answers.push(Answer::stream(fixture("text")));
    let server = MockModel::strict(answers).await;
    let model = Anthropic::new(EndpointConfig::new(server.url()), Arc::new(SystemClock)).unwrap();
    let mut messages = talk([user("hello")]);
    for _ in 0..4 {
        let reply = turn(&model, messages.clone()).await.unwrap();
        follow(&mut messages, &reply);
    }
    assert_eq!(server.refused(), Vec::<String>::new());
    let last = server.asked().pop().unwrap().body;
    let kinds = |at: usize| -> Vec<String> {
        let blocks = last["messages"][at]["content"].as_array().unwrap();
        blocks.iter().map(|block| block["type"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(kinds(1), ["thinking", "text", "tool_use"]);
    assert_eq!(kinds(3), ["redacted_thinking", "text", "thinking", "text"]);
    assert_eq!(kinds(5), ["thinking", "text"]);
    let thought = &last["messages"][1]["content"][0];
    assert_eq!(
        thought,
        &json!({"type": "thinking", "thinking": "The file comes first.", "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrk"})
    );
    assert_eq!(last["messages"][3]["content"][2]["signature"], "c2lnbmVk");
    // Another wire sends nothing of them: it does not know them.
    let chat = Bodies::<tackroom::adapters::model::openai::Chat>::default();
    let bytes = chat.write(&ask(messages), tackroom::adapters::model::dialect::Dialect::default()).bytes;
    let text = String::from_utf8_lossy(&bytes).to_string();
    assert!(!text.contains("signature") && !text.contains("thinking"), "{text}");
}

#[tokio::test]
async fn what_an_endpoint_refuses_is_learned_once() {
    let no = |message: &str| {
        let error = json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}});
        Answer::json(400, error.to_string())
    };
    let server = MockModel::start(vec![
        no("max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-haiku"),
        no("messages.1.content.0: Invalid `signature` in `thinking` block"),
        no("adaptive thinking is not supported on this model"),
        no("messages.0.content.0.cache_control: Extra inputs are not permitted"),
        no("streaming is not supported"),
        Answer::json(200, r#"{"type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"hm","signature":"eA=="},{"type":"text","text":"ok"},{"type":"tool_use","id":"t","name":"search","input":{"query":"q"}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":2}}"#),
        Answer::json(200, r#"{"type":"message","content":[{"type":"text","text":"again"}],"stop_reason":"end_turn"}"#),
        no("max_tokens: 8192 > 8192, which is the maximum"),
    ])
    .await;
    let mut config = EndpointConfig::new(server.url());
    config.wishes.extra.insert("thinking".into(), json!({"type": "adaptive"}));
    let model = Anthropic::new(config, Arc::new(SystemClock)).unwrap();
    let thought = read(&[&fixture("thinking-tool")]).0.unwrap();
    let mut messages = talk([user("x")]);
    follow(&mut messages, &thought);
    let reply = turn(&model, messages.clone()).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls.len(), reply.finish), ("ok", 1, Finish::Calls));
    assert_eq!(reply.reasoning.unwrap().text, "hm");
    assert_eq!(turn(&model, messages.clone()).await.unwrap().text, "again");
    let asked = server.asked();
    assert_eq!(asked.len(), 7, "the second request is made as learned");
    assert_eq!(
        (asked[0].body["max_tokens"].as_u64(), asked[6].body["max_tokens"].as_u64()),
        (Some(32_000), Some(8_192))
    );
    let last = String::from_utf8_lossy(&asked[6].raw).to_string();
    assert!(!last.contains("thinking") && !last.contains("cache_control"), "{last}");
    assert_eq!(asked[6].body["stream"], false);
    assert_eq!(turn(&model, messages).await.unwrap_err().kind, FaultKind::BadRequest, "learning ends");
}

/// A conversation of many turns, as its requests are written one after the other.
fn grown(turns: usize) -> Vec<Vec<u8>> {
    let bodies = Bodies::<Messages>::default();
    let mut messages = talk([Message::System { text: "be brief".into() }, user("begin")]);
    let mut all = Vec::new();
    for n in 0..turns {
        all.push(bodies.write(&ask(messages.clone()), MessagesDialect::default()).bytes.to_vec());
        let ids = [format!("toolu_{n}a"), format!("toolu_{n}b")];
        let list = Arc::make_mut(&mut messages);
        list.push(Arc::new(says(
            &format!("step {n}"),
            &ids.clone().map(|id| call(&id, "{\"query\": \"x\"}")),
        )));
        list.extend(ids.iter().map(|id| Arc::new(result(id, &format!("found {id}")))));
        if n % 3 == 1 {
            list.push(Arc::new(user("and mind the rest")));
        }
    }
    all
}

/// The caching of a provider is by the beginning: nothing that was sent may be sent otherwise later.
#[test]
fn the_beginning_of_a_request_stays_the_same_byte_for_byte() {
    const MARK: &str = ",\"cache_control\":{\"type\":\"ephemeral\"}";
    let all = grown(12);
    for (at, pair) in all.windows(2).enumerate() {
        let [before, after] = [&pair[0], &pair[1]].map(|body| String::from_utf8(body.clone()).unwrap());
        // What stands before the first mark of messages is the same as it is, marks and all that is settled.
        let settled = before.find(MARK).unwrap();
        assert_eq!(before[..settled], after[..settled], "turn {at}");
        // Without the marks, a request is the beginning of the next one, to its last message.
        let plain = |body: &str| body.replace(MARK, "").split("],\"system\"").next().unwrap().to_string();
        assert!(plain(&after).starts_with(&plain(&before)), "turn {at}");
        // The place of the newest mark is marked in the next request, too: there the cache was written.
        let end = plain(&before).len() - "}]}".len();
        let marked = |body: &str| {
            let mut removed = 0;
            let places = body.match_indices(MARK).map(|(place, _)| {
                let plain = place - removed;
                removed += MARK.len();
                plain
            });
            places.collect::<Vec<usize>>()
        };
        assert!(marked(&before).contains(&end) && marked(&after).contains(&end), "turn {at}");
        assert!(marked(&after).len() <= 4);
    }
    println!("{} requests, each the beginning of the next", all.len());
}

#[test]
fn what_would_be_refused_is_mended_without_losing_a_word() {
    let rows: Vec<(&str, Vec<Message>)> = vec![
        ("user after user", vec![user("a"), user("b")]),
        (
            "a call without a result",
            vec![user("a"), says("", &[call("1", "{}"), call("2", "{}")]), result("2", "two"), user("b")],
        ),
        (
            "a result after words",
            vec![
                user("a"),
                says("", &[call("1", "{}"), call("2", "{}")]),
                user("b"),
                result("1", "late one"),
            ],
        ),
        ("a result without a call", vec![user("a"), result("9", "orphan words"), says("x", &[]), user("b")]),
        (
            "results out of order",
            vec![
                user("a"),
                says("", &[call("1", "{}"), call("2", "{}")]),
                result("2", "two"),
                result("1", "one"),
            ],
        ),
        (
            "rubbish as arguments",
            vec![
                user("a"),
                says("", &[call("1", "{\"q\":"), call("2", "[1]"), call("3", "")]),
                result("1", "x"),
            ],
        ),
        (
            "ids of another provider",
            vec![
                user("a"),
                says("", &[call("call:1/é", "{}"), call("", "{}"), call("", "{}")]),
                result("call:1/é", "one"),
                result("", "two"),
            ],
        ),
        ("an empty turn of the model", vec![user("a"), says(" ", &[]), user("b"), says("", &[]), user("")]),
        (
            "the model twice",
            vec![user("a"), says("x", &[]), says("y", &[]), says("", &[call("1", "{}")]), result("1", "")],
        ),
        ("the model first", vec![says("x", &[]), user("b")]),
        ("the model last", vec![user("a"), says("x", &[])]),
        (
            "instructions in the middle",
            vec![user("a"), says("x", &[]), Message::System { text: "harness words".into() }],
        ),
    ];
    for (name, messages) in rows {
        let body = body(talk(messages.clone()));
        assert_eq!(strict_messages_fault(&body), None, "{name}: {body}");
        let text = body.to_string();
        for message in &messages {
            let (Message::User { text: words }
            | Message::System { text: words }
            | Message::Tool { text: words, .. }
            | Message::Assistant { text: words, .. }) = message;
            assert!(text.contains(words.trim()), "{name} lost {words:?}: {text}");
        }
    }
}

fn message() -> impl Strategy<Value = Message> {
    let id = "[12]?";
    prop_oneof![
        1 => "[a-c ]{0,3}".prop_map(|text| Message::System { text }),
        3 => "[a-c ]{0,3}".prop_map(|text| user(&text)),
        4 => ("[a-c ]{0,3}", proptest::collection::vec((id, "[{}\":1 ]{0,4}"), 0..4)).prop_map(|(text, calls)| {
            let calls: Vec<WireCall> = calls.into_iter().map(|(id, args)| call(&id, &args)).collect();
            says(&text, &calls)
        }),
        5 => (id, "[a-c ]{0,3}").prop_map(|(id, text)| result(&id, &text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    /// Any history, valid or not, becomes a body that Anthropic takes, the same whether written at once or turn by turn.
    /// (Ids may repeat between turns, which the session prevents.)
    #[test]
    fn any_history_becomes_a_valid_message(messages in proptest::collection::vec(message(), 1..14)) {
        let grown = Bodies::<Messages>::default();
        let mut so_far = Transcript::default();
        for message in messages {
            Arc::make_mut(&mut so_far).push(Arc::new(message));
            let dialect = MessagesDialect::default();
            let incremental = grown.write(&ask(so_far.clone()), dialect);
            let once = Bodies::<Messages>::default().write(&ask(so_far.clone()), dialect);
            prop_assert_eq!(&incremental, &once);
            prop_assert_eq!(incremental.hash, Hash::of(&incremental.bytes));
            for dialect in [dialect, MessagesDialect { echo: false, cache: false, ..dialect }] {
                let sent = Bodies::<Messages>::default().write(&ask(so_far.clone()), dialect);
                prop_assert_eq!(rebuilt(&sent.frame, &so_far), Some(sent.bytes.to_vec()), "made again from its frame");
            }
            let body: Value = serde_json::from_slice(&once.bytes).unwrap();
            let fault = strict_messages_fault(&body);
            let fault = fault.filter(|fault| !fault.contains("unique") && !fault.contains("at least one"));
            prop_assert_eq!(fault, None, "{}", body);
        }
    }

    /// Bytes changed, left out, put in or doubled anywhere: a reply or a fault, never a panic; and the cuts do not matter.
    #[test]
    fn a_changed_stream_never_panics(
        which in 0usize..64,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..3, any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let all = fixtures();
        let mut bytes = all[which % all.len()].1.clone();
        for (at, change, byte) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        let whole = read(&[&bytes]);
        let (head, tail) = bytes.split_at(cut.index(bytes.len()));
        prop_assert_eq!(read(&[head, tail]), whole);
    }
}
