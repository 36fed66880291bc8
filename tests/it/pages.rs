//! `http_get`, tried on a web that is a table.

use crate::tools::Bench;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tackroom::adapters::tool::Settings;
use tackroom::adapters::tool::fetch::{Fetch, FetchFault, FetchLimits, Fetched, private};
use tackroom::domain::host::Hosts;
use tackroom::ports::Later;

/// Answers from a table; keeps what it was asked.
#[derive(Default)]
pub struct Web {
    pages: BTreeMap<&'static str, Fetched>,
    asked: Mutex<Vec<(String, bool)>>,
}

impl Fetch for Web {
    fn fetch<'a>(&'a self, url: &'a str, limits: FetchLimits) -> Later<'a, Result<Fetched, FetchFault>> {
        self.asked.lock().unwrap().push((url.to_string(), limits.private));
        let page = self.pages.get(url).cloned();
        Box::pin(async move { page.ok_or_else(|| FetchFault::Failed("no such host".to_string())) })
    }
}

fn page(content_type: &str, body: &str) -> Fetched {
    Fetched { status: 200, content_type: content_type.to_string(), body: body.into(), ..Fetched::default() }
}

fn to(location: &str) -> Fetched {
    Fetched { status: 302, location: Some(location.to_string()), ..Fetched::default() }
}

#[test]
fn a_page_comes_as_text() {
    let html = "<html><head><title>T</title></head><body><h1>Head &amp; tail</h1><p>one<br>two <b>bold</b></p>\
                <script>if (a < b) { evil() }</script><ul><li>x</li><li>y&#33;</li></ul><!-- no --><p title='a>b'>1 < 2</p>";
    let web = Arc::new(Web {
        pages: BTreeMap::from([
            ("https://a.org/", page("text/html; charset=utf-8", html)),
            ("https://a.org/j", page("application/json", "{\"b\":[1,2]}")),
            ("https://a.org/t", page("text/plain", "as it is <b>\n")),
            ("https://a.org/i", page("image/png", "\u{1}PNG")),
            ("https://a.org/moved", to("/t")),
            ("https://a.org/away", to("https://evil.org/x")),
            ("https://a.org/plain", to("http://a.org/")),
            ("https://a.org/round", to("round")),
            ("https://a.org/gone", Fetched { status: 404, ..page("text/plain", "no") }),
        ]),
        ..Web::default()
    });
    let bench = Bench::with(Settings { fetch: Some(web.clone()), ..Settings::default() });
    let get = |url: &str| bench.ok("http_get", json!({"url": url}));
    let begin = "[https://a.org/: status 200, text/html; charset=utf-8]\n";
    assert_eq!(get("https://A.org"), format!("{begin}# Head & tail\none\ntwo bold\n- x\n- y!\n1 < 2\n"));
    assert!(get("https://a.org/j#top").ends_with("{\n  \"b\": [\n    1,\n    2\n  ]\n}\n"));
    assert!(get("https://a.org/t").ends_with("as it is <b>\n"));
    assert!(get("https://a.org/i").ends_with("[4 bytes that are no text: not shown]\n"));
    assert!(get("https://a.org/moved").starts_with("[https://a.org/t: status 200"));
    assert!(
        get("https://a.org/away").contains("redirects to https://evil.org/x, another host: not followed")
    );
    assert!(get("https://a.org/plain").contains("without encryption: not followed"));
    assert!(bench.err("http_get", json!({"url": "https://a.org/round"})).contains("more than 5 times"));
    assert!(bench.err("http_get", json!({"url": "https://a.org/gone"})).contains("status 404"));
    assert!(bench.err("http_get", json!({"url": "https://b.org/"})).contains("no such host"));
    assert!(!web.asked.lock().unwrap().iter().any(|(url, _)| url.contains("evil")));
}

#[test]
fn an_address_is_read_strictly_and_private_ones_are_not_asked() {
    let web = Arc::new(Web::default());
    let hosts = Hosts::parse(["localhost:8080", "10.0.0.1"]).unwrap();
    let bench = Bench::with(Settings { fetch: Some(web.clone()), hosts, ..Settings::default() });
    let bad = [
        "https://user:pw@a.org/",
        "https://a.org\\@b.org/",
        "https://a.org /",
        "https://a.org\t/",
        "https:///x",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://[::1/",
        "https://a..b/",
        "https://-a.org/",
        "https://a.org:0/",
        "https://a.org:99999/",
        "https://a.org:8x/",
        "https://ä.org/",
        "https://a_%41/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://192.168.1.1/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://100.64.0.1/",
        "http://10.0.0.2/",
    ];
    for url in bad {
        bench.err("http_get", json!({"url": url}));
    }
    assert!(web.asked.lock().unwrap().is_empty(), "nobody was asked");
    bench.err("http_get", json!({"url": "http://localhost:8080/a b".replace(' ', "%20")}));
    bench.err("http_get", json!({"url": "http://localhost:9090/"}));
    bench.err("http_get", json!({"url": "http://10.0.0.1/ä"}));
    let asked = web.asked.lock().unwrap().clone();
    let expected = [
        ("http://localhost:8080/a%20b", true),
        ("http://localhost:9090/", false),
        ("http://10.0.0.1/%C3%A4", true),
    ];
    assert_eq!(asked, expected.map(|(url, private)| (url.to_string(), private)));
    for public in ["8.8.8.8", "2606:4700::1111", "172.32.0.1", "100.128.0.1"] {
        assert!(!private(public.parse::<IpAddr>().unwrap()), "{public}");
    }
    println!("addresses: {} refused before anybody was asked", bad.len());
}
