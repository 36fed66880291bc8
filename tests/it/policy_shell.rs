//! S1: a rule that allows a command by its program never allows what hides behind that name: lines of a shell, programs that
//! run others, arguments that are code.

use crate::harness::rules::Rules;
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

/// Lines given to a shell.
const LINES: &[&str] = &[
    "git status; rm -rf x",
    "git status && rm -rf x",
    "git status || rm -rf x",
    "git status | sh",
    "git status & rm -rf x",
    "git status\nrm -rf x",
    "git status `rm -rf x`",
    "git status $(rm -rf x)",
    "git status <(rm -rf x)",
    "git status > ~/.bashrc",
    "git status >> ~/.profile",
    "cat $(rm -rf x)",
    "ls &rm -rf x",
    "ls |sh",
    "git status 2>&1 | tee x",
    "PATH=. git status",
    "git\\ status",
    "ls -la # x\nrm y",
    "{ git status; }",
    "(git status)",
    "git status",
    "ls ~",
    "ls *",
    "eval ls",
    "GIT_PAGER='sh -c id' git log",
    ": & ls",
    "if true; then ls; fi",
    "ls ${x:=`id`}",
    "cat <<< x",
    "ls\trm",
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

fn policy(rules: &Rules) -> Cedar {
    let named: String = ALLOWED
        .iter()
        .map(|name| {
            format!(
                "permit (principal, action, resource is Command) when {{ resource.program == \"{name}\" }};\n"
            )
        })
        .collect();
    let wide = "permit (principal, action, resource is Command) when { resource.line like \"*\" };\n\
                permit (principal, action, resource is Command) when { resource.viaShell };\n";
    rules.write("user/a.cedar", &format!("{named}{wide}"));
    rules.open().unwrap()
}

#[test]
fn nothing_hides_behind_an_allowed_name() {
    let rules = Rules::new();
    let policy = policy(&rules);
    let mut let_through = Vec::new();
    let mut tried = 0;
    for line in LINES {
        for shell in ["sh", "bash", "/bin/sh", "zsh", "dash", "fish"] {
            for flag in ["-c", "-lc", "-ec"] {
                tried += 1;
                let verdict = rules.judge(&policy, "run_command", &json!({ "argv": [shell, flag, line] }));
                if verdict.word == Word::Allow {
                    let_through.push(format!("{shell} {flag} {line}"));
                }
            }
        }
        tried += 1;
        if rules.judge(&policy, "run_command", &json!({ "shell": line })).word == Word::Allow {
            let_through.push((*line).to_string());
        }
        // As one word of a program's name it names no program that a rule could allow by name.
        let named = rules.judge(&policy, "run_command", &json!({ "argv": [line] }));
        assert!(named.word != Word::Deny);
    }
    for words in ARGV {
        tried += 1;
        let argv: Vec<&str> = words.split(' ').collect();
        let verdict = rules.judge(&policy, "run_command", &json!({ "argv": argv }));
        if verdict.word == Word::Allow {
            let_through.push((*words).to_string());
        } else {
            assert!(verdict.why.contains("so it asks"), "{verdict:?}");
        }
    }
    println!("commands that hide another: {tried} tried, {} let through", let_through.len());
    assert_eq!(let_through, [""; 0]);
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
