//! An exported page in a real browser: it tells everything, runs nothing and asks nobody, whatever was said in the session.

use crate::export_forms::odd;
use crate::harness::binary::{Home, finish, ok};
use crate::harness::outside;
use crate::harness::stored::store;
use crate::harness::story;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const PROMISE: &str = "an exported page tells everything, runs nothing and asks nobody, in a real browser";
/// What the browser is called on one system or another.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// The browser, if there is one that works.
fn browser() -> Option<&'static str> {
    let found =
        |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|ran| ran.status.success());
    let name = NAMES.iter().find(found).copied().unwrap_or(NAMES[0]);
    outside::works(&[name, "--version"], "TACKROOM_HAVE_CHROMIUM", PROMISE).then_some(name)
}

/// Opens a page; answers the document as it is after everything in it was done, and takes a picture.
fn opened(browser: &str, home: &Home, page: &Path) -> String {
    let picture = page.with_extension("png");
    let show = |what: &str| {
        let mut command = Command::new(browser);
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ]);
        command.args(["--no-first-run", "--virtual-time-budget=2000", "--window-size=1000,1400", what]);
        command.arg(format!("--user-data-dir={}", home.path("profile").display()));
        command.arg(format!("file://{}", page.display()));
        home.dress(&mut command);
        let ran = finish(command, b"");
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    show(&format!("--screenshot={}", picture.display()));
    let bytes = std::fs::read(&picture).unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 10_000, "a picture with something in it");
    if let Some(kept) = std::env::var_os("TACKROOM_PICTURES") {
        let folder = home.path("").file_name().unwrap().to_string_lossy().into_owned();
        std::fs::copy(&picture, Path::new(&kept).join(format!("page{folder}.png"))).unwrap();
    }
    show("--dump-dom")
}

/// Exports the only session as a page.
fn exported(home: &Home) -> PathBuf {
    let page = home.path("page.html");
    let id = home.only();
    ok(home.run(&["sessions", "export", &id, "--format", "html", "--output", &page.display().to_string()]));
    page
}

/// The elements of a document, with their attributes.
fn elements(document: &str) -> Vec<&str> {
    document.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

/// That there is nothing in it that could do or fetch something.
fn is_inert(document: &str) {
    for element in elements(document) {
        let name = element.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        let acts =
            ["script", "img", "svg", "iframe", "object", "embed", "a", "link", "base", "form", "input"];
        assert!(!acts.contains(&name), "<{element}>");
        for attribute in [" src=", " href=", " on", " srcdoc=", "http-equiv=\"refresh", "url("] {
            assert!(!element.contains(attribute), "<{element}>");
        }
    }
    let style = document.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
}

/// An address, and how often somebody came to it; whoever comes is sent away at once.
fn address() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, asked) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.and_then(|mut stream| stream.write_all(answer)); // it may have left
        }
    });
    (url, asked)
}

/// Every way out of a text that is known to work, each of which changes the title or asks an address.
fn hostile(address: &str) -> String {
    let owns = "document.title='owned'";
    format!(
        "</pre></style></title><script>{owns}</script><img src=\"{address}/i\" onerror=\"{owns}\"><svg onload=\"{owns}\">\
         </svg><iframe src=\"javascript:parent.{owns}\"></iframe><a href=\"javascript:{owns}\" autofocus onfocus=\"{owns}\">\
         x</a><link rel=\"stylesheet\" href=\"{address}/c\"><style>@import url({address}/s);</style>\
         <body onload=\"{owns}\" style=\"background:url({address}/b)\">&lt;script&gt;{owns}&lt;/script&gt;\" onload=\"{owns}"
    )
}

#[test]
fn an_exported_demo_is_read_in_a_browser() {
    let Some(browser) = browser() else { return };
    let home = Home::new();
    assert_eq!(home.run(&["demo", "--headless", "--on-hold", "approve"]).code, 0);
    let document = opened(browser, &home, &exported(&home));
    is_inert(&document);
    for words in [
        "<title>Research why agents fail",
        "<h1>Research why agents fail",
        "c1 list_dir</strong>",
        "c7 write_file</strong>",
        "approved by ada (flag)",
        "<p>report.md</p>",
        "<span class=\"well\">+ # Why agents fail in production</span>",
        "created report.md",
        "calls</dt><dd>7</dd>",
        "In all</h2>",
    ] {
        assert!(document.contains(words), "{words:?} is not in {document}");
    }
}

#[test]
fn nothing_that_was_said_runs_or_asks_in_a_browser() {
    let Some(browser) = browser() else { return };
    let (url, asked) = address();
    let text = hostile(&url);
    let home = Home::new();
    let bare = home.path("bare.html");
    std::fs::write(&bare, format!("<!DOCTYPE html><title>x</title><style></style><pre>{text}</pre>"))
        .unwrap();
    let document = opened(browser, &home, &bare);
    assert!(document.contains("<title>owned</title>"), "the trap works where nothing guards it: {document}");
    assert!(asked.swap(0, Ordering::SeqCst) > 0, "and somebody is asked");

    for story in [odd(&text), story::done()] {
        let home = Home::new();
        store(&home, &[&story.commits], &[]);
        let document = opened(browser, &home, &exported(&home));
        is_inert(&document);
        assert!(!document.contains("<title>owned"), "a script ran: {document}");
        assert_eq!(asked.load(Ordering::SeqCst), 0, "somebody was asked");
        assert!(
            document.contains("write_file</strong>") && document.contains("</body></html>"),
            "{document}"
        );
    }
    let home = Home::new();
    store(&home, &[&odd(&text).commits], &[]);
    let document = opened(browser, &home, &exported(&home));
    let shown = "&lt;script&gt;document.title='owned'&lt;/script&gt;&lt;img src=";
    assert!(document.matches(shown).count() >= 6, "it is told as text, everywhere: {document}");
}
