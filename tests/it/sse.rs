//! Streams of real servers, cut everywhere: the same reply however the bytes come, and no reply from a cut one.

use crate::harness::cases::cases;
use crate::harness::promise;
use proptest::prelude::*;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use tackroom::adapters::model::assemble::Assembler;
use tackroom::adapters::model::sse::{SseEvent, SseParser};
use tackroom::adapters::model::stream::StreamReader;
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::message::{Args, Draft, Finish, Reply};
use tackroom::domain::time::Micros;

const NOW: Micros = Micros(1_000_000);

/// All fixtures: name and bytes.
pub fn fixtures() -> Vec<(String, Vec<u8>)> {
    static ALL: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    ALL.get_or_init(load).clone()
}

fn load() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sse");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().to_string(), std::fs::read(path).unwrap()))
        .collect();
    all.sort();
    assert!(all.len() >= 18, "fixtures are missing");
    all
}

/// Reads a stream that comes in these pieces and then ends; also the drafts.
fn read(pieces: &[&[u8]]) -> (Result<Reply, Fault>, Vec<Draft>) {
    let drafts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&drafts);
    let sink = Arc::new(move |draft| seen.lock().unwrap().push(draft));
    let mut reader = StreamReader::new(Assembler::new(sink, NOW));
    let pushed = pieces.iter().try_for_each(|piece| reader.push(piece, NOW).map(|_| ()));
    let reply = pushed.and_then(|()| reader.end(NOW));
    let drafts = drafts.lock().unwrap().clone();
    (reply, drafts)
}

fn whole(bytes: &[u8]) -> Reply {
    read(&[bytes]).0.expect("a whole stream is a reply")
}

fn fixture(name: &str) -> Reply {
    whole(&fixtures().into_iter().find(|(own, _)| own == name).expect("the fixture is there").1)
}

fn calls(reply: &Reply) -> Vec<String> {
    let args = |args: &Args| match args {
        Args::Json(value) => value.to_string(),
        Args::Broken(text) => format!("broken:{text}"),
    };
    reply.calls.iter().map(|call| format!("{}={}{}", call.wire_id, call.tool, args(&call.args))).collect()
}

#[test]
fn each_server_s_stream_is_read_right() {
    let mut seen = Vec::new();
    for (name, bytes) in fixtures() {
        let reply = whole(&bytes);
        let thought = reply.reasoning.as_ref().map(|thought| {
            let details = thought.details.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{}:{}{details}", thought.field, thought.text)
        });
        let usage = [reply.usage.input, reply.usage.output, reply.usage.cached, reply.usage.reasoning];
        seen.push(format!(
            "{name}: {:?} | {} | {} | {:?} | {usage:?}",
            reply.text,
            thought.unwrap_or_default(),
            calls(&reply).join(" "),
            reply.finish
        ));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn the_ends_of_lines_make_no_difference() {
    assert_eq!(fixture("openai"), fixture("openai-crlf"));
    assert_eq!(fixture("openai"), fixture("openai-cr"));
    assert_eq!(fixture("openrouter"), fixture("openrouter-crlf"));
}

#[test]
fn a_stream_cut_in_two_at_every_byte_is_the_same_reply() {
    let mut cuts = 0;
    for (name, bytes) in fixtures() {
        let (reply, drafts) = read(&[&bytes]);
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(read(&[head, tail]), (reply.clone(), drafts.clone()), "{name} cut at {at}");
            cuts += 1;
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), (reply, drafts), "{name} byte by byte");
    }
    promise::kept("P1–P3", format!("streams cut in two: {cuts}, 0 differ"));
}

#[test]
fn a_stream_that_ends_early_is_never_a_smaller_reply() {
    let (mut ends, mut cut) = (0, 0);
    for (name, bytes) in fixtures() {
        let reply = whole(&bytes);
        let text = String::from_utf8_lossy(&bytes).to_string();
        // From here on the stream has said that it is whole.
        let finish =
            ["\"finish_reason\":\"", "[DONE]"].iter().filter_map(|mark| text.find(mark)).min().unwrap();
        for at in 0..bytes.len() {
            ends += 1;
            match read(&[&bytes[..at]]).0 {
                Err(fault) => {
                    assert_eq!(fault.kind, FaultKind::Cut, "{name} ended at {at}: {}", fault.message);
                    cut += 1;
                }
                Ok(short) => {
                    assert!(at > finish, "{name} ended at {at} is taken for whole");
                    let same = short.calls == reply.calls && short.text == reply.text;
                    assert!(same || name == "odd", "{name} ended at {at} lost calls or text");
                }
            }
        }
    }
    promise::kept(
        "P1–P3",
        format!("streams ended early: {ends}, {cut} told as cut, 0 taken for a smaller reply"),
    );
}

#[test]
fn a_call_after_the_finish_reason_is_still_a_call() {
    let reply = fixture("odd");
    assert_eq!(calls(&reply), [r#"=get_time{"zone":"UTC"}"#, r#"late=read_file{"path":"z"}"#]);
    assert_eq!(reply.finish, Finish::Calls);
}

fn stream(chunks: &[&str]) -> Result<Reply, Fault> {
    let mut text = String::new();
    for chunk in chunks {
        text.push_str(&format!("data: {chunk}\n\n"));
    }
    read(&[text.as_bytes()]).0
}

fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)
}

const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

fn of_calls(entries: &[&str]) -> Vec<String> {
    let chunks: Vec<String> =
        entries.iter().map(|entry| delta(&format!(r#"{{"tool_calls":{entry}}}"#))).collect();
    let mut chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    chunks.push(STOP);
    calls(&stream(&chunks).unwrap())
}

#[test]
fn calls_are_put_together_whatever_is_left_out() {
    // Index 0 for every parallel call, told apart by id.
    let same_index = of_calls(&[
        r#"[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]"#,
        r#"[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"n\":"}}]"#,
        r#"[{"index":0,"function":{"arguments":"1}"}}]"#,
    ]);
    assert_eq!(same_index, ["a=f{}", r#"b=f{"n":1}"#]);
    // The same without ids: a second whole call.
    let no_ids = of_calls(&[
        r#"[{"index":0,"function":{"name":"f","arguments":"{\"n\":1}"}}]"#,
        r#"[{"index":0,"function":{"name":"f","arguments":"{\"n\":2}"}}]"#,
    ]);
    assert_eq!(no_ids, [r#"=f{"n":1}"#, r#"=f{"n":2}"#]);
    // No index: by id, then the last.
    let no_index = of_calls(&[
        r#"[{"id":"a","function":{"name":"f","arguments":"{\"n\""}}]"#,
        r#"[{"id":"b","function":{"name":"g"}}]"#,
        r#"[{"id":"a","function":{"arguments":":1}"}}]"#,
        r#"[{"function":{"arguments":""}}]"#,
    ]);
    assert_eq!(no_index, [r#"a=f{"n":1}"#, "b=g{}"]);
    // Neither, and two whole calls at once; an index as text; an id as a number.
    assert_eq!(
        of_calls(&[
            r#"[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":"{}"}}]"#
        ]),
        ["=f{}", "=f{}"]
    );
    assert_eq!(
        of_calls(&[
            r#"[{"index":"1","id":7,"function":{"name":"g","arguments":"{}"}}]"#,
            r#"[{"index":"0","id":6,"function":{"name":"f","arguments":{"a":[1]}}}]"#
        ]),
        [r#"6=f{"a":[1]}"#, "7=g{}"]
    );
    // Repeated id and name in every piece; an index far away.
    assert_eq!(
        of_calls(&[
            r#"[{"index":9999999999,"id":"a","function":{"name":"f","arguments":"{\"n\""}}]"#,
            r#"[{"index":9999999999,"id":"a","function":{"name":"f","arguments":":1}"}}]"#
        ]),
        [r#"a=f{"n":1}"#]
    );
    // Rubbish is kept as rubbish, nothing at all is an empty object.
    assert_eq!(
        of_calls(&[r#"[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"n\":"}}]"#]),
        ["a=f".to_string() + "broken:{\"n\":"]
    );
    assert_eq!(of_calls(&[r#"[{"index":0,"id":"a","function":{"name":"f","arguments":" "}}]"#]), ["a=f{}"]);
    let long = "x".repeat(100_000);
    let broken =
        of_calls(&[&format!(r#"[{{"index":0,"id":"a","function":{{"name":"f","arguments":"{long}"}}}}]"#)]);
    assert_eq!(broken[0].len(), "a=fbroken:".len() + 16 * 1024);
}

#[test]
fn an_error_inside_a_stream_is_that_error() {
    let text = delta(r#"{"content":"half an answer"}"#);
    let rows = [
        (
            r#"{"error":{"message":"Provider disconnected","code":502},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#,
            FaultKind::Overloaded,
        ),
        (
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            FaultKind::Overflow,
        ),
        (r#"{"error":"slow down","code":429}"#, FaultKind::Unknown),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            FaultKind::Overloaded,
        ),
        (
            r#"{"object":"error","message":"boom","type":"InternalServerError","code":500}"#,
            FaultKind::Overloaded,
        ),
        (
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"insufficient_system_resource"}]}"#,
            FaultKind::Overloaded,
        ),
        (r#"not json"#, FaultKind::Malformed),
        (r#"[1]"#, FaultKind::Malformed),
    ];
    for (chunk, kind) in rows {
        assert_eq!(stream(&[&text, chunk, STOP, "[DONE]"]).unwrap_err().kind, kind, "{chunk}");
        assert_eq!(
            stream(&[&text, STOP, chunk, "[DONE]"]).unwrap_err().kind,
            kind,
            "after the finish: {chunk}"
        );
    }
    let event =
        b"event: error\ndata: {\"error\":{\"message\":\"Model unloaded\",\"type\":\"server_error\"}}\n\n";
    assert_eq!(read(&[event]).0.unwrap_err().kind, FaultKind::Overloaded);
    let field = b"error: {\"code\":500,\"message\":\"slot failed\",\"type\":\"server_error\"}\n\n";
    assert_eq!(read(&[field]).0.unwrap_err().kind, FaultKind::Overloaded);
}

#[test]
fn odd_ends_are_told_by_kind() {
    assert_eq!(stream(&["[DONE]"]).unwrap_err().kind, FaultKind::Malformed);
    assert_eq!(stream(&[]).unwrap_err().kind, FaultKind::Cut);
    let says_calls = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
    assert_eq!(stream(&[says_calls, "[DONE]"]).unwrap_err().kind, FaultKind::Malformed);
    let empty = stream(&[STOP]).unwrap();
    assert_eq!((empty.text.as_str(), empty.finish), ("", Finish::Stop));
    let text = delta(r#"{"content":"x"}"#);
    for (word, finish) in [
        ("length", Finish::Length),
        ("MAX_TOKENS", Finish::Length),
        ("content_filter", Finish::Filtered),
        ("eos", Finish::Stop),
        ("halted", Finish::Other("halted".into())),
    ] {
        let end = format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{word}"}}]}}"#);
        assert_eq!(stream(&[&text, &end]).unwrap().finish, finish);
    }
    // Length stays length where there are calls: they may be cut.
    let call = delta(r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#);
    let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#;
    assert_eq!(stream(&[&call, end]).unwrap().finish, Finish::Length);
}

#[test]
fn lines_and_events_are_bounded() {
    let mut parser = SseParser::new(64);
    let mut out = Vec::new();
    assert!(parser.push(&[b'x'; 65], &mut out).is_err());
    let mut parser = SseParser::new(64);
    let many = "data: 0123456789\n".repeat(7);
    assert!(parser.push(many.as_bytes(), &mut out).is_err());
    let mut parser = SseParser::new(64);
    parser.push(b"data: 1\n\ndata: 2\r\rdata:3\r\n\r\n:c\nevent: e\n\nevent: f\ndata\n\n", &mut out).unwrap();
    let seen: Vec<(&str, &str)> =
        out.iter().map(|SseEvent { name, data }| (name.as_str(), data.as_str())).collect();
    assert_eq!(seen, [("", "1"), ("", "2"), ("", "3"), ("f", "")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        cases(2_000)
    ))]

    /// Bytes changed, left out, put in or doubled anywhere: a reply or a fault, never a panic; and the cuts do not matter.
    #[test]
    fn a_changed_stream_never_panics(
        which in 0usize..64,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..4, any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let all = fixtures();
        let mut bytes = all[which % all.len()].1.clone();
        for (at, change, byte) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(bytes.len() - (bytes.len() - at) / 8),
            }
        }
        let whole = read(&[&bytes]);
        let (head, tail) = bytes.split_at(cut.index(bytes.len()));
        prop_assert_eq!(read(&[head, tail]), whole);
    }
}
