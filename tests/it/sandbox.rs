//! What a command can reach behind each profile, tried from inside: by the real program, its real loop and its real tool. The
//! table says what is documented; the probes are Rust code of this very binary, started as the command.

use crate::harness::binary::Home;
use crate::harness::outside;
use crate::harness::promise;
use serde_json::{Value, json};
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

pub const PROMISE: &str = "X1-X5 the sandbox does what it says";

/// Whether bubblewrap may make namespaces here.
pub fn has_bwrap(promise: &str) -> bool {
    let probe = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "true"];
    outside::works(&probe, "TACKROOM_HAVE_BWRAP", promise)
}

/// A home, a workspace and everything outside that a command could want to reach. Not below `/tmp`, which is hidden anyway.
pub struct Ward {
    _dir: tempfile::TempDir,
    root: PathBuf,
    pub home: Home,
}

/// A folder that is not in a place which commands get a fresh one of: what lies beside the workspace would not be there.
fn apart() -> tempfile::TempDir {
    let built = env!("CARGO_TARGET_TMPDIR").to_string();
    let is_scratch =
        |place: &String| ["/tmp", "/var/tmp"].iter().any(|scratch| Path::new(place).starts_with(scratch));
    let others = ["/srv", "/opt", "/var/lib"].map(str::to_string).into_iter().chain(std::env::var("HOME"));
    let mut places = std::iter::once(built.clone()).chain(others).filter(|place| !is_scratch(place));
    places
        .find_map(|place| tempfile::tempdir_in(place).ok())
        .unwrap_or_else(|| tempfile::tempdir_in(built).unwrap())
}

impl Ward {
    pub fn new() -> Ward {
        let dir = apart();
        let root = dir.path().to_path_buf();
        let ward = Ward { home: Home::at(&root), root, _dir: dir };
        for (path, text) in [
            ("outside/file", "as it was"),
            ("user/.bashrc", "as it was"),
            ("user/.ssh/id_ed25519", "SECRET"),
            ("user/.config/gh/hosts.yml", "SECRET"),
            ("user/.cargo/credentials.toml", "SECRET"),
            ("user/.cargo/config.toml", "seen"),
            ("user/.netrc", "SECRET"),
            ("user/.mozilla/firefox/logins.json", "SECRET"),
            ("user/.unknown-tool/token", "SECRET"),
            ("user/.local/bin/tool", "as it was"),
            ("user/.local/share/keyrings/login.keyring", "SECRET"),
            ("user/plain/file", "seen"),
            ("home/config/config.toml", ""),
            ("ws/.git/HEAD", "ref: refs/heads/main\n"),
            ("ws/.git/config", "[core]\n\tbare = false\n"),
            ("ws/.git/hooks/pre-push", "as it was"),
            ("ws/.git/modules/inner/HEAD", "ref: refs/heads/main\n"),
            ("ws/.git/modules/inner/config", "as it was"),
            ("ws/.vscode/tasks.json", "as it was"),
            ("ws/hidden/token", "SECRET"),
        ] {
            ward.write(path, text);
        }
        symlink(ward.path("outside/file"), ward.path("ws/link")).unwrap();
        std::fs::hard_link(std::env::current_exe().unwrap(), ward.path("ws/prober")).unwrap();
        ward
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Every name below a folder.
    pub fn names(&self, folder: &str) -> Vec<String> {
        fn below(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.display().to_string());
                if path.is_dir() && !path.is_symlink() {
                    below(&path, found);
                }
            }
        }
        let mut found = Vec::new();
        below(&self.path(folder), &mut found);
        found.sort();
        found
    }

    /// Runs one call of `run_command`, approved by the flag; answers its outcome and text, and the whole run's lines.
    pub fn command(&self, args: Value, flags: &[&str]) -> (String, String) {
        let model =
            self.home.script(json!([{"calls": [{"tool": "run_command", "args": args}]}, {"text": "Done."}]));
        let ran = self.home.task(&model, "Go.", &[&["--json", "--on-hold", "approve"], flags].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        let ended =
            ran.out.lines().rfind(|line| line.contains("\"CallEnded\"")).unwrap_or_else(|| panic!("{ran:?}"));
        let ended: Value = serde_json::from_str(ended).unwrap();
        let data = &ended["event"]["data"];
        (
            data["outcome"].as_str().unwrap().to_string(),
            format!(
                "{}{}",
                data["output"]["head"].as_str().unwrap_or_default(),
                data["output"]["tail"].as_str().unwrap_or_default()
            ),
        )
    }
}

/// What a probe found out: by itself, or by what is to be seen from outside afterwards.
type Row = (&'static str, [&'static str; 4]);

/// The columns of the table.
const PROFILES: [&str; 4] = ["read-only", "workspace-write", "workspace-write+network", "none"];

/// What can be reached, as documented. Writes count where they are seen from outside afterwards.
const TABLE: &[Row] = &[
    ("write a file of the workspace", ["no", "yes", "yes", "yes"]),
    ("write outside of the workspace", ["no", "no", "no", "yes"]),
    ("write through a link that leads out", ["no", "no", "no", "yes"]),
    ("write into the home folder", ["no", "no", "no", "yes"]),
    ("write .bashrc", ["no", "no", "no", "yes"]),
    ("write .local/bin", ["no", "no", "no", "yes"]),
    ("write /tmp of outside", ["no", "no", "no", "yes"]),
    ("use a /tmp of its own", ["yes", "yes", "yes", "yes"]),
    ("write tackroom's configuration", ["no", "no", "no", "yes"]),
    ("make a new git hook", ["no", "no", "no", "yes"]),
    ("write git's config", ["no", "no", "no", "yes"]),
    ("write a submodule's config", ["no", "no", "no", "yes"]),
    ("move .git away", ["no", "no", "no", "yes"]),
    ("move .git/modules/inner away", ["no", "no", "no", "yes"]),
    ("leave .git/commondir behind", ["no", "no", "no", "yes"]),
    ("have .git/commondir for a moment", ["no", "no", "no", "yes"]),
    ("write .git/index", ["no", "yes", "yes", "yes"]),
    ("make .envrc", ["no", "no", "no", "yes"]),
    ("make .tackroom", ["no", "no", "no", "yes"]),
    ("make .idea", ["no", "no", "no", "yes"]),
    ("write .vscode/tasks.json", ["no", "no", "no", "yes"]),
    ("read a file outside", ["yes", "yes", "yes", "yes"]),
    ("read what has no dot in the home folder", ["yes", "yes", "yes", "yes"]),
    ("read .cargo/config.toml", ["yes", "yes", "yes", "yes"]),
    ("read .ssh", ["no", "no", "no", "yes"]),
    ("read .netrc", ["no", "no", "no", "yes"]),
    ("read a GitHub token", ["no", "no", "no", "yes"]),
    ("read .cargo/credentials.toml", ["no", "no", "no", "yes"]),
    ("read a browser's logins", ["no", "no", "no", "yes"]),
    ("read the keyring's file", ["no", "no", "no", "yes"]),
    ("read an unknown dot folder", ["no", "no", "no", "yes"]),
    ("read what [sandbox] hide names", ["no", "no", "no", "yes"]),
    ("read tackroom's sessions", ["no", "no", "no", "yes"]),
    ("read the environment of another process", ["no", "no", "no", "yes"]),
    ("open the memory of another process", ["no", "no", "no", "yes"]),
    ("signal another process", ["no", "no", "no", "yes"]),
    // Containers may forbid it to everybody.
    ("reach the kernel's keys", ["no", "no", "no", ""]),
    ("open another's terminal", ["no", "no", "no", "yes"]),
    ("open a terminal of its own to type into", ["no", "no", "no", "no"]),
    ("connect to a socket of outside", ["no", "no", "no", "yes"]),
    ("connect to a socket bound from its folder", ["no", "no", "no", "yes"]),
    ("connect to a socket with a blank", ["no", "no", "no", "yes"]),
    ("connect to a socket without a file", ["no", "no", "yes", "yes"]),
    ("connect to a port of this machine", ["no", "no", "yes", "yes"]),
    ("send a datagram out", ["no", "no", "yes", "yes"]),
    ("write the kernel's settings", ["no", "no", "no", "root"]),
    ("use its own loopback", ["yes", "yes", "yes", "yes"]),
];

/// What is outside and waits to be reached.
struct Outside {
    victim: Child,
    terminal: portable_pty::PtyPair,
    _listening: ([UnixListener; 4], TcpListener),
    datagrams: UdpSocket,
    facts: Value,
}

impl Outside {
    fn beside(ward: &Ward) -> Outside {
        let socket = UnixListener::bind(ward.path("outside/socket")).unwrap();
        let name = format!("tackroom-{}", ward.path("").display());
        let unnamed = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let blank = UnixListener::bind(ward.path("outside/a socket")).unwrap();
        let near = UnixListener::bind(from_here(&ward.path("outside/near"))).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        datagrams.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let victim = Command::new("sleep").arg("1000").env("A_SECRET", "SECRET").spawn().unwrap();
        let terminal = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
        let facts = json!({
            "root": ward.path(""), "pid": victim.id(), "unnamed": name,
            "terminal": terminal.master.tty_name(),
            "tcp": tcp.local_addr().unwrap().port(), "udp": datagrams.local_addr().unwrap().port(),
        });
        Outside { victim, terminal, _listening: ([socket, unnamed, blank, near], tcp), datagrams, facts }
    }
}

/// A path as seen from the folder that this process is in.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap();
    match path.strip_prefix(&here) {
        Ok(below) => below.to_path_buf(),
        Err(_) => here
            .iter()
            .skip(1)
            .map(|_| "..")
            .chain(path.iter().skip(1).map(|part| part.to_str().unwrap()))
            .collect(),
    }
}

/// Whether the kernel hands out a keyring.
fn keys() -> bool {
    let number = if cfg!(target_arch = "x86_64") { 250 } else { 219 };
    // The keyring of the user, made where it is missing.
    let line = format!("exit(syscall({number}, 0, -4, 1) < 0)");
    Command::new("perl").args(["-e", &line]).status().is_ok_and(|status| status.success())
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = &self.terminal;
    }
}

/// Not a test of its own: the probes, when this binary is started as the command of a call.
#[test]
#[ignore = "started inside of a sandbox by other tests"]
fn prober() {
    let facts = std::env::args().next_back().unwrap();
    let facts: Value = serde_json::from_str(&facts).unwrap();
    let root = PathBuf::from(facts["root"].as_str().unwrap());
    let at = |name: &str| root.join(name);
    let mut results: Vec<(&str, bool)> = Vec::new();
    let mut said = |name, is| results.push((name, is));
    let reads =
        |path: PathBuf, wanted: &str| std::fs::read_to_string(path).is_ok_and(|text| text.contains(wanted));
    said("read a file outside", reads(at("outside/file"), "as it"));
    said("read what has no dot in the home folder", reads(at("user/plain/file"), "seen"));
    said("read .cargo/config.toml", reads(at("user/.cargo/config.toml"), "seen"));
    for (name, path) in [
        ("read .ssh", "user/.ssh/id_ed25519"),
        ("read .netrc", "user/.netrc"),
        ("read a GitHub token", "user/.config/gh/hosts.yml"),
        ("read .cargo/credentials.toml", "user/.cargo/credentials.toml"),
        ("read a browser's logins", "user/.mozilla/firefox/logins.json"),
        ("read the keyring's file", "user/.local/share/keyrings/login.keyring"),
        ("read an unknown dot folder", "user/.unknown-tool/token"),
        ("read what [sandbox] hide names", "ws/hidden/token"),
    ] {
        said(name, reads(at(path), "SECRET"));
    }
    said("read tackroom's sessions", std::fs::read(at("home/data/tackroom.db")).is_ok());
    let pid = facts["pid"].as_i64().unwrap();
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    said("read the environment of another process", String::from_utf8_lossy(&environment).contains("SECRET"));
    let memory = std::fs::OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"));
    said("open the memory of another process", memory.is_ok());
    let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let signalled = rustix::process::kill_process(process, rustix::process::Signal::CONT);
    said("signal another process", signalled.is_ok());
    let open = |path: &str| std::fs::OpenOptions::new().write(true).open(path).is_ok();
    said("reach the kernel's keys", keys());
    said("open another's terminal", open(facts["terminal"].as_str().unwrap()));
    said("open a terminal of its own to type into", open("/dev/tty"));
    said("connect to a socket of outside", UnixStream::connect(at("outside/socket")).is_ok());
    said("connect to a socket bound from its folder", UnixStream::connect(at("outside/near")).is_ok());
    said("connect to a socket with a blank", UnixStream::connect(at("outside/a socket")).is_ok());
    let unnamed = SocketAddr::from_abstract_name(facts["unnamed"].as_str().unwrap()).unwrap();
    said("connect to a socket without a file", UnixStream::connect_addr(&unnamed).is_ok());
    let port = |name: &str| u16::try_from(facts[name].as_u64().unwrap()).unwrap();
    said("connect to a port of this machine", TcpStream::connect(("127.0.0.1", port("tcp"))).is_ok());
    let own = UdpSocket::bind("127.0.0.1:0").unwrap();
    let _ = own.send_to(b"out", ("127.0.0.1", port("udp")));
    let swappiness = std::fs::read("/proc/sys/vm/swappiness").unwrap_or_default();
    said("write the kernel's settings", std::fs::write("/proc/sys/vm/swappiness", swappiness).is_ok());
    let here = TcpListener::bind("127.0.0.1:0").unwrap();
    said("use its own loopback", TcpStream::connect(here.local_addr().unwrap()).is_ok());
    let tmp = PathBuf::from("/tmp/own-file");
    said("use a /tmp of its own", std::fs::write(&tmp, "x").is_ok() && std::fs::remove_file(tmp).is_ok());
    writes(&at);
    for (name, is) in results {
        println!("probe {name}: {}", if is { "yes" } else { "no" });
    }
}

/// What tries to write; whether it could is told from outside.
fn writes(at: &dyn Fn(&str) -> PathBuf) {
    for path in [
        "ws/made",
        "outside/file",
        "ws/link",
        "user/made",
        "user/.bashrc",
        "user/.local/bin/tool",
        "home/config/config.toml",
        "ws/.git/hooks/pre-commit",
        "ws/.git/modules/inner/config",
        "ws/.git/index",
        "ws/.git/commondir",
        "ws/.envrc",
        "ws/.vscode/tasks.json",
    ] {
        let _ = std::fs::write(at(path), "changed");
    }
    let _ = std::fs::OpenOptions::new()
        .append(true)
        .open(at("ws/.git/config"))
        .and_then(|mut file| file.write_all(b"hooksPath = x"));
    for folder in ["ws/.tackroom", "ws/.idea"] {
        let _ = std::fs::create_dir(at(folder));
        let _ = std::fs::write(at(folder).join("x"), "changed");
    }
    let there = std::fs::read_to_string(at("ws/.git/commondir")).unwrap_or_default();
    println!("probe have .git/commondir for a moment: {}", if there == "changed" { "yes" } else { "no" });
    let mark = at("").display().to_string().replace('/', "-");
    let _ = std::fs::write(format!("/tmp/tackroom{mark}"), "changed");
    let _ = std::fs::rename(at("ws/.git/modules/inner"), at("ws/.git/modules/other"));
    let _ = std::fs::rename(at("ws/.git"), at("ws/git-away"));
}

/// What is to be seen from outside of what was written.
fn written(ward: &Ward, network: &UdpSocket) -> Vec<(&'static str, bool)> {
    let git = if ward.path("ws/git-away").exists() { "ws/git-away" } else { "ws/.git" };
    let holds = |path: &str, word: &str| {
        std::fs::read_to_string(ward.path(path)).is_ok_and(|text| text.contains(word))
    };
    let inner = if ward.path(&format!("{git}/modules/other")).exists() { "other" } else { "inner" };
    let mark = ward.path("").display().to_string().replace('/', "-");
    let tmp = PathBuf::from(format!("/tmp/tackroom{mark}"));
    let in_tmp = tmp.exists();
    let _ = std::fs::remove_file(tmp);
    vec![
        ("write a file of the workspace", ward.path("ws/made").exists()),
        ("write outside of the workspace", holds("outside/file", "changed")),
        ("write through a link that leads out", holds("outside/file", "changed")),
        ("write into the home folder", ward.path("user/made").exists()),
        ("write .bashrc", holds("user/.bashrc", "changed")),
        ("write .local/bin", holds("user/.local/bin/tool", "changed")),
        ("write /tmp of outside", in_tmp),
        ("write tackroom's configuration", holds("home/config/config.toml", "changed")),
        ("make a new git hook", ward.path(&format!("{git}/hooks/pre-commit")).exists()),
        ("write git's config", holds(&format!("{git}/config"), "hooksPath")),
        ("write a submodule's config", holds(&format!("{git}/modules/{inner}/config"), "changed")),
        ("move .git away", git == "ws/git-away"),
        ("move .git/modules/inner away", inner == "other"),
        ("leave .git/commondir behind", ward.path(&format!("{git}/commondir")).exists()),
        ("write .git/index", ward.path(&format!("{git}/index")).exists()),
        ("make .envrc", ward.path("ws/.envrc").exists()),
        ("make .tackroom", ward.path("ws/.tackroom").exists()),
        ("make .idea", ward.path("ws/.idea").exists()),
        ("write .vscode/tasks.json", holds("ws/.vscode/tasks.json", "changed")),
        ("send a datagram out", network.recv(&mut [0; 8]).is_ok()),
    ]
}

/// The answers of every probe behind a profile.
fn probed(profile: &str) -> Vec<(String, bool)> {
    let ward = Ward::new();
    let beside = Outside::beside(&ward);
    ward.home.config("[sandbox]\nhide = [\"hidden\"]\n");
    let argv = [
        "./prober",
        "--exact",
        "--nocapture",
        "--ignored",
        "sandbox::prober",
        "--",
        &beside.facts.to_string(),
    ]
    .map(str::to_string);
    let before = ward.names("ws");
    let (outcome, text) = ward.command(json!({"argv": argv}), &["--sandbox", profile]);
    assert_eq!(outcome, "ok", "{profile}: {text}");
    let mut found: Vec<(String, bool)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("probe ")?.rsplit_once(": "))
        .map(|(name, is)| (name.to_string(), is == "yes"))
        .collect();
    let seen = written(&ward, &beside.datagrams).into_iter();
    found.extend(seen.map(|(name, is)| (name.to_string(), is)));
    // What stood in the place of names is gone.
    let litter: Vec<String> = ward.names("ws").into_iter().filter(|name| !before.contains(name)).collect();
    let wanted = ["made", ".git/index"].map(|name| ward.path("ws").join(name).display().to_string());
    if profile != "none" {
        let more: Vec<&String> = litter.iter().filter(|name| !wanted.contains(name)).collect();
        assert!(more.is_empty(), "{profile} leaves {more:?}");
    }
    found
}

#[test]
fn each_profile_does_what_it_says() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let is_root = rustix::process::getuid().is_root();
    let columns = PROFILES.map(probed);
    println!("{:42} {}", "what a command tries", PROFILES.map(|name| format!("{name:24}")).join(""));
    let mut wrong = Vec::new();
    for (name, expected) in TABLE {
        let mut line = format!("{name:42} ");
        for (i, wanted) in expected.iter().enumerate() {
            let found = columns[i].iter().find(|(probe, _)| probe == name);
            let is = match found {
                Some((_, true)) => "yes",
                Some((_, false)) => "no",
                None => "not tried",
            };
            let wanted = if *wanted == "root" && is_root { "yes" } else { wanted.trim_end_matches("root") };
            line.push_str(&format!("{is:24}"));
            if is != wanted && !wanted.is_empty() {
                wrong.push(format!("{name} behind {}: {is}", PROFILES[i]));
            }
        }
        println!("{line}");
    }
    assert!(columns.iter().all(|column| column.len() == TABLE.len()), "each row is tried once");
    assert!(wrong.is_empty(), "{wrong:#?}");
    promise::kept(
        "X1–X5",
        format!("{} tries behind {} profiles, each as documented", TABLE.len(), PROFILES.len()),
    );
}
