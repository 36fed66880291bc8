//! The plug for OpenAI-compatible endpoints against a mock: what it sends, what it learns, how it waits and stops.

use crate::harness::cases::cases;
use crate::harness::mock_model::{Answer, Framing, MockModel, Step, strict_fault};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::model::body::{Bodies, rebuilt};
use tackroom::adapters::model::dialect::Dialect;
use tackroom::adapters::model::endpoint::{EndpointConfig, ModelLimits, endpoint_url};
use tackroom::adapters::model::form::Wishes;
use tackroom::adapters::model::openai::{Chat, OpenAi};
use tackroom::adapters::model::secret::Secret;
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::SessionId;
use tackroom::domain::message::{Draft, Finish, Message, Reasoning, Reply, Transcript, WireCall};
use tackroom::domain::schema::Schema;
use tackroom::domain::tool_spec::{Effect, ToolBook, ToolSpec};
use tackroom::ports::model::{Ask, Errand, Model};

fn user(text: &str) -> Message {
    Message::User { text: text.into() }
}

fn system(text: &str) -> Message {
    Message::System { text: text.into() }
}

fn says(text: &str) -> Message {
    Message::Assistant { text: text.into(), reasoning: None, calls: vec![] }
}

fn call(id: &str, args: &str) -> WireCall {
    WireCall { wire_id: id.into(), tool: "search".into(), args: args.into() }
}

fn asks(calls: &[WireCall]) -> Message {
    Message::Assistant { text: String::new(), reasoning: None, calls: calls.to_vec() }
}

fn result(id: &str, text: &str) -> Message {
    Message::Tool { wire_id: id.into(), tool: "search".into(), text: text.into() }
}

fn talk(messages: impl IntoIterator<Item = Message>) -> Transcript {
    Arc::new(messages.into_iter().map(Arc::new).collect())
}

fn tools() -> ToolBook {
    let schema = Schema::new(json!({"type": "object", "properties": {"query": {"type": "string"}}})).unwrap();
    let (name, description) = ("search".to_string(), "Looks for words.".to_string());
    ToolBook::new([ToolSpec { name, description, schema, effect: Effect::ReadOnly, destroys: false }])
}

fn ask(messages: Transcript) -> Ask {
    Ask {
        session: SessionId("0123456789".into()),
        model: "m".into(),
        messages,
        tools: tools(),
        attempt: 1,
        errand: Errand::default(),
    }
}

fn limits(ms: u64) -> ModelLimits {
    ModelLimits { connect_ms: ms, first_byte_ms: ms, idle_ms: ms, total_ms: 10_000 }
}

fn model(config: EndpointConfig) -> OpenAi {
    OpenAi::new(config, Arc::new(SystemClock)).unwrap()
}

async fn turn(model: &OpenAi, ask: Ask) -> Result<Reply, Fault> {
    model.prepare(ask).unwrap().send(Arc::new(|_| {})).await
}

async fn simple(url: String) -> Result<Reply, Fault> {
    turn(
        &model(EndpointConfig { limits: limits(5_000), ..EndpointConfig::new(url) }),
        ask(talk([user("hello")])),
    )
    .await
}

#[tokio::test]
async fn the_body_is_what_was_hashed_and_headers_are_as_configured() {
    let server = MockModel::strict(vec![Answer::says("hi")]).await;
    let mut config = EndpointConfig::new(server.url() + "/?api-version=7");
    config.key = Some(Secret::new(" sk-secret-1\n"));
    config.headers = vec![("X-Team".into(), Secret::new("blue"))];
    config.wishes.max_tokens = Some(99);
    config.wishes.extra.insert("temperature".into(), json!(0.2));
    config.wishes.extra.insert("messages".into(), json!("never"));
    let model = model(config);
    assert_eq!(model.label(), server.url());
    let request = model.prepare(ask(talk([system("be brief"), user("hello")]))).unwrap();
    let hash = request.hash();
    let reply = request.send(Arc::new(|_| {})).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), ("hi", Finish::Stop));
    let asked = server.asked().remove(0);
    assert_eq!(Hash::of(&asked.raw), hash);
    assert_eq!(asked.path, "/v1/chat/completions?api-version=7");
    assert_eq!(asked.header("authorization"), Some("Bearer sk-secret-1"));
    assert_eq!(asked.header("x-team"), Some("blue"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    insta::assert_snapshot!(String::from_utf8(asked.raw).unwrap());
}

#[tokio::test]
async fn a_whole_answer_that_is_not_streamed_is_read_as_well() {
    let body = json!({"id": "x", "object": "chat.completion", "model": "m-1", "choices": [{"index": 0, "message": {
        "role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "search", "arguments": "{\"query\":\"x\"}"}},
            {"id": "b", "type": "function", "function": {"name": "search", "arguments": {"query": "y"}}}]},
        "finish_reason": "stop"}], "usage": {"prompt_tokens": 5, "completion_tokens": 2}});
    let server = MockModel::start(vec![
        Answer::json(200, body.to_string()),
        Answer::json(200, body.to_string().get(..200).unwrap()),
        Answer::json(200, body.to_string()).framed(Framing::ChunkedCut),
        Answer::json(200, r#"{"choices":[{"message":{"content":"no reason"}}]}"#),
        Answer::json(200, r#"{"models":[]}"#),
        Answer::json(200, r#"{"error":{"message":"full","type":"overloaded_error"}}"#),
        Answer::json(200, "<html>"),
        Answer::json(200, "{\"a\":1}\n{\"b\":2}"),
        Answer::json(200, ""),
    ])
    .await;
    let url = server.url();
    let reply = simple(url.clone()).await.unwrap();
    assert_eq!((reply.calls.len(), reply.finish, reply.usage.input), (2, Finish::Calls, 5));
    assert_eq!(reply.reasoning.unwrap().field, "reasoning_content");
    assert_eq!(simple(url.clone()).await.unwrap_err().kind, FaultKind::Cut);
    assert_eq!(simple(url.clone()).await.unwrap_err().kind, FaultKind::Cut);
    assert_eq!(simple(url.clone()).await.unwrap().text, "no reason");
    assert_eq!(simple(url.clone()).await.unwrap_err().kind, FaultKind::Malformed);
    assert_eq!(simple(url.clone()).await.unwrap_err().kind, FaultKind::Overloaded);
    let html = simple(url.clone()).await.unwrap_err();
    assert!(html.kind == FaultKind::Malformed && html.message.contains("HTML"), "{html:?}");
    assert_eq!(simple(url.clone()).await.unwrap_err().kind, FaultKind::Malformed);
    assert_eq!(simple(url).await.unwrap_err().kind, FaultKind::Cut);
}

#[tokio::test]
async fn a_stream_over_the_wire_comes_in_pieces_and_its_end_is_told() {
    let bytes = crate::sse::fixtures().into_iter().find(|(name, _)| name == "openai").unwrap().1;
    let pieces: Vec<&[u8]> = bytes.chunks(7).collect();
    let server = MockModel::start(vec![
        Answer::pieces(&pieces),
        Answer::pieces(&pieces).framed(Framing::Chunked),
        Answer::pieces(&pieces[..20]).framed(Framing::Chunked),
        Answer::pieces(&pieces[..20]).framed(Framing::ChunkedCut),
        Answer::pieces(&pieces[..pieces.len() - 3]).framed(Framing::ChunkedCut),
    ])
    .await;
    let first = simple(server.url()).await.unwrap();
    assert_eq!(first.calls.len(), 2);
    assert_eq!(simple(server.url()).await.unwrap().calls, first.calls);
    assert_eq!(simple(server.url()).await.unwrap_err().kind, FaultKind::Cut);
    assert_eq!(simple(server.url()).await.unwrap_err().kind, FaultKind::Cut);
    // Broken off after the finish reason: whole.
    assert_eq!(simple(server.url()).await.unwrap().calls, first.calls);
}

#[tokio::test]
async fn what_an_endpoint_does_not_take_is_learned_once() {
    let no = |message: &str| {
        Answer::json(400, json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string())
    };
    let server = MockModel::start(vec![
        no("Unrecognized request argument supplied: stream_options"),
        no("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        no("Tool call id was call_abc but must be a-z, A-Z, 0-9, with a length of 9."),
        no("Unexpected role 'user' after role 'tool'"),
        no("body.messages.2.assistant.reasoning_content: Extra inputs are not permitted"),
        no("streaming is not supported for this model"),
        Answer::json(200, r#"{"choices":[{"message":{"content":"at last"},"finish_reason":"stop"}]}"#),
        Answer::says("again"),
        no("something else about stream"),
        no("Missing `reasoning_content` field"),
    ])
    .await;
    let config = EndpointConfig {
        wishes: Wishes { max_tokens: Some(5), ..Wishes::default() },
        ..EndpointConfig::new(server.url())
    };
    let model = model(config);
    let thought = Reasoning { text: "hm".into(), field: "reasoning_content".into(), details: None };
    let calls = vec![call("call_abc", "{}")];
    let messages = talk([
        user("a"),
        Message::Assistant { text: String::new(), reasoning: Some(thought), calls },
        result("call_abc", "r"),
        user("b"),
    ]);
    let request = model.prepare(ask(messages.clone())).unwrap();
    assert_eq!(request.send(Arc::new(|_| {})).await.unwrap().text, "at last");
    let asked = server.asked();
    let last = &asked[6].body;
    assert_eq!((asked.len(), &last["stream"], last.get("stream_options")), (7, &json!(false), None));
    assert_eq!((last.get("max_tokens"), &last["max_completion_tokens"]), (None, &json!(5)));
    assert_eq!(last["messages"][1].get("reasoning_content"), None);
    assert_eq!(last["messages"][1]["tool_calls"][0]["id"].as_str().unwrap().len(), 9);
    assert_eq!(last["messages"][1]["tool_calls"][0]["id"], last["messages"][2]["tool_call_id"]);
    assert_eq!(last["messages"][3]["role"], "assistant");
    assert_eq!(asked[0].body["messages"][1]["reasoning_content"], "hm");
    assert_eq!(asked[0].body["messages"][3]["role"], "user");
    // Remembered: asked once, in the learned form, and the hash is that of the bytes.
    let request = model.prepare(ask(messages.clone())).unwrap();
    let hash = request.hash();
    assert_eq!(request.send(Arc::new(|_| {})).await.unwrap().text, "again");
    assert_eq!((server.asked().len(), Hash::of(&server.asked()[7].raw)), (8, hash));
    // What is no such refusal is told as it is, at once.
    assert_eq!(turn(&model, ask(messages.clone())).await.unwrap_err().kind, FaultKind::BadRequest);
    assert_eq!(turn(&model, ask(messages)).await.unwrap_err().kind, FaultKind::BadRequest);
    assert_eq!(server.asked().len(), 10);
}

#[tokio::test]
async fn a_server_that_refuses_for_ever_is_not_asked_for_ever() {
    let all = "stream_options stream not supported reasoning_content extra_content max_tokens max_completion_tokens";
    let no = Answer::json(400, json!({ "error": { "message": all } }).to_string());
    let server = MockModel::start(vec![no; 20]).await;
    assert_eq!(simple(server.url()).await.unwrap_err().kind, FaultKind::BadRequest);
    assert!(server.asked().len() <= 7, "asked {} times", server.asked().len());
}

#[tokio::test]
async fn waits_are_bounded_each_by_its_limit() {
    let part = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    let server = MockModel::start(vec![
        Answer::silence(),
        Answer::stream("").then(Step::Hang),
        Answer::stream(part).then(Step::Hang),
    ])
    .await;
    for words in ["did not answer within 300 ms", "sent nothing within 300 ms", "was silent for 300 ms"] {
        let config = EndpointConfig { limits: limits(300), ..EndpointConfig::new(server.url()) };
        let fault = turn(&model(config), ask(talk([user("x")]))).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Timeout);
        assert!(fault.message.contains(words), "{}", fault.message);
    }
    assert!(server.hung_up(3).await, "each connection is closed");
    // A server that keeps sending, and never ends.
    let go = Arc::new(tokio::sync::Notify::new());
    let mut endless = Answer::stream(part);
    for _ in 0..200 {
        endless = endless.then(Step::Wait(Arc::clone(&go))).then(Step::Send(b": ping\n\n".to_vec()));
    }
    server.push(endless);
    let config = EndpointConfig {
        limits: ModelLimits { total_ms: 150, ..limits(100) },
        ..EndpointConfig::new(server.url())
    };
    let ticking = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        loop {
            tick.tick().await;
            go.notify_one();
        }
    });
    let fault = turn(&model(config), ask(talk([user("x")]))).await.unwrap_err();
    ticking.abort();
    assert!(fault.message.contains("was not done within 150 ms"), "{}", fault.message);
    // Nobody there at all.
    drop(server);
    let fault = simple("http://127.0.0.1:1/v1".into()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connect);
    assert!(fault.message.starts_with("could not connect to http://127.0.0.1:1: "), "{}", fault.message);
}

#[tokio::test]
async fn dropping_the_request_closes_the_connection() {
    let part = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    let server = MockModel::start(vec![Answer::silence(), Answer::stream(part).then(Step::Hang)]).await;
    let model = model(EndpointConfig::new(server.url()));
    let before = tokio::spawn(model.prepare(ask(talk([user("x")]))).unwrap().send(Arc::new(|_| {})));
    server.heard(1).await;
    before.abort();
    assert!(server.hung_up(1).await, "before the first byte");
    let (told, mut seen) = tokio::sync::mpsc::channel(8);
    let drafts = Arc::new(move |draft: Draft| told.try_send(draft).unwrap());
    let amid = tokio::spawn(model.prepare(ask(talk([user("x")]))).unwrap().send(drafts));
    assert_eq!(seen.recv().await, Some(Draft::Text("a".into())));
    amid.abort();
    assert!(server.hung_up(2).await, "in the middle of the stream");
}

/// Cause: a reply that was whole was dropped before the last chunk had come, so that every step made a new connection,
/// with its TLS.
#[tokio::test]
async fn a_connection_serves_the_next_request_once_the_body_s_end_has_come() {
    let server = MockModel::start(vec![]).await;
    let model = model(EndpointConfig::new(server.url()));
    for asked in 1..=50 {
        server.push(Answer::says("yes").framed(Framing::KeepAlive));
        assert_eq!(turn(&model, ask(talk([user("x")]))).await.unwrap().text, "yes");
        if server.connections() < asked {
            return;
        }
        tokio::task::yield_now().await; // the end may still be on its way
    }
    panic!("{} connections for 50 requests", server.connections());
}

#[tokio::test]
async fn a_body_that_goes_on_after_its_last_word_is_not_waited_for() {
    let end = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let rest = vec![b' '; 64 << 10];
    let answer = Answer::pieces(&[end.as_bytes(), &rest]).framed(Framing::Chunked).then(Step::Hang);
    let server = MockModel::start(vec![answer]).await;
    assert_eq!(simple(server.url()).await.unwrap().text, "a");
    assert!(server.hung_up(1).await, "more than a little is not read");
}

#[tokio::test]
async fn no_message_holds_a_key() {
    let key = "sk-very-secret-key-123";
    let echo = json!({"error": {"message": format!("Incorrect API key provided: {key}"), "code": "invalid_api_key"}});
    let inside = format!("data: {{\"error\":{{\"message\":\"{key} and team-secret\"}}}}\n\n");
    let server = MockModel::start(vec![
        Answer::json(401, echo.to_string()),
        Answer::stream(inside),
        Answer::stream(format!("data: {key}\n\n")),
        Answer::json(307, "").header("location", &format!("http://u:{key}@127.0.0.1:9/x?key={key}")),
    ])
    .await;
    let mut config = EndpointConfig::new(server.url());
    config.key = Some(Secret::new(key));
    config.headers = vec![("api-key".into(), Secret::new("team-secret"))];
    assert!(!format!("{config:?}").contains(key));
    let model = model(config);
    for _ in 0..4 {
        let fault = turn(&model, ask(talk([user("x")]))).await.unwrap_err();
        assert!(!format!("{fault:?}").contains(key) && !fault.message.contains("team-secret"), "{fault:?}");
    }
    assert_eq!(server.asked().len(), 4, "a redirect is not followed");
    let config = EndpointConfig::new(format!("http://user:{key}@127.0.0.1:1/v1?key={key}"));
    let model = self::model(config);
    assert_eq!(model.label(), "http://127.0.0.1:1/v1");
    let fault = turn(&model, ask(talk([user("x")]))).await.unwrap_err();
    assert!(!format!("{fault:?}").contains(key), "{fault:?}");
    let mut config = EndpointConfig::new("http://127.0.0.1:1/v1");
    config.key = Some(Secret::new(format!("{key}\nx")));
    let fault = turn(&self::model(config), ask(talk([user("x")]))).await.unwrap_err();
    assert!(!format!("{fault:?}").contains(key), "{fault:?}");
    for bad in ["", "localhost:11434", "file:///etc/passwd", "http://"] {
        assert_eq!(endpoint_url(bad, "/chat/completions").unwrap_err().kind, FaultKind::BadRequest, "{bad}");
    }
    assert_eq!(
        endpoint_url(" https://h/v1/chat/completions/ ", "/chat/completions").unwrap().0,
        "https://h/v1/chat/completions"
    );
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_is_told() {
    let limit = || Answer::json(429, r#"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#);
    let server = MockModel::start(vec![
        limit().header("retry-after", "7"),
        limit().header("retry-after-ms", "250"),
        limit()
            .header("date", "Fri, 21 Nov 2025 08:30:00 GMT")
            .header("retry-after", "Fri, 21 Nov 2025 08:31:00 GMT"),
    ])
    .await;
    for wait in [7_000, 250, 60_000] {
        let fault = simple(server.url()).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.status, fault.retry_after_ms),
            (FaultKind::RateLimit, Some(429), Some(wait))
        );
    }
}

/// A body for these messages, however valid they are.
fn body(messages: Transcript) -> Value {
    serde_json::from_slice(&Bodies::<Chat>::default().write(&ask(messages), Dialect::default()).bytes)
        .unwrap()
}

#[test]
fn what_a_strict_server_would_refuse_is_mended_without_losing_a_word() {
    let rows: Vec<(&str, Vec<Message>)> = vec![
        ("user after user", vec![system("s"), system("t"), user("a"), user("b")]),
        (
            "a call without a result",
            vec![user("a"), asks(&[call("1", "{}"), call("2", "{}")]), result("2", "late first"), user("b")],
        ),
        ("a result without a call", vec![user("a"), result("9", "orphan words"), says("x"), user("b")]),
        (
            "results out of order",
            vec![
                user("a"),
                asks(&[call("1", "{}"), call("2", "{}")]),
                result("2", "two"),
                result("1", "one"),
            ],
        ),
        (
            "a result twice",
            vec![user("a"), asks(&[call("1", "{}")]), result("1", "one"), result("1", "one more")],
        ),
        (
            "rubbish as arguments",
            vec![user("a"), asks(&[call("1", "{\"q\":"), call("2", "[1]"), call("3", "")]), result("1", "x")],
        ),
        (
            "ids that repeat or are empty",
            vec![
                user("a"),
                asks(&[call("", "{}"), call("", "{}"), call("1", "{}"), call("1", "{}")]),
                result("1", "one"),
                result("1", "two"),
                result("", "three"),
            ],
        ),
        ("an empty turn of the model", vec![user("a"), says(" "), user("b"), says(""), user("")]),
        ("the model twice", vec![user("a"), says("x"), says("y"), asks(&[call("1", "{}")]), result("1", "")]),
        ("the model first", vec![says("x"), user("b")]),
        ("instructions in the middle", vec![user("a"), says("x"), system("harness words")]),
    ];
    let mut shown = String::new();
    for (name, messages) in rows {
        let body = body(talk(messages.clone()));
        assert_eq!(strict_fault(&body), None, "{name}: {body}");
        let text = body.to_string();
        for message in &messages {
            let (Message::User { text: words }
            | Message::System { text: words }
            | Message::Tool { text: words, .. }
            | Message::Assistant { text: words, .. }) = message;
            assert!(text.contains(words.trim()), "{name} lost {words:?}");
        }
        shown.push_str(&format!("# {name}\n"));
        for message in body["messages"].as_array().unwrap() {
            shown.push_str(&format!("{message}\n"));
        }
    }
    let odd = WireCall { wire_id: "1".into(), tool: "run it!\u{1b}".into(), args: "{}".into() };
    assert_eq!(strict_fault(&body(talk([user("a"), asks(&[odd])]))), None);
    insta::assert_snapshot!(shown);
}

#[test]
fn signatures_and_reasoning_go_back_unchanged() {
    let details = json!({
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAA=="}],
        "extra_content": [null, {"google": {"thought_signature": "sig=="}}],
    });
    let thought = Reasoning { text: "hm".into(), field: "reasoning".into(), details: Some(details) };
    let calls = vec![call("1", "{}"), call("2", "{}")];
    let body = body(talk([
        user("a"),
        Message::Assistant { text: "t".into(), reasoning: Some(thought), calls },
        result("1", "x"),
        result("2", "y"),
    ]));
    let turn = &body["messages"][1];
    assert_eq!(turn["reasoning"], "hm");
    assert_eq!(turn["reasoning_details"][0]["data"], "gAAA==");
    assert_eq!(turn["tool_calls"][0].get("extra_content"), None);
    assert_eq!(turn["tool_calls"][1]["extra_content"]["google"]["thought_signature"], "sig==");
}

#[test]
fn a_turn_of_a_long_session_costs_what_is_new() {
    let bodies = Bodies::<Chat>::default();
    let mut messages = Transcript::default();
    let grow = |messages: &mut Transcript, n: usize| {
        let list = Arc::make_mut(messages);
        for _ in 0..n {
            list.push(Arc::new(user(&"words ".repeat(50))));
            list.push(Arc::new(asks(&[call("1", "{\"query\":\"x\"}")])));
            list.push(Arc::new(result("1", &"output ".repeat(200))));
            list.push(Arc::new(says(&"answer ".repeat(50))));
        }
    };
    grow(&mut messages, 5_000);
    let start = Instant::now();
    bodies.write(&ask(messages.clone()), Dialect::default());
    let first = start.elapsed();
    let mut rest = Duration::ZERO;
    for _ in 0..20 {
        grow(&mut messages, 1);
        let ask = ask(messages.clone());
        let start = Instant::now();
        let body = bodies.write(&ask, Dialect::default());
        rest += start.elapsed();
        assert_eq!(body.hash, Hash::of(&body.bytes));
    }
    println!("20,000 messages: first body {first:?}, each later one {:?}", rest / 20);
    assert!(rest / 20 < first / 4, "a later turn is not far cheaper: {first:?}, {:?}", rest / 20);
}

fn message() -> impl Strategy<Value = Message> {
    let id = "[12]?";
    prop_oneof![
        1 => "[a-c ]{0,3}".prop_map(|text| system(&text)),
        3 => "[a-c ]{0,3}".prop_map(|text| user(&text)),
        4 => ("[a-c ]{0,3}", proptest::collection::vec((id, "[{}\":1 ]{0,4}"), 0..4)).prop_map(|(text, calls)| {
            let calls = calls.into_iter().map(|(id, args)| call(&id, &args)).collect();
            Message::Assistant { text, reasoning: None, calls }
        }),
        5 => (id, "[a-c ]{0,3}").prop_map(|(id, text)| result(&id, &text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    /// Any history, valid or not, becomes a body that the strictest server takes, the same whether written at once or turn
    /// by turn. (A conversation that ends with the model's words gets no more of them: the strict rule about the last role is left out; ids may
    /// repeat between turns, which the session prevents.)
    #[test]
    fn any_history_becomes_a_valid_body(messages in proptest::collection::vec(message(), 1..14)) {
        let grown = Bodies::<Chat>::default();
        let mut so_far = Transcript::default();
        for message in messages {
            Arc::make_mut(&mut so_far).push(Arc::new(message));
            let dialect = Dialect::default();
            let incremental = grown.write(&ask(so_far.clone()), dialect);
            let once = Bodies::<Chat>::default().write(&ask(so_far.clone()), dialect);
            prop_assert_eq!(&incremental, &once);
            prop_assert_eq!(incremental.hash, Hash::of(&incremental.bytes));
            for dialect in [dialect, Dialect { echo: false, bridge: true, short_ids: true, ..dialect }] {
                let sent = Bodies::<Chat>::default().write(&ask(so_far.clone()), dialect);
                prop_assert_eq!(rebuilt(&sent.frame, &so_far), Some(sent.bytes.to_vec()), "made again from its frame");
            }
            let body: Value = serde_json::from_slice(&once.bytes).unwrap();
            let fault = strict_fault(&body).filter(|fault| {
                !fault.starts_with("Expected last role") && !fault.contains("repeated") && !fault.contains("missing or empty")
            });
            prop_assert_eq!(fault, None, "{}", body);
        }
    }
}
