//! S1: a rule that allows a command by its program never allows what hides behind that name: lines of a shell, programs that
//! run others, arguments that are code.

use crate::harness::promise;
use crate::harness::rules::Rules;
use crate::policy_lines::{LINES, PLAIN};
use serde_json::json;
use tackroom::adapters::policy::cedar::Cedar;
use tackroom::domain::argv::Argv;
use tackroom::domain::policy::Word;

/// Programs that a careless operator allows by name alone.
const ALLOWED: &[&str] = &[
    "ls", "cat", "git", "find", "grep", "rg", "cargo", "make", "npm", "python", "python3", "perl", "node",
    "tar", "rsync", "env", "sudo", "xargs", "nice", "timeout", "nohup", "ssh", "bash", "sh", "awk", "sed",
    "go", "docker", "watch", "vim", "php", "ruby", "deno", "bun", "fd", "zip", "sort", "time", "busybox",
    "npx", "uv", "curl", "tcpdump", "man", "split", "ip", "wget",
];

/// Arguments, blank between words.
const ARGV: &[&str] = &[
    "env ls",
    "env -i ls",
    "env FOO=1 ls",
    "env -S ls",
    "/usr/bin/env ls",
    "sudo ls",
    "sudo -u root ls",
    "xargs rm",
    "xargs -I {} sh",
    "nice ls",
    "nice -n 5 ls",
    "timeout 5 ls",
    "nohup ls",
    "ssh host ls",
    "ssh -oProxyCommand=id host",
    "bash -c ls",
    "bash script.sh",
    "bash -lc ls",
    "sh -c ls",
    "sh -ec ls",
    "/bin/sh -c ls",
    "find . -exec rm {} ;",
    "find . -execdir rm {} +",
    "find . -ok rm {} ;",
    "find . -name x -okdir rm ;",
    "git -c core.pager=id log",
    "git -ccore.pager=id log",
    "git -c alias.x=!id x",
    "git --exec-path=/tmp x",
    "git --config-env=core.pager=X log",
    "git rebase --exec id",
    "git rebase -i --exec=id",
    "git bisect run sh",
    "git submodule foreach id",
    "git grep -Oid x",
    "git grep --open-files-in-pager=id x",
    "git clone ext::sh -c id",
    "git fetch --upload-pack=id x",
    "git fetch --upload-p=id x",
    "git push --receive-pack=id x",
    "git diff --ext-diff",
    "git config alias.x !id",
    "git difftool -x id",
    "git -C /tmp/evil status",
    "python -c print(1)",
    "python3 -c print(1)",
    "python3.12 -c print(1)",
    "python -Ic print(1)",
    "python -m timeit x",
    "perl -e print",
    "perl -ne print",
    "perl -pi.bak -e x",
    "perl -MFoo -e x",
    "ruby -e x",
    "node -e x",
    "node -p x",
    "node --eval x",
    "node --eval=x",
    "node -pe x",
    "node --require ./x a.js",
    "node --import ./x a.js",
    "deno eval x",
    "bun -e x",
    "php -r x",
    "awk BEGIN{system(\"id\")}",
    "sed -n 1e\\ id x",
    "tar --checkpoint-action=exec=id -cf x y",
    "tar --checkpoint=1 --checkpoint-act=exec=id x",
    "tar -I id -xf x",
    "tar --use-compress-program=id -xf x",
    "tar --to-command=id -xf x",
    "tar --to-com=id -xf x",
    "rsync -e id x y",
    "rsync --rsh=id x y",
    "make SHELL=/tmp/x",
    "make CC=id",
    "make --eval=x:;id",
    "make -f /tmp/x",
    "npm exec id",
    "npm x id",
    "npx id",
    "go run -exec id x.go",
    "go vet -toolexec=id",
    "fd -x rm",
    "fd . -X rm",
    "fd --exec rm",
    "rg --pre id x",
    "rg --pre=id x",
    "sort --compress-program=id x",
    "zip -T -TT id x y",
    "zip x y --unzip-command id",
    "docker run x",
    "watch ls",
    "vim -c :!id",
    "time ls",
    "busybox sh",
    "uv run id",
    "cargo --config build.rustc-wrapper='id' build",
    "curl -K x",
    "man -P id ls",
    "split --filter=id x",
    "tar xIf id x",
    "ip netns exec x ls",
    "npm --script-shell=/tmp/x test",
    "wget -e use_askpass=id x",
    "git --git-dir=/tmp/x log",
    "ls |id",
    "find . -exec=rm",
    "tcpdump -z id",
];

/// What such an operator allows: programs by name, and whatever is said of files.
fn named() -> String {
    let named: String = ALLOWED
        .iter()
        .map(|name| {
            format!(
                "permit (principal, action, resource is Command) when {{ resource.program == \"{name}\" }};\n"
            )
        })
        .collect();
    named
        + "permit (principal, action, resource is Command) when { resource.viaShell };\n\
           permit (principal, action, resource is Path);\n"
}

fn policy(rules: &Rules) -> Cedar {
    let wide = "permit (principal, action, resource is Command) when { resource.line like \"*\" };\n";
    rules.write("user/a.cedar", &(named() + wide));
    rules.open().unwrap()
}

#[test]
fn nothing_hides_in_a_line_of_a_shell() {
    let rules = Rules::new();
    rules.write("user/a.cedar", &named());
    let policy = rules.open().unwrap();
    let mut let_through = Vec::new();
    let mut tried = 0;
    let word = |args: &serde_json::Value| rules.judge(&policy, "run_command", args).word;
    for line in LINES {
        for (shell, flag) in
            [("bash", "-c"), ("/bin/sh", "-ec"), ("dash", "-lc"), ("zsh", "-c"), ("fish", "-c")]
        {
            tried += 1;
            if word(&json!({ "argv": [shell, flag, line] })) == Word::Allow {
                let_through.push(format!("{shell} {flag} {line}"));
            }
        }
        tried += 2;
        if word(&json!({ "shell": line })) == Word::Allow {
            let_through.push((*line).to_string());
        }
        // With something harmless around it.
        if word(&json!({ "shell": format!("ls && {line}") })) == Word::Allow {
            let_through.push(format!("ls && {line}"));
        }
        // As one word of a program's name it names no program that a rule could allow by name.
        let named = rules.judge(&policy, "run_command", &json!({ "argv": [line] }));
        assert!(named.word != Word::Deny);
    }
    promise::kept(
        "S1",
        format!("lines that hide a command: {tried} tried, {} let through", let_through.len()),
    );
    assert_eq!(let_through, [""; 0]);
    for line in PLAIN {
        let verdict = rules.judge(&policy, "run_command", &json!({ "shell": line }));
        assert_eq!(verdict.word, Word::Allow, "{line}: {}", verdict.why);
        for argv in [["zsh", "-c", line], ["sh", "-lc", line]] {
            let verdict = rules.judge(&policy, "run_command", &json!({ "argv": argv }));
            assert_eq!(verdict.word, Word::Ask, "{argv:?}: {}", verdict.why);
        }
    }
}

#[test]
fn nothing_hides_behind_an_allowed_name() {
    let rules = Rules::new();
    let policy = policy(&rules);
    let mut let_through = Vec::new();
    for words in ARGV {
        let argv: Vec<&str> = words.split(' ').collect();
        let verdict = rules.judge(&policy, "run_command", &json!({ "argv": argv }));
        // A line that a shell reads is judged by what it runs, which this operator allows.
        let is_line = ["bash -c ls", "sh -c ls", "sh -ec ls", "/bin/sh -c ls"].contains(words);
        if is_line {
            assert_eq!(verdict.word, Word::Allow, "{words}: {}", verdict.why);
        } else if verdict.word == Word::Allow {
            let_through.push((*words).to_string());
        } else {
            assert!(verdict.why.contains("so it asks"), "{verdict:?}");
        }
    }
    promise::kept(
        "S1",
        format!("commands that hide another: {} tried, {} let through", ARGV.len(), let_through.len()),
    );
    assert_eq!(let_through, [""; 0]);
}

#[test]
fn a_line_is_as_strict_as_its_strictest_part() {
    let rules = Rules::new();
    rules.write(
        "user/a.cedar",
        r#"
        permit (principal, action, resource is Command) when { ["git", "ls", "cat"].contains(resource.program) };
        permit (principal, action == Action::"run_command", resource is Path) when { resource.path like "out/*" };
        @ask("Pushing asks.") permit (principal, action, resource is Command) when { resource.line like "git push*" };
        @why("Nobody removes.") forbid (principal, action, resource is Command) when { resource.program == "rm" };
        @why("No zsh.") forbid (principal, action, resource is Command) when { resource.program == "zsh" };
        "#,
    );
    let policy = rules.open().unwrap();
    for (line, word, says) in [
        ("git status && ls", Word::Allow, "allows"),
        ("git status && git push origin", Word::Ask, "Pushing asks."),
        ("git push && rm x", Word::Deny, "Nobody removes."),
        ("git status | wc -l", Word::Ask, "It runs a program"),
        ("ls > out/x", Word::Allow, ""),
        ("ls > other/x", Word::Ask, "changes other/x in the workspace"),
        ("ls > /etc/x", Word::Deny, "outside of the workspace"),
        ("ls > ../x", Word::Deny, "outside of the workspace"),
        ("cat < /etc/passwd", Word::Deny, "reads /etc/passwd"),
        ("ls > .tackroom/x", Word::Deny, "belongs to tackroom itself"),
        // What hides is denied where it can be seen, however little of the rest is understood.
        ("ls $X; rm -rf $Y", Word::Deny, "Nobody removes."),
        ("ls $(rm x)", Word::Deny, "Nobody removes."),
        ("sudo rm x", Word::Deny, "Nobody removes."),
        ("ls | xargs -n 1 rm -f", Word::Deny, "Nobody removes."),
        ("env A=b timeout -k 1 5 rm x", Word::Deny, "Nobody removes."),
        ("find . -name x -exec rm {} +", Word::Deny, "Nobody removes."),
        ("X=1 rm x", Word::Deny, "Nobody removes."),
        ("rm x # gone", Word::Deny, "Nobody removes."),
        ("sh -c 'sh -c \"rm x\"'", Word::Deny, "Nobody removes."),
        ("zsh -c ls", Word::Deny, "No zsh."),
        ("ls $X > /etc/x", Word::Deny, "outside of the workspace"),
        // What is not understood is told with its place.
        ("git log $(", Word::Ask, "`$(` is not closed, at column 9"),
        ("ls *", Word::Ask, "`*` stands for names of files, at column 4"),
        ("ls\ncd x\nls", Word::Ask, "`cd` changes where all that follows runs"),
    ] {
        let verdict = rules.judge(&policy, "run_command", &json!({ "shell": line }));
        assert_eq!(verdict.word, word, "{line}: {}", verdict.why);
        assert!(verdict.why.contains(says), "{line}: {}", verdict.why);
    }
    // A line is still a line: a rule about shells counts, whatever is in it.
    for (rule, word) in [("forbid", Word::Deny), ("@ask(\"Shells ask.\") permit", Word::Ask)] {
        let rules = Rules::new();
        let all = "permit (principal, action, resource is Command);";
        rules.write(
            "user/a.cedar",
            &format!("{all} {rule} (principal, action, resource is Command) when {{ resource.viaShell }};"),
        );
        let verdict = rules.judge(&rules.open().unwrap(), "run_command", &json!({ "shell": "ls" }));
        assert_eq!(verdict.word, word, "{}", verdict.why);
    }
    // Where the command stands counts for what it writes.
    let verdict = rules.judge(&policy, "run_command", &json!({ "shell": "ls > x", "cwd": "out/deep" }));
    assert_eq!(verdict.word, Word::Allow, "{}", verdict.why);
    let verdict = rules.judge(&policy, "run_command", &json!({ "shell": "ls > ../x", "cwd": "out" }));
    assert_eq!(verdict.word, Word::Ask, "{}", verdict.why);
}

#[test]
fn what_hides_nothing_is_allowed() {
    let rules = Rules::new();
    let policy = policy(&rules);
    let plain = [
        "ls -la",
        "cat a b",
        "git status",
        "git log --oneline -5",
        "git diff --stat",
        "grep -rn x src",
        "rg -n x",
        "cargo test --all",
        "find . -name x",
        "npm test",
        "tar -czf a.tgz b",
        "make test",
        "go test ./...",
        "python script.py",
        "sort -u x",
    ];
    for words in plain {
        let argv: Vec<&str> = words.split(' ').collect();
        let verdict = rules.judge(&policy, "run_command", &json!({ "argv": argv }));
        assert_eq!(verdict.word, Word::Allow, "{words}: {}", verdict.why);
    }
}

#[test]
fn a_rule_about_one_program_is_not_about_its_namesakes() {
    let rules = Rules::new();
    rules.write(
        "user/a.cedar",
        "permit (principal, action, resource is Command) when { resource.line like \"git status*\" };",
    );
    let policy = rules.open().unwrap();
    let judge = |argv: &[&str]| rules.judge(&policy, "run_command", &json!({ "argv": argv })).word;
    assert_eq!(judge(&["git", "status"]), Word::Allow);
    assert_eq!(judge(&["git", "status", "a b"]), Word::Allow);
    for argv in [
        &["git status"][..],
        &["git", "status x; rm"][..1],
        &["./git", "status"],
        &["/tmp/git", "status"],
        &["GIT", "status"],
        &["git ", "status"],
        &["git", " status"],
        &[""],
        &[],
    ] {
        assert_eq!(judge(argv), Word::Ask, "{argv:?}");
    }
}

#[test]
fn a_line_tells_its_words_apart() {
    let line = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Argv::new(&words).line()
    };
    assert_eq!(line(&["git", "commit", "-m", "it's a \"b\""]), r#"git commit -m 'it'\''s a "b"'"#);
    assert_ne!(line(&["a b"]), line(&["a", "b"]));
    assert_ne!(line(&["a", ""]), line(&["a"]));
    assert_ne!(line(&["a'", "'b"]), line(&["a' 'b"]));
    assert_eq!(line(&["a", "*"]), "a '*'");
}
