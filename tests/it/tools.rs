//! The file tools, tried on real folders.

use crate::harness::cases::cases;
use crate::harness::promise;
use crate::pages::Web;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tackroom::adapters::tool::{Settings, Workspace, standard};
use tackroom::domain::call::{Outcome, Preview};
use tackroom::ports::tool::{Cleared, Returned, Stop, Tool};

/// A workspace `ws` beside a folder `ws-secret`, and the standard tools on it.
pub struct Bench {
    folder: tempfile::TempDir,
    tools: Vec<Arc<dyn Tool>>,
    pub runtime: tokio::runtime::Runtime,
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("ws")).unwrap();
        std::fs::create_dir(folder.path().join("ws-secret")).unwrap();
        std::fs::write(folder.path().join("ws-secret/key"), "SECRET-1\n").unwrap();
        std::fs::write(folder.path().join("ws/notes.txt"), "one\ntwo\nthree\n").unwrap();
        let settings = Settings {
            fetch: Some(settings.fetch.clone().unwrap_or_else(|| Arc::new(Web::default()))),
            ..settings
        };
        let workspace = Workspace::open(&folder.path().join("ws"), &[]).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Bench { folder, tools: standard(workspace, settings), runtime }
    }

    pub fn root(&self) -> String {
        self.folder.path().join("ws").to_str().unwrap().to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("ws").join(name)
    }

    pub fn tool(&self, name: &str) -> Arc<dyn Tool> {
        self.tools.iter().find(|tool| tool.spec().name == name).unwrap().clone()
    }

    pub fn cleared(&self, args: Value) -> Cleared {
        let output = Arc::new(|_| ());
        Cleared { args, key: "s-1".to_string(), output, walls: None, scripts: None, stop: Stop::default() }
    }

    pub fn run(&self, name: &str, args: Value) -> Returned {
        self.run_call(name, self.cleared(args))
    }

    pub fn run_call(&self, name: &str, call: Cleared) -> Returned {
        self.runtime.block_on(self.tool(name).run(call))
    }

    pub fn preview(&self, name: &str, args: Value) -> Preview {
        let tool = self.tool(name);
        self.runtime.block_on(tool.preview(&args))
    }

    pub fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    pub fn secret(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ws-secret/key")).unwrap()
    }

    /// The text of a call that must succeed.
    pub fn ok(&self, name: &str, args: Value) -> String {
        let returned = self.run(name, args);
        assert_eq!(returned.outcome, Outcome::Ok, "{}", returned.text);
        returned.text
    }

    /// The text of a call that must fail.
    pub fn err(&self, name: &str, args: Value) -> String {
        let returned = self.run(name, args);
        assert_eq!(returned.outcome, Outcome::Error, "{}", returned.text);
        returned.text
    }

    fn no_drafts(&self) {
        let left: Vec<OsString> =
            std::fs::read_dir(self.path(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".tackroom-")), "{left:?}");
    }
}

#[test]
fn lines_come_numbered_and_in_pages() {
    let bench = Bench::new();
    assert_eq!(
        bench.ok("read_file", json!({"path": "notes.txt"})),
        "     1\tone\n     2\ttwo\n     3\tthree\n"
    );
    let page = bench.ok("read_file", json!({"path": "notes.txt", "from_line": 2, "lines": 1}));
    assert_eq!(page, "     2\ttwo\n[lines 2-2 of 3; go on with from_line 3]\n");
    let past = bench.err("read_file", json!({"path": "notes.txt", "from_line": 9}));
    assert_eq!(past, "notes.txt has 3 lines: from_line 9 is past its end");
    bench.write("empty", "");
    assert_eq!(bench.ok("read_file", json!({"path": "empty"})), "[empty is empty]");
    bench.write("no-end", "a\r\nb");
    assert_eq!(
        bench.ok("read_file", json!({"path": "no-end"})),
        "     1\ta\n     2\tb\n[lines end with CR LF]\n"
    );
    assert_eq!(bench.err("read_file", json!({"path": "none"})), "none: no such file or folder");
    assert_eq!(bench.err("read_file", json!({"path": "."})), ". is a folder, not a file");
    assert_eq!(
        bench.err("read_file", json!({"path": "notes.txt/x"})),
        "notes.txt/x: a part of this path is a file, not a folder"
    );
}

#[test]
fn odd_files_are_said_not_dumped() {
    let bench = Bench::new();
    bench.write("bin", b"ELF\0\x01\x02");
    assert_eq!(bench.ok("read_file", json!({"path": "bin"})), "[bin is a binary file of 6 bytes: not shown]");
    bench.write("latin", b"caf\xe9\n");
    let latin = bench.ok("read_file", json!({"path": "latin"}));
    assert!(latin.starts_with("     1\tcaf\u{fffd}\n[not UTF-8"), "{latin}");
    bench.write("wide", "é".repeat(1_000_000));
    let wide = bench.ok("read_file", json!({"path": "wide"}));
    assert!(wide.contains("[… 1996000 bytes of this line left out]"), "{}", &wide[wide.len() - 100..]);
    assert!(!wide.contains("UTF-8") && wide.len() < 5000);
    bench.write("big", "0123456789\n".repeat(1_000_000));
    let big = bench.ok("read_file", json!({"path": "big"}));
    assert!(big.ends_with("[lines 1-2000 of 1000000; go on with from_line 2001]\n"));
    let late = bench.ok("read_file", json!({"path": "big", "from_line": 1_000_000}));
    assert_eq!(late, "1000000\t0123456789\n");
    bench.write("dense", format!("{}\n", "x".repeat(1999)).repeat(3000));
    let dense = bench.ok("read_file", json!({"path": "dense"}));
    assert!(dense.len() < 300_000 && dense.contains("of 3000; go on"), "{}", dense.len());
}

#[test]
fn pipes_and_devices_are_refused_and_do_not_hang() {
    let bench = Bench::new();
    let made = std::process::Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap();
    assert!(made.success());
    std::os::unix::net::UnixListener::bind(bench.path("socket")).unwrap();
    for name in ["pipe", "socket"] {
        for (tool, args) in [
            ("read_file", json!({"path": name})),
            ("write_file", json!({"path": name, "content": "x"})),
            ("edit_file", json!({"path": name, "old": "a", "new": "b"})),
            ("search", json!({"pattern": "a", "path": name})),
        ] {
            assert!(bench.err(tool, args).contains("is no regular file"), "{tool} {name}");
        }
    }
    assert!(bench.ok("search", json!({"pattern": "two"})).contains("notes.txt:2: two"));
    let list = bench.ok("list_dir", json!({}));
    assert_eq!(
        list,
        "notes.txt  14 bytes\npipe  (pipe, socket or device)\nsocket  (pipe, socket or device)\n"
    );
}

#[test]
fn a_folder_is_listed_sorted_bounded_and_on_one_line_each() {
    let bench = Bench::new();
    bench.write("b/deep/x.txt", "12345");
    bench.write("a\nfake.txt", "");
    bench.write(".git/HEAD", "ref");
    bench.link("b", "to-b");
    let odd = std::os::unix::ffi::OsStringExt::from_vec(b"odd\xff".to_vec());
    std::fs::write(bench.path(".").join::<OsString>(odd), "").unwrap();
    let list = bench.ok("list_dir", json!({"path": ".", "depth": 3}));
    let expected = ".git/\na\\nfake.txt  0 bytes\nb/\n  deep/\n    x.txt  5 bytes\nnotes.txt  14 bytes\n\
                    odd\u{fffd}  0 bytes\nto-b -> b\n";
    assert_eq!(list, expected);
    for n in 0..1200 {
        bench.write(&format!("many/{n:04}"), "");
    }
    let many = bench.ok("list_dir", json!({"path": "many"}));
    assert!(many.ends_with("0999  0 bytes\n[200 more entries left out: list a folder further down]\n"));
    assert_eq!(bench.err("list_dir", json!({"path": "notes.txt"})), "notes.txt is not a folder");
    std::fs::create_dir(bench.path("none")).unwrap();
    assert_eq!(bench.ok("list_dir", json!({"path": "none"})), "[none is empty]\n");
}

#[test]
fn search_honours_ignore_files_and_bounds() {
    let bench = Bench::new();
    bench.write(".gitignore", "*.log\n/built/\n");
    bench.write("a.log", "needle");
    bench.write("built/x.rs", "needle");
    bench.write("src/x.rs", "fn a() {}\nlet needle = 1;\nfn b() {}\n");
    bench.write(".github/ci.yml", "needle\n");
    bench.write(".git/config", "needle\n");
    bench.write("bin", b"needle\n\0\n");
    bench.link("../ws-secret", "out");
    let found = bench.ok("search", json!({"pattern": "needle|SECRET"}));
    assert_eq!(found, ".github/ci.yml:1: needle\nsrc/x.rs:2: let needle = 1;\n");
    let around =
        bench.ok("search", json!({"pattern": "NEEDLE", "ignore_case": true, "context": 1, "path": "src"}));
    assert_eq!(around, "src/x.rs-1- fn a() {}\nsrc/x.rs:2: let needle = 1;\nsrc/x.rs-3- fn b() {}\n");
    let globbed = bench.ok("search", json!({"pattern": "needle", "glob": "*.yml"}));
    assert_eq!(globbed, ".github/ci.yml:1: needle\n");
    // Named itself, an ignored file is searched.
    assert_eq!(bench.ok("search", json!({"pattern": "need", "path": "a.log"})), "a.log:1: needle\n");
    assert_eq!(
        bench.ok("search", json!({"pattern": "nowhere", "path": "src"})),
        "[nothing matches nowhere in 1 files]\n"
    );
    assert!(bench.err("search", json!({"pattern": "("})).starts_with("pattern: not a regular expression"));
    assert!(bench.err("search", json!({"pattern": "a", "glob": "{"})).starts_with("glob:"));
    bench.write("many", "hit\n".repeat(5000));
    let many = bench.ok("search", json!({"pattern": "hit", "max": 10}));
    assert_eq!(many.matches("many:").count(), 10);
    assert!(many.ends_with("[stopped at 10 matches: narrow the pattern, path or glob]\n"));
    bench.write("wide", format!("{}hit{}", "x".repeat(100_000), "y".repeat(100_000)));
    assert!(bench.ok("search", json!({"pattern": "hit", "path": "wide"})).len() < 700);
}

#[test]
fn write_makes_folders_and_keeps_the_mode() {
    let bench = Bench::new();
    let made = bench.ok("write_file", json!({"path": "a/b/c.txt", "content": "héllo"}));
    assert_eq!((made.as_str(), bench.read("a/b/c.txt").as_str()), ("created a/b/c.txt (6 bytes)", "héllo"));
    std::fs::set_permissions(bench.path("notes.txt"), PermissionsExt::from_mode(0o750)).unwrap();
    let over = bench.ok("write_file", json!({"path": format!("{}/notes.txt", bench.root()), "content": "x"}));
    assert_eq!(over, "overwrote notes.txt (14 bytes before, 1 now)");
    assert_eq!(bench.path("notes.txt").metadata().unwrap().permissions().mode() & 0o777, 0o750);
    let same = bench.ok("write_file", json!({"path": "notes.txt", "content": "x"}));
    assert_eq!(same, "notes.txt has exactly this content already (1 bytes)");
    assert_eq!(bench.err("write_file", json!({"path": "a", "content": ""})), "a is a folder, not a file");
    bench.link("notes.txt", "link");
    let link = bench.err("write_file", json!({"path": "link", "content": ""}));
    assert_eq!(link, "link is a symbolic link: name the file that it points to");
    std::fs::set_permissions(bench.path("notes.txt"), PermissionsExt::from_mode(0o444)).unwrap();
    let kept = bench.err("write_file", json!({"path": "notes.txt", "content": "y"}));
    assert_eq!(kept, "notes.txt is read-only (mode 444)");
    bench.no_drafts();
}

#[test]
fn previews_show_what_would_be() {
    let bench = Bench::new();
    let change = |path: &str, before: Option<&str>, after: &str| Preview::Change {
        path: path.to_string(),
        before: before.map(str::to_string),
        after: after.to_string(),
        cut: false,
    };
    assert_eq!(
        bench.preview("write_file", json!({"path": "x/new", "content": "c"})),
        change("x/new", None, "c")
    );
    assert!(!bench.exists("x"), "a preview only reads");
    assert_eq!(
        bench.preview("edit_file", json!({"path": "notes.txt", "old": "two", "new": "2"})),
        change("notes.txt", Some("one\ntwo\nthree\n"), "one\n2\nthree\n")
    );
    let fail = bench.preview("edit_file", json!({"path": "notes.txt", "old": "four", "new": "4"}));
    assert!(matches!(fail, Preview::WouldFail { why } if why.contains("0 times")));
    let command = bench.preview("run_command", json!({"shell": "make", "cwd": "."}));
    assert!(matches!(&command, Preview::Command { argv, cwd, sandbox, parts, .. }
        if argv == &["sh", "-c", "make"] && cwd == "." && sandbox.contains("no sandbox") && parts.len() == 1));
    let both = bench.preview("run_command", json!({"shell": "make", "argv": ["make"]}));
    assert_eq!(both, Preview::WouldFail { why: "give either `argv` or `shell`, not both".to_string() });
}

#[test]
fn a_large_preview_is_bounded_and_still_notices_any_change() {
    let bench = Bench::new();
    let mut text = "line of text\n".repeat(200_000);
    text.push_str("the end\n");
    bench.write("large", &text);
    let args = json!({"path": "large", "old": "the end", "new": "THE END"});
    let first = bench.preview("edit_file", args.clone());
    let Preview::Change { before: Some(before), after, cut: true, .. } = &first else { panic!("{first:?}") };
    assert!(before.len() <= 256 * 1024 && after.len() <= 256 * 1024);
    assert!(before.contains("the end") && after.contains("THE END"), "the change itself is shown");
    assert_eq!(first, bench.preview("edit_file", args.clone()), "the same twice");
    bench.write("large", text.replacen("line", "LINE", 1));
    assert_ne!(first, bench.preview("edit_file", args), "a change outside of what is shown");
}

#[test]
fn an_edit_needs_exactly_one_place() {
    let bench = Bench::new();
    bench.write("code", "let a = 1;\nlet b = 2;\nlet a = 1;\naaa\n");
    let none = bench.err("edit_file", json!({"path": "code", "old": "let b = 3;", "new": "x"}));
    assert_eq!(
        none,
        "`old` is in code 0 times. Lines most like its first:\n     2\tlet b = 2;\n     1\tlet a = 1;\n     3\tlet a = 1;"
    );
    let two = bench.err("edit_file", json!({"path": "code", "old": "let a = 1;", "new": "x"}));
    assert!(two.starts_with("`old` is in code 2 times, at lines 1, 3:"), "{two}");
    let overlapping = bench.err("edit_file", json!({"path": "code", "old": "aa", "new": "x"}));
    assert!(overlapping.contains("2 times"), "{overlapping}");
    assert_eq!(bench.read("code"), "let a = 1;\nlet b = 2;\nlet a = 1;\naaa\n", "nothing was written");
    let one = bench.ok("edit_file", json!({"path": "code", "old": "b = 2", "new": "b = 20"}));
    assert_eq!(one, "edited code in 1 place, at line 2 (37 bytes before, 38 now)");
    let all = bench.ok("edit_file", json!({"path": "code", "old": "let a = 1;\n", "new": "", "all": true}));
    assert_eq!(all, "edited code in 2 places, at line 1, 3 (38 bytes before, 16 now)");
    assert_eq!(bench.read("code"), "let b = 20;\naaa\n");
    bench.write("dos", "a\r\nb\r\n");
    assert!(bench.err("edit_file", json!({"path": "dos", "old": "a\nb", "new": "c"})).contains("CR LF"));
    bench.write("latin", b"caf\xe9");
    assert!(bench.err("edit_file", json!({"path": "latin", "old": "c", "new": "d"})).contains("not UTF-8"));
    assert!(bench.err("edit_file", json!({"path": "no", "old": "c", "new": "d"})).contains("use write_file"));
    assert!(
        bench.err("edit_file", json!({"path": "code", "old": "c", "new": "c"})).contains("nothing to change")
    );
}

#[test]
fn a_reader_never_sees_half_a_file() {
    let bench = Bench::new();
    let contents = ["a".repeat(100_000), "b".repeat(70_000)];
    bench.write("whole", &contents[0]);
    let over = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (over, path, contents) = (over.clone(), bench.path("whole"), contents.clone());
        move || {
            let mut reads = 0;
            while !over.load(Ordering::Acquire) {
                let seen = std::fs::read_to_string(&path).expect("the file is always there");
                assert!(contents.contains(&seen), "half a file of {} bytes", seen.len());
                reads += 1;
            }
            reads
        }
    });
    let writes = cases(300).min(5000);
    for n in 0..writes {
        bench.ok("write_file", json!({"path": "whole", "content": contents[(n + 1) % 2]}));
    }
    over.store(true, Ordering::Release);
    println!("atomic writes: {writes} writes, {} reads, 0 of half a file", reader.join().unwrap());
    bench.no_drafts();
}

/// Swaps the link `door` between a folder inside and one outside until told to end.
fn swapping(root: &Path, over: Arc<AtomicBool>) -> std::thread::JoinHandle<usize> {
    let root = root.to_path_buf();
    std::thread::spawn(move || {
        let mut swaps = 0;
        while !over.load(Ordering::Acquire) {
            for target in ["in", "../ws-secret", "in", "/etc"] {
                let _ = std::fs::remove_file(root.join("swap"));
                symlink(target, root.join("swap")).unwrap();
                std::fs::rename(root.join("swap"), root.join("door")).unwrap();
                swaps += 1;
            }
        }
        swaps
    })
}

#[test]
fn a_link_swapped_in_a_race_leads_nowhere() {
    let bench = Bench::new();
    bench.write("in/key", "inside\n");
    bench.link("in", "door");
    let over = Arc::new(AtomicBool::new(false));
    let swapper = swapping(&bench.path("."), over.clone());
    let (reads, writes) = (cases(20_000) * 9 / 10, cases(20_000) / 10);
    let (mut inside, mut refused) = (0, 0);
    let mut count = |returned: &Returned| {
        assert!(
            !returned.text.contains("SECRET-1") && !returned.text.contains("root:"),
            "escaped: {}",
            returned.text
        );
        match returned.outcome == Outcome::Ok {
            true => inside += 1,
            false => refused += 1,
        }
    };
    for n in 0..reads {
        count(&match n % 20 {
            0 => bench.run("search", json!({"pattern": "SECRET|inside", "path": "door"})),
            1 => bench.run("list_dir", json!({"path": "door"})),
            2 => bench.run("edit_file", json!({"path": "door/key", "old": "SECRET-1", "new": "lost"})),
            _ => bench.run("read_file", json!({"path": "door/key"})),
        });
    }
    for n in 0..writes {
        count(
            &bench.run("write_file", json!({"path": format!("door/new{}", n % 7), "content": n.to_string()})),
        );
    }
    over.store(true, Ordering::Release);
    let swaps = swapper.join().unwrap();
    assert_eq!(bench.secret(), "SECRET-1\n");
    assert_eq!(
        std::fs::read_dir(bench.path("../ws-secret")).unwrap().count(),
        1,
        "nothing was written outside"
    );
    assert!(inside > 0 && refused > 0, "the race was one");
    promise::kept(
        "A3",
        format!(
            "swapped links: {} tries, {inside} inside, {refused} refused, {swaps} swaps, 0 escapes",
            reads + writes
        ),
    );
}

#[test]
fn a_workspace_that_is_gone_is_said_so() {
    let bench = Bench::new();
    let root = bench.root();
    std::fs::rename(&root, format!("{root}-old")).unwrap();
    assert!(
        bench
            .err("read_file", json!({"path": "notes.txt"}))
            .starts_with(&format!("the workspace {root} is gone"))
    );
    std::fs::create_dir(&root).unwrap();
    std::fs::write(format!("{root}/notes.txt"), "another\n").unwrap();
    for (name, args) in [
        ("read_file", json!({"path": "notes.txt"})),
        ("list_dir", json!({})),
        ("search", json!({"pattern": "."})),
        ("write_file", json!({"path": "x", "content": ""})),
        ("edit_file", json!({"path": "notes.txt", "old": "another", "new": ""})),
        ("run_command", json!({"argv": ["true"]})),
    ] {
        let why = bench.err(name, args);
        assert_eq!(why, format!("the workspace {root} is gone: another folder is in its place"));
    }
    let missing = Workspace::open(Path::new("/no/such/place"), &[]).err().unwrap();
    assert_eq!(missing, "the workspace /no/such/place cannot be used: no such file or folder");
}

#[test]
fn the_apps_own_folders_are_not_opened_by_any_name() {
    let folder = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test names the folder as the tool does")]
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("data/tackroom")).unwrap();
    std::fs::write(root.join("data/tackroom/log"), "OWN").unwrap();
    symlink("data/tackroom", root.join("alias")).unwrap();
    let workspace = Workspace::open(&root, &[root.join("data/tackroom")]).unwrap();
    let tools = standard(workspace, Settings::default());
    let bench = Bench::new();
    for (name, args) in [
        ("read_file", json!({"path": "alias/log"})),
        ("read_file", json!({"path": "data/tackroom/log"})),
        ("list_dir", json!({"path": "alias"})),
        ("search", json!({"pattern": "OWN", "path": "alias"})),
        ("write_file", json!({"path": "alias/new", "content": "x"})),
        ("write_file", json!({"path": "alias/deep/new", "content": "x"})),
        ("edit_file", json!({"path": "alias/log", "old": "OWN", "new": "x"})),
        ("run_command", json!({"argv": ["cat", "log"], "cwd": "alias"})),
    ] {
        let tool = tools.iter().find(|tool| tool.spec().name == name).unwrap();
        let returned = bench.runtime.block_on(tool.run(bench.cleared(args)));
        assert_eq!(returned.outcome, Outcome::Error, "{name}");
        assert!(returned.text.contains("belongs to tackroom itself"), "{name}: {}", returned.text);
    }
    let search = tools.iter().find(|tool| tool.spec().name == "search").unwrap();
    let found = bench.runtime.block_on(search.run(bench.cleared(json!({"pattern": "OWN"}))));
    assert!(found.text.starts_with("[nothing matches OWN"), "{}", found.text);
    assert_eq!(std::fs::read_dir(root.join("data/tackroom")).unwrap().count(), 1);
}

/// Cause: the preview named a path as the model wrote it, so a link to a folder (such as one to `.git/hooks`) hid where the
/// file would be, and a folder swapped for such a link after the approval went unnoticed.
#[test]
fn a_preview_tells_where_a_link_leads() {
    let bench = Bench::new();
    bench.write(".git/hooks/old", "x\n");
    let shown = |name: &str, args: Value| {
        let Preview::Change { path, .. } = bench.preview(name, args) else { panic!("a change") };
        path
    };
    let write = |path: &str| shown("write_file", json!({"path": path, "content": "x"}));
    assert_eq!(write("docs/pre-commit"), "docs/pre-commit");
    bench.link(".git/hooks", "docs");
    assert_eq!(write("docs/pre-commit"), "docs/pre-commit (by a link: .git/hooks/pre-commit)");
    assert_eq!(write("docs/a/b"), "docs/a/b (by a link: .git/hooks/a/b)");
    assert_eq!(write("notes.txt"), "notes.txt");
    assert_eq!(write("a/b/c"), "a/b/c");
    let edited = shown("edit_file", json!({"path": "docs/old", "old": "x", "new": "y"}));
    assert_eq!(edited, "docs/old (by a link: .git/hooks/old)");
}
