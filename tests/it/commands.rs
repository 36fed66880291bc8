//! `run_command`, tried on real processes: how it ends, what it may reach, and that nothing is left of it.

use crate::contracts::Dice;
use crate::harness::cases::cases;
use crate::harness::outside::works;
use crate::harness::promise;
use crate::tools::Bench;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tackroom::adapters::tool::{Settings, child};
use tackroom::domain::call::{Outcome, Preview};
use tackroom::ports::tool::{Cleared, Returned, Stop};

/// What tells this test binary that it was started as the process between.
const BETWEEN: &str = "as-the-process-between";

/// Not a test of its own: the process between, when this binary is started as it.
#[test]
fn launched() {
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(at) = args.iter().position(|arg| arg == BETWEEN) {
        child::run(&args[at + 1..]);
    }
}

pub fn launcher() -> Vec<OsString> {
    let exe = std::env::current_exe().unwrap().into_os_string();
    let args = ["--exact", "--nocapture", "--test-threads=2", "--", "commands::launched", BETWEEN];
    std::iter::once(exe).chain(args.map(OsString::from)).collect()
}

fn settings(between: bool) -> Settings {
    let environment: BTreeMap<OsString, OsString> = [
        ("PATH", std::env::var("PATH").unwrap()),
        ("HOME", "/nowhere".to_string()),
        ("LC_ALL", "C.UTF-8".to_string()),
        ("OPENAI_API_KEY", "sk-secret".to_string()),
        ("GH_TOKEN", "secret".to_string()),
        ("LD_PRELOAD", "/secret.so".to_string()),
        ("EDITOR", "vi".to_string()),
        ("JAVA_HOME", "/java".to_string()),
    ]
    .map(|(name, value)| (OsString::from(name), OsString::from(value)))
    .into();
    let pass = ["JAVA_HOME", "OPENAI_API_KEY", "GH_TOKEN", "LD_PRELOAD"].map(str::to_string).to_vec();
    Settings { launcher: between.then(launcher), environment, pass, ..Settings::default() }
}

/// Both ways of running a command.
fn both() -> [Bench; 2] {
    [Bench::with(settings(true)), Bench::with(settings(false))]
}

fn text(returned: &Returned) -> String {
    returned.text.replace("[run without a session of its own: a daemon may have outlived it]\n", "")
}

/// Whether a process is there and not merely waiting to be collected.
fn alive(pid: &str) -> bool {
    assert!(!pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()), "no process number: {pid:?}");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).is_some_and(|state| state != 'Z')
}

fn none_alive(bench: &Bench, files: &[&str]) {
    for file in files {
        let pid = bench.read(file);
        assert!(!alive(pid.trim()), "process {pid} of {file} is alive");
    }
}

/// A pipe with a name in the workspace, and a reader that tells when the last process has let go of it.
fn held(bench: &Bench, name: &str) -> std::sync::mpsc::Receiver<String> {
    let path = bench.path(name);
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        let mut text = String::new();
        std::fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
        let _ = tell.send(text);
    });
    told
}

#[test]
fn output_and_status_come_back() {
    for bench in both() {
        let echo = bench.run("run_command", json!({"argv": ["printf", "%s|", "a b", "$HOME", "*"]}));
        assert_eq!((echo.outcome, text(&echo).as_str()), (Outcome::Ok, "a b|$HOME|*|\n[exit status 0]\n"));
        let mixed = bench.run("run_command", json!({"shell": "echo 1; echo 2 >&2; echo 3; exit 7"}));
        assert_eq!((mixed.outcome, text(&mixed).as_str()), (Outcome::Error, "1\n2\n3\n[exit status 7]\n"));
        let killed = bench.run("run_command", json!({"shell": "kill -9 $$"}));
        assert_eq!(
            (killed.outcome, text(&killed).as_str()),
            (Outcome::Error, "[ended by signal 9 (kill)]\n")
        );
        let absent = bench.run("run_command", json!({"argv": ["no-such-program-here"]}));
        assert_eq!(absent.outcome, Outcome::Error);
        assert!(absent.text.contains("cannot start no-such-program-here: No such file"), "{}", absent.text);
        bench.write("sub/here", "");
        let cwd = bench.run("run_command", json!({"argv": ["pwd"], "cwd": "sub"}));
        assert_eq!(text(&cwd), format!("{}/sub\n[exit status 0]\n", bench.root()));
        for bad in [json!({}), json!({"argv": ["a"], "shell": "a"}), json!({"argv": [""]})] {
            assert_eq!(bench.run("run_command", bad).outcome, Outcome::Error);
        }
    }
}

#[test]
fn output_comes_while_it_runs() {
    let bench = Bench::with(settings(true));
    let seen = Arc::new(Mutex::new(String::new()));
    let stop = Stop::default();
    let output = {
        let (seen, stop) = (seen.clone(), stop.clone());
        move |text: String| {
            let mut seen = seen.lock().unwrap();
            seen.push_str(&text);
            if seen.contains("ready é") {
                stop.ask();
            }
        }
    };
    let args = json!({"shell": "printf 'ready \\303'; printf '\\251'; sleep 1000"});
    let call =
        Cleared { args, key: "s-2".to_string(), output: Arc::new(output), walls: None, scripts: None, stop };
    let returned = bench.run_call("run_command", call);
    assert_eq!(returned.outcome, Outcome::Cancelled, "stopping never says that it went well");
    assert_eq!(returned.text, "ready é\n[stopped; what it had done stays done]\n");
    assert_eq!(*seen.lock().unwrap(), "ready é");
}

#[test]
fn there_is_no_input() {
    for bench in both() {
        let begin = Instant::now();
        let cat = bench.run("run_command", json!({"argv": ["cat"]}));
        assert_eq!(text(&cat), "[exit status 0]\n");
        let terminal = bench.run("run_command", json!({"shell": "test -t 0 || test -t 1 || test -t 2"}));
        assert_eq!(text(&terminal), "[exit status 1]\n");
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn there_is_no_terminal_and_no_new_privilege() {
    let bench = Bench::with(settings(true));
    let tty =
        bench.run("run_command", json!({"shell": "(: < /dev/tty) 2>/dev/null && echo open || echo closed"}));
    assert_eq!(tty.text, "closed\n[exit status 0]\n");
    let status = bench.run("run_command", json!({"shell": "grep NoNewPrivs /proc/self/status; ulimit -c"}));
    assert_eq!(status.text, "NoNewPrivs:\t1\n0\n[exit status 0]\n");
    // Session, terminal and group of the command are not this process's.
    let stat = bench.run("run_command", json!({"shell": "cut -d' ' -f5-7 /proc/$$/stat"}));
    let own = std::fs::read_to_string("/proc/self/stat").unwrap();
    let session = |text: &str| text.split(' ').nth(1).unwrap_or_default().to_string();
    let own = own.rsplit(") ").next().unwrap().split(' ').skip(2).take(3).collect::<Vec<_>>().join(" ");
    assert_ne!(session(&stat.text), session(&own));
    assert!(stat.text.lines().next().unwrap().ends_with(" 0"), "no controlling terminal: {}", stat.text);
}

/// Cause: whoever starts the app may have left handles open.
#[test]
#[cfg(target_os = "linux")]
fn handles_of_others_are_not_inherited() {
    for bench in both() {
        bench.write("left-open", "");
        let open = std::fs::File::open(bench.path("left-open")).unwrap();
        rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).unwrap();
        let ran = bench.run("run_command", json!({"shell": "ls -l /proc/self/fd; echo over"}));
        assert!(ran.text.contains("over") && !ran.text.contains("left-open"), "{}", ran.text);
    }
}

#[test]
fn the_environment_is_an_allow_list() {
    for bench in both() {
        let env = bench.run("run_command", json!({"argv": ["env"]}));
        let names: Vec<&str> =
            env.text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        let allowed = [
            "PATH",
            "HOME",
            "LC_ALL",
            "JAVA_HOME",
            "TERM",
            "PAGER",
            "NO_COLOR",
            "GIT_TERMINAL_PROMPT",
            "TACKROOM_CALL",
        ];
        for name in &names {
            assert!(allowed.contains(name), "{name}");
        }
        assert!(env.text.contains("TERM=dumb") && env.text.contains("JAVA_HOME=/java"));
        assert!(!env.text.contains("secret"), "{}", env.text);
        // Nor is it in the process above it.
        let above = bench
            .run("run_command", json!({"shell": "tr '\\0' '\\n' < /proc/$PPID/environ | grep -c sk-secret"}));
        assert!(above.text.starts_with('0') || above.text.contains("ermission"), "{}", above.text);
    }
    promise::kept(
        "S6",
        "2 ways to run a command, 0 variables beyond the list, 0 secrets, also in the process above",
    );
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_its_children() {
    for bench in both() {
        let begin = Instant::now();
        let shell = "echo begun; sleep 1000 & echo $! > one; (sleep 1000 & echo $! > two; wait) & sleep 1000";
        let late = bench.run("run_command", json!({"shell": shell, "timeout_s": 1}));
        assert_eq!(late.outcome, Outcome::TimedOut);
        assert_eq!(text(&late), "begun\n[stopped: it took longer than 1 s]\n");
        none_alive(&bench, &["one", "two"]);
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}

#[test]
fn what_ignores_the_request_to_end_is_killed() {
    for bench in both() {
        let shell = "trap '' TERM HUP INT; echo $$ > one; while :; do sleep 1000; done";
        let late = bench.run("run_command", json!({"shell": shell, "timeout_s": 1}));
        assert_eq!(late.outcome, Outcome::TimedOut);
        none_alive(&bench, &["one"]);
    }
}

#[test]
fn what_is_left_in_the_background_is_ended_and_told() {
    for bench in both() {
        let left = bench
            .run("run_command", json!({"shell": "sleep 1000 & echo $! > one; sleep 1000 & echo $! > two"}));
        assert_eq!(left.outcome, Outcome::Ok);
        assert_eq!(
            text(&left),
            "[exit status 0]\n[2 processes were left running in the background and ended]\n"
        );
        none_alive(&bench, &["one", "two"]);
    }
}

/// A daemon: another session, another group, no environment, an orphan, all outputs closed.
const DAEMON: &str = "env -i PATH=\"$PATH\" setsid sh -c 'sh -c \"echo \\$\\$ > daemon; exec sleep 1000\" >/dev/null 2>&1 &'; \
                      while ! test -s daemon; do :; done; ";

#[test]
fn a_daemon_does_not_outlive_its_command() {
    let bench = Bench::with(settings(true));
    let left = bench.run("run_command", json!({"shell": format!("{DAEMON} echo done")}));
    assert_eq!(
        left.text,
        "done\n[exit status 0]\n[1 process was left running in the background and ended]\n"
    );
    none_alive(&bench, &["daemon"]);
    std::fs::remove_file(bench.path("daemon")).unwrap();
    let late = bench.run("run_command", json!({"shell": format!("{DAEMON} sleep 1000"), "timeout_s": 1}));
    assert_eq!(late.outcome, Outcome::TimedOut);
    none_alive(&bench, &["daemon"]);
    // Without the process between, one that keeps its environment is found all the same.
    let bench = Bench::with(settings(false));
    let kept = DAEMON.replace("env -i PATH=\"$PATH\" ", "");
    bench.run("run_command", json!({"shell": format!("{kept} echo done")}));
    none_alive(&bench, &["daemon"]);
}

#[test]
fn ending_the_process_between_saves_nobody() {
    let bench = Bench::with(settings(true));
    let shell = "sleep 1000 & echo $! > one; kill -9 $PPID; sleep 1000";
    let returned = bench.run("run_command", json!({"shell": shell}));
    assert_eq!(returned.outcome, Outcome::Error);
    assert!(
        returned.text.contains("the process that watched the command ended by itself"),
        "{}",
        returned.text
    );
    none_alive(&bench, &["one"]);
}

#[test]
fn a_dropped_call_leaves_nothing() {
    for bench in both() {
        let gone = held(&bench, "hold");
        let (begun, ready) = sync_channel(1);
        let output = Arc::new(move |text: String| {
            if text.contains("begun") {
                let _ = begun.try_send(());
            }
        });
        let shell = "exec 9> hold; sleep 1000 & setsid sleep 1000 & echo begun; sleep 1000";
        let call = Cleared { output, ..bench.cleared(json!({"shell": shell})) };
        let tool = bench.tool("run_command");
        let task = bench.runtime.spawn(async move { tool.run(call).await });
        ready.recv_timeout(Duration::from_secs(20)).expect("it begins");
        task.abort();
        gone.recv_timeout(Duration::from_secs(20)).expect("the last process lets go of the pipe");
    }
}

#[test]
fn a_stopped_call_is_over_soon_and_leaves_nothing() {
    for bench in both() {
        let gone = held(&bench, "hold");
        let stop = Stop::default();
        let output = {
            let stop = stop.clone();
            Arc::new(move |_: String| stop.ask())
        };
        let shell = "exec 9> hold; sleep 1000 & echo begun; sleep 1000";
        let begin = Instant::now();
        let call = Cleared { output, stop, ..bench.cleared(json!({"shell": shell})) };
        let returned = bench.run_call("run_command", call);
        assert_eq!(returned.outcome, Outcome::Cancelled);
        gone.recv_timeout(Duration::from_millis(500)).expect("nothing is left when the call is over");
        println!("cancelled in {:?}", begin.elapsed());
    }
}

#[test]
fn the_death_of_this_app_ends_the_command() {
    let bench = Bench::with(settings(true));
    let gone = held(&bench, "hold");
    let exe = std::env::current_exe().unwrap();
    let args = ["--exact", "--nocapture", "--ignored", "--test-threads=2", "commands::dies_in_the_middle"];
    let mut app = std::process::Command::new(exe)
        .args(args)
        .env("TACKROOM_TEST_PIPE", bench.path("hold"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    let mut out = app.stdout.take().unwrap();
    while !String::from_utf8_lossy(&seen).contains("begun") {
        let mut some = [0; 512];
        let read = out.read(&mut some).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&some[..read]);
    }
    app.kill().unwrap();
    app.wait().unwrap();
    gone.recv_timeout(Duration::from_secs(20)).expect("the command ends with the app");
}

/// Not a test of its own: an app that is killed while a command runs.
#[test]
#[ignore = "started by the_death_of_this_app_ends_the_command"]
fn dies_in_the_middle() {
    let bench = Bench::with(settings(true));
    let hold = std::env::var("TACKROOM_TEST_PIPE").unwrap();
    let output = Arc::new(|text: String| print!("{text}"));
    let shell = format!("exec 9> {hold}; sleep 1000 & setsid sleep 1000 & echo begun; sleep 1000");
    bench.run_call("run_command", Cleared { output, ..bench.cleared(json!({"shell": shell})) });
}

#[test]
fn a_bomb_is_put_out() {
    let bench = Bench::with(settings(true));
    let gone = held(&bench, "hold");
    // Each starts the next and another, and ends; bounded, so that a failing test does not take the machine along.
    let shell =
        "exec 9> hold; f() { test $1 -lt 400 || return; (f $(($1 + 1))) & (sleep 1000) & }; f 0; sleep 1000";
    let late = bench.run("run_command", json!({"shell": shell, "timeout_s": 1}));
    assert_eq!(late.outcome, Outcome::TimedOut);
    gone.recv_timeout(Duration::from_millis(500)).expect("nothing is left when the call is over");
}

/// The leader of a session may lie outside of a container: `getsid` tells 0 then, on which the process between once died.
#[test]
fn a_session_led_from_outside_a_container_runs_commands() {
    let container = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    let probe = [&container[..], &["true"]].concat();
    if !works(&probe, "TACKROOM_HAVE_UNSHARE", "commands run in a container led from outside") {
        return;
    }
    let exe = std::env::current_exe().unwrap();
    let mut inside = std::process::Command::new(container[0]);
    inside.args(&container[1..]).arg(exe).args(["--exact", "commands::output_and_status_come_back"]);
    let output = inside.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

const BIG: u64 = 100 * 1024 * 1024;

fn big() -> Value {
    json!({"shell": format!("echo begin; head -c {BIG} /dev/zero | tr '\\0' x; echo; echo end")})
}

#[test]
fn a_huge_output_is_bounded() {
    let bench = Bench::with(settings(true));
    let returned = bench.run("run_command", big());
    assert_eq!(returned.outcome, Outcome::Ok);
    assert!(returned.text.len() < 2 * 1024 * 1024 + 200, "{}", returned.text.len());
    assert!(
        returned.text.starts_with("begin\nxxx") && returned.text.ends_with("xxx\nend\n[exit status 0]\n")
    );
    let left_out = BIG + 11 - 2 * 1024 * 1024;
    assert!(returned.text.contains(&format!("[… {left_out} of {} bytes left out …]", BIG + 11)));
}

#[test]
fn a_huge_output_takes_little_memory() {
    let exe = std::env::current_exe().unwrap();
    let args = ["--exact", "--nocapture", "--ignored", "--test-threads=2", "commands::measured_alone"];
    let output = std::process::Command::new(exe).args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("kib ")).unwrap_or_else(|| panic!("{text}"));
    let figures: Vec<u64> = line.split(' ').map(|figure| figure.parse().unwrap()).collect();
    promise::kept("T6", format!("100 MB of output: {} KiB before, {} KiB at most", figures[0], figures[1]));
    assert!(figures[1] - figures[0] < 64 * 1024);
}

/// Not a test of its own: a process that runs nothing but one command with a huge output.
#[test]
#[ignore = "started by a_huge_output_takes_little_memory"]
fn measured_alone() {
    let most = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().to_string();
        line.split_whitespace().next().unwrap().to_string()
    };
    let bench = Bench::with(settings(true));
    bench.run("run_command", json!({"argv": ["true"]}));
    let before = most();
    bench.run("run_command", big());
    println!("\nkib {before} {}", most());
}

#[test]
fn what_was_judged_is_what_runs() {
    let bench = Bench::with(settings(true));
    let odd = ["-c", "--", "a\nb", "'\"", "$(id)", "`id`", "*", "", "é\u{202e}", "commands::launched"];
    let mut argv = vec!["printf", "%s\\036"];
    argv.extend(odd);
    let args = json!({"argv": argv});
    let touch = &bench.tool("run_command").touches(&args)[0];
    assert_eq!(
        touch,
        &tackroom::domain::tool_spec::Touch::Command { argv: argv.iter().map(ToString::to_string).collect() }
    );
    let returned = bench.run("run_command", args);
    let seen: Vec<&str> = returned.text.split('\u{1e}').collect();
    assert_eq!(&seen[..odd.len()], odd);
    // Any words at all, many to a command.
    let (all, mut words) = (cases(40_u64), 0);
    for seed in 0..all {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let word = |dice: &mut Dice| -> String {
            let signs: Vec<char> =
                " \t\n'\"\\$`|&;<>(){}[]*?~#!%=-+^é\u{202e}\u{200b}日ab0".chars().collect();
            let sign = |dice: &mut Dice| signs[usize::try_from(dice.roll(signs.len() as u64)).unwrap()];
            (0..dice.roll(12)).map(|_| sign(dice)).collect()
        };
        let odd: Vec<String> = (0..1 + dice.roll(60)).map(|_| word(&mut dice)).collect();
        words += odd.len();
        let mut argv = vec!["printf".to_string(), "%s\\036".to_string()];
        argv.extend(odd.iter().cloned());
        let args = json!({"argv": argv.clone()});
        let touch = &bench.tool("run_command").touches(&args)[0];
        assert_eq!(touch, &tackroom::domain::tool_spec::Touch::Command { argv }, "seed {seed}");
        let returned = bench.run("run_command", args);
        let seen: Vec<&str> = returned.text.split('\u{1e}').collect();
        assert_eq!(seen[..odd.len()], odd, "seed {seed}");
    }
    promise::kept("S4", format!("{all} commands of {words} odd words, each byte as it was judged"));
}

#[test]
fn the_preview_says_what_walls_there_are() {
    for (bench, words) in both().iter().zip(["own session, no terminal", "own process group only"]) {
        let preview = bench.preview("run_command", json!({"argv": ["make"], "cwd": "."}));
        assert!(
            matches!(&preview, Preview::Command { sandbox, .. } if sandbox.contains(words)),
            "{preview:?}"
        );
    }
    assert!(Path::new("/proc/self/stat").exists(), "these tests look into /proc");
}
