//! Scripts that a command names: what is shown of them, that what was shown is what runs, and that a copy holds where a sandbox
//! is in force.

use crate::commands::launcher;
use crate::harness::binary::Home;
use crate::sandbox::{PROMISE, Ward, has_bwrap};
use crate::tools::Bench;
use serde_json::{Value, json};
use tackroom::adapters::tool::Settings;
use tackroom::domain::call::{Outcome, Preview};
use tackroom::domain::command_part::{CommandPart, PartDoes, Script, bound_to};
use tackroom::domain::hash::Hash;
use tackroom::ports::tool::Cleared;

fn bench() -> Bench {
    let environment = [("PATH".into(), std::env::var_os("PATH").unwrap())].into();
    let bench = Bench::with(Settings { launcher: Some(launcher()), environment, ..Settings::default() });
    bench.write("run.sh", "#!/bin/sh\ntouch ran\necho good\n");
    bench.write("tools/x.py", "print('x')\n");
    bench.write("tools/big", vec![0_u8; 2_000]);
    std::os::unix::fs::symlink("run.sh", bench.path("link.sh")).unwrap();
    for name in ["run.sh", "tools/big"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(bench.path(name), mode).unwrap();
    }
    bench
}

fn shown(bench: &Bench, args: Value) -> (Vec<Script>, Vec<CommandPart>) {
    match bench.preview("run_command", args.clone()) {
        Preview::Command { scripts, parts, .. } => (scripts, parts),
        other => panic!("{args}: {other:?}"),
    }
}

#[test]
fn a_command_tells_which_scripts_it_runs() {
    let bench = bench();
    let root = bench.root();
    let cases: Vec<(Value, &[&str], &str)> = vec![
        (json!({"argv": ["./run.sh"]}), &["run.sh"], ""),
        (json!({"argv": ["./link.sh"]}), &["link.sh"], ""),
        (json!({"argv": [format!("{root}/run.sh"), "x"]}), &["run.sh"], ""),
        (json!({"argv": ["sh", "-e", "run.sh"]}), &["run.sh"], ""),
        (json!({"argv": ["bash", "-o", "pipefail", "run.sh", "notes.txt"]}), &["run.sh"], ""),
        (json!({"argv": ["python3", "tools/x.py", "notes.txt"]}), &["tools/x.py"], ""),
        (json!({"argv": ["python3", "-c", "1", "notes.txt"]}), &[], "python3"),
        (json!({"argv": ["env", "A=1", "./run.sh"]}), &["run.sh"], ""),
        (json!({"argv": ["x.py"], "cwd": "tools"}), &[], ""),
        (json!({"argv": ["./x.py"], "cwd": "tools"}), &["tools/x.py"], ""),
        (json!({"argv": ["sh", "../run.sh"], "cwd": "tools"}), &["run.sh"], ""),
        (json!({"shell": "ls && sh run.sh; ./tools/big"}), &["run.sh", "tools/big"], ""),
        (json!({"shell": "cat notes.txt | python3 tools/x.py > out"}), &["tools/x.py"], ""),
        (json!({"shell": "sh -c './run.sh; ./run.sh'"}), &["run.sh"], ""),
        (json!({"shell": "X=$(./run.sh)"}), &["run.sh"], "a variable is set"),
        (json!({"shell": "cd tools && python3 x.py"}), &[], "lies where `cd` leads"),
        (json!({"argv": ["./missing.sh"]}), &[], "is not there yet"),
        (json!({"argv": ["sh", "missing.sh"]}), &[], "is not there yet"),
        (json!({"argv": ["sh", "../ws-secret/key"]}), &[], "lies outside of the workspace"),
        (json!({"argv": ["/bin/ls", "run.sh"]}), &[], ""),
        (json!({"argv": ["git", "status"]}), &[], ""),
        (json!({"argv": ["cat", "run.sh"]}), &[], ""),
    ];
    let tried = cases.len();
    for (args, wanted, says) in cases {
        let (scripts, parts) = shown(&bench, args.clone());
        let paths: Vec<&str> = scripts.iter().map(|script| script.path.as_str()).collect();
        assert_eq!(paths, wanted, "{args}");
        assert!(scripts.iter().all(|script| !script.sealed), "there is no sandbox: {args}");
        let unclear: String = parts
            .iter()
            .filter(|part| part.does == PartDoes::Unclear)
            .map(|part| part.text.as_str())
            .collect();
        assert!(unclear.contains(says), "{args}: {unclear}");
    }
    println!("scripts that commands name: {tried} commands tried");
    let (scripts, _) = shown(&bench, json!({"argv": ["./run.sh"]}));
    let bytes = std::fs::read(bench.path("run.sh")).unwrap();
    assert_eq!((scripts[0].size, scripts[0].hash), (bytes.len() as u64, Hash::of(&bytes)));
    assert_eq!(scripts[0].head, "#!/bin/sh\ntouch ran\necho good");
    let (scripts, _) = shown(&bench, json!({"argv": ["./tools/big"]}));
    assert_eq!(scripts[0].head, "", "no text");
    assert!(scripts[0].line().contains("looked at again right before it starts"));
}

#[test]
fn a_script_that_is_not_what_was_approved_does_not_run() {
    let bench = bench();
    for args in [
        json!({"argv": ["sh", "run.sh"]}),
        json!({"shell": "echo x; ./run.sh"}),
        json!({"argv": ["env", "./run.sh"]}),
    ] {
        bench.write("run.sh", "#!/bin/sh\ntouch ran\necho good\n");
        let (scripts, _) = shown(&bench, args.clone());
        let call =
            |scripts: &[Script]| Cleared { scripts: Some(scripts.to_vec()), ..bench.cleared(args.clone()) };
        let returned = bench.run_call("run_command", call(&scripts));
        assert_eq!(returned.outcome, Outcome::Ok, "{}", returned.text);
        std::fs::remove_file(bench.path("ran")).unwrap();
        // Another content of the same length, another script than none, none in the place of one.
        bench.write("run.sh", "#!/bin/sh\ntouch ran\necho evil\n");
        for approved in [&scripts[..], &[]] {
            let returned = bench.run_call("run_command", call(approved));
            assert!(returned.text.contains("run.sh is not what was approved any more"), "{}", returned.text);
            assert!(!bench.exists("ran"), "{args}");
        }
        std::fs::remove_file(bench.path("run.sh")).unwrap();
        let returned = bench.run_call("run_command", call(&scripts));
        assert!(returned.text.contains("nothing was started"), "{}", returned.text);
    }
}

#[test]
fn a_decision_is_bound_to_the_scripts() {
    let script = |path: &str, text: &str| Script {
        path: path.to_string(),
        size: text.len() as u64,
        hash: Hash::of(text.as_bytes()),
        head: String::new(),
        sealed: false,
    };
    let action = Hash::of(b"action");
    let all = [
        vec![],
        vec![script("a", "x")],
        vec![script("b", "x")],
        vec![script("a", "y")],
        vec![script("a", "x"), script("b", "x")],
        vec![script("b", "x"), script("a", "x")],
        vec![script("ab", "x")],
    ];
    let hashes: std::collections::BTreeSet<Hash> =
        all.iter().map(|scripts| bound_to(action, scripts)).collect();
    assert_eq!(hashes.len(), all.len());
    assert!(hashes.contains(&action), "without scripts nothing is other than it was");
}

#[test]
fn a_line_that_writes_through_a_link_does_not_run() {
    let bench = bench();
    bench.link("../ws-secret/key", "out");
    bench.link("../ws-secret", "folder");
    bench.link("../ws-secret/new", "dangling");
    bench.link("tools", "fine");
    for line in
        ["echo x > out", "echo x >> folder/key", "echo x > dangling", "cat < out", "ls $X 2>folder/new"]
    {
        let preview = bench.preview("run_command", json!({"shell": line}));
        assert!(
            matches!(&preview, Preview::WouldFail { why } if why.contains("leads out")),
            "{line}: {preview:?}"
        );
        assert!(
            bench.err("run_command", json!({"shell": line})).contains("leads out of the workspace"),
            "{line}"
        );
    }
    assert_eq!(bench.secret(), "SECRET-1\n");
    bench.ok("run_command", json!({"shell": "echo x > fine/y && echo z > new"}));
    assert_eq!(bench.read("tools/y"), "x\n");
}

#[test]
fn an_approval_lapses_with_its_script() {
    let home = Home::new();
    home.config("[sandbox]\nprofile = \"none\"\n");
    std::fs::write(home.ws().join("run.sh"), "echo first\n").unwrap();
    let model = home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"argv": ["sh", "run.sh"]}}]},
        {"text": "Done."},
    ]));
    assert_eq!(home.task(&model, "Go.", &[]).code, 3);
    let id = home.only();
    let seen = home.run(&["pending"]);
    assert!(seen.out.contains("echo first") && seen.out.contains("script    run.sh"), "{seen:?}");
    assert_eq!(home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    std::fs::write(home.ws().join("run.sh"), "echo other\n").unwrap();
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "it is asked about again");
    let lapsed = |home: &Home| home.kinds(&id).iter().filter(|kind| *kind == "CallLapsed").count();
    assert_eq!(lapsed(&home), 1);
    assert!(home.run(&["pending"]).out.contains("echo other"));
    assert_eq!(home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 0);
    let events = home.events(&id).concat();
    assert!(events.contains("other\\n[exit status 0]"), "{events}");
    assert_eq!(lapsed(&home), 1);
}

#[test]
fn a_sealed_script_runs_as_it_was_approved() {
    if !has_bwrap(PROMISE) {
        return;
    }
    for line in [
        "cp evil.sh tools/run.sh; sh tools/run.sh",
        "mv evil.sh tools/run.sh; sh tools/run.sh",
        "ln -sf ../evil.sh tools/run.sh; sh tools/run.sh",
        "rm -f tools/run.sh; cp evil.sh tools/run.sh; sh tools/run.sh",
        "mv tools old; mkdir tools; cp evil.sh tools/run.sh; sh tools/run.sh",
        "rm -rf tools; mkdir tools; cp evil.sh tools/run.sh; sh tools/run.sh",
        "cat evil.sh > tools/run.sh; sh tools/run.sh",
        "chmod u+w tools/run.sh; cat evil.sh > tools/run.sh; sh tools/run.sh",
    ] {
        let ward = Ward::new();
        ward.write("ws/tools/run.sh", "echo $((40 + 2)) good\n");
        ward.write("ws/evil.sh", "echo $((60 + 6)) evil\n");
        let (_, text) = ward.command(json!({"shell": line}), &["--sandbox", "workspace-write"]);
        assert!(text.contains("42 good") && !text.contains("66 evil"), "{line}: {text}");
        assert_eq!(std::fs::read_to_string(ward.path("ws/tools/run.sh")).unwrap(), "echo $((40 + 2)) good\n");
        let left = ward.names("home").into_iter().filter(|name| name.contains("/sealed/")).count();
        assert_eq!(left, 0, "the copies are gone");
        let id = ward.home.only();
        assert!(ward.home.events(&id).concat().contains("\"sealed\":true"), "{line}");
    }
    // The file itself is as it was, also where the whole command is the script, and it can be run by its name.
    let ward = Ward::new();
    ward.write("ws/run.sh", "#!/bin/sh\necho $((40 + 2)) good; cat evil > run.sh\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(ward.path("ws/run.sh"), mode).unwrap();
    let (outcome, text) = ward.command(json!({"argv": ["./run.sh"]}), &["--sandbox", "workspace-write"]);
    assert!(text.contains("42 good") && outcome == "error", "{outcome}: {text}");
    assert!(text.contains("could not be changed meanwhile: "), "{text}");
}
