//! Programs that run another one which their arguments name: a rule that forbids the inner one is met, and none that allows
//! the outer one lets it through. What cannot be seen through asks.

use crate::harness::rules::Rules;
use serde_json::json;
use tackroom::domain::policy::Word;
use tackroom::domain::reach::shown;

/// Words with blanks between them, `_` for a blank within one; each runs `rm x`.
const SEEN: &[&str] = &[
    // Their words, then a command.
    "busybox rm x",
    "toybox rm x",
    "busybox.static rm x",
    "sash rm x",
    "env rm x",
    "env -i A=b rm x",
    "env -u HOME --chdir /tmp rm x",
    "env -S rm_x",
    "env -Srm_x",
    "env --split-string=rm_x",
    "env -iS rm_x",
    "genv rm x",
    "sudo -u root rm x",
    "sudo --user root -- rm x",
    "sudo A=b rm x",
    "doas -u root rm x",
    "pkexec --user root rm x",
    "run0 --user=root rm x",
    "runuser -u root -- rm x",
    "runuser root -c rm_x",
    "su -c rm_x root",
    "su root -c rm_x",
    "su root --command=rm_x",
    "su --session-command rm_x root",
    "sg wheel -c rm_x",
    "gosu root rm x",
    "su-exec root rm x",
    "setuidgid nobody rm x",
    "setpriv --reuid 0 --clear-groups rm x",
    "capsh --print -- -c rm_x",
    "chroot / rm x",
    "chroot --userspec=0:0 / rm x",
    "gchroot / rm x",
    "unshare -r rm x",
    "unshare -S 0 --map-root-user rm x",
    "nsenter -t 1 -m rm x",
    "nsenter --target 1 --all -- rm x",
    "setarch x86_64 -R rm x",
    "linux32 rm x",
    "x86_64 rm x",
    "arch -x86_64 rm x",
    "setsid -w rm x",
    "nohup rm x",
    "nice -n 5 rm x",
    "nice -5 rm x",
    "nice --adjustment 5 rm x",
    "ionice -c 3 -n 7 rm x",
    "ionice -c3 rm x",
    "chrt -f 10 rm x",
    "taskset -c 0 rm x",
    "taskset 0x1 rm x",
    "stdbuf -oL rm x",
    "stdbuf -o L rm x",
    "stdbuf --output L rm x",
    "unbuffer rm x",
    "timeout 5 rm x",
    "timeout -k 1 -s KILL 5 rm x",
    "timeout --signal KILL 5 rm x",
    "gtimeout 5 rm x",
    "time -f x rm x",
    "/usr/bin/time -o out rm x",
    "xargs rm x",
    "xargs -n 1 -I {} rm x",
    "xargs -i rm x",
    "xargs --max-args 1 rm x",
    "gxargs rm x",
    "parallel -j 4 rm x ::: a b",
    "parallel rm_x ::: a",
    "flock /tmp/l rm x",
    "flock -w 5 /tmp/l rm x",
    "flock /tmp/l -c rm_x",
    "flock --timeout 5 /tmp/l rm x",
    "watch -n 1 rm x",
    "watch --interval 1 rm_x",
    "script -c rm_x out",
    "script -qc rm_x /dev/null",
    "script --command=rm_x",
    "script -q /dev/null rm x",
    "entr -r rm x",
    "watchexec -e rs rm x",
    "strace -f -o out rm x",
    "strace --output out rm x",
    "ltrace -e malloc rm x",
    "perf stat -e cycles rm x",
    "perf record -- rm x",
    "valgrind --tool=none rm x",
    "gdb -batch -ex run --args rm x",
    "gdb -ex shell_rm_x",
    "lldb -- rm x",
    "rr record rm x",
    "hyperfine -w 3 rm_x",
    "hyperfine --prepare rm_x ls",
    "prlimit --nofile=10 rm x",
    "cpulimit -l 50 -- rm x",
    "choom -n 1 -- rm x",
    "uclampset -m 5 rm x",
    "coresched new -- rm x",
    "softlimit -m 5 rm x",
    "chpst -u nobody rm x",
    "daemonize -p pid rm x",
    "start-stop-daemon --start --exec rm_x",
    "start-stop-daemon -S -x rm_x",
    "systemd-run --user -p CPUQuota=5% rm x",
    "systemd-run --unit a --wait rm x",
    "systemd-inhibit --what idle rm x",
    "systemd-cat -t a rm x",
    "docker run -it --rm -v /:/mnt alpine rm x",
    "docker exec -u root box rm x",
    "podman run --name a alpine rm x",
    "kubectl exec pod -c main -- rm x",
    "bwrap --dev-bind / / -- rm x",
    "firejail -- rm x",
    "ssh -p 22 host rm x",
    "ssh host rm_x",
    "ssh -oProxyCommand=rm_x host",
    "ssh -o ProxyCommand=rm_x host",
    "sshpass -p a ssh host rm x",
    "ssh-agent rm x",
    "scp -S rm_x a b",
    "sftp -S rm_x host",
    "rsync -e rm_x a b",
    "rsync --rsh=rm_x a b",
    "rsync -ae rm_x a b",
    "rsync --rsync-path=rm_x a h:b",
    "npx -c rm_x",
    "npx --package a rm x",
    "npm exec rm x",
    "npm exec -- rm x",
    "npm x -- rm x",
    "yarn exec rm x",
    "bun x rm x",
    "uvx rm x",
    "uv run rm x",
    "uv run -- rm x",
    "pipx run rm x",
    "poetry run rm x",
    "conda run -n base rm x",
    "bundle exec rm x",
    "rustup run stable rm x",
    "direnv exec . rm x",
    "mise exec -- rm x",
    "ip netns exec a rm x",
    "git -c alias.x=!rm_x x",
    "git -calias.x=!rm_x x",
    "git -c core.pager=rm_x log",
    "git -c core.sshCommand=rm_x fetch",
    "git -c core.fsmonitor=rm_x status",
    "git bisect run rm x",
    "git submodule foreach rm_x",
    "git submodule foreach --recursive rm x",
    "git rebase --exec rm_x main",
    "git rebase -x rm_x main",
    "git difftool -x rm_x",
    "git difftool --extcmd=rm_x",
    "git grep -Orm_x a",
    "git grep --open-files-in-pager=rm_x a",
    "git fetch --upload-pack=rm_x a",
    "git push --receive-pack rm_x a",
    "git clone -c core.sshCommand=rm_x a",
    "tar -cf x y --to-command=rm_x",
    "tar --checkpoint=1 --checkpoint-action=exec=rm_x -cf x y",
    "tar --checkpoint=1 --checkpoint-action exec=rm_x -cf x y",
    "tar -I rm_x -xf x",
    "tar --use-compress-program=rm_x -xf x",
    "tar --use-compress-program rm_x -xf x",
    "gtar --to-command=rm_x -xf x",
    "zip -T --unzip-command=rm_x a b",
    "zip -TT rm_x a b",
    "find . -exec rm x ;",
    "find . -name a -execdir rm x +",
    "find . -ok rm x ;",
    "gfind . -exec rm x ;",
    "fd a -x rm x",
    "fd --exec=rm_x",
    "fdfind a -X rm x",
    "rg --pre rm_x a",
    "rg --pre=rm_x a",
    "sort --compress-program=rm_x a",
    "gsort --compress-program rm_x a",
    "split --filter=rm_x a",
    "man -P rm_x ls",
    "man --pager=rm_x ls",
    "awk BEGIN{system(\"rm_x\")}",
    "gawk BEGIN{system('rm_x')}",
    "python -c import_os;os.system('rm_x')",
    "python3.12 -c import_os;os.popen(\"rm_x\")",
    "perl -e system(\"rm_x\")",
    "perl5.36-x86_64-linux-gnu -e system(\"rm_x\")",
    "ruby -e system('rm_x')",
    "php -r system('rm_x');",
    "node -e require('child_process').execSync('rm_x')",
    "lua -e os.execute('x');os.exec('rm_x')",
    "vim -c !rm_x",
    "vim -c :!rm_x",
    "vim +!rm_x",
    "nvim --cmd !rm_x",
    "less +!rm_x a",
    "sqlite3 a.db .shell_rm_x",
    "sqlite3 a.db .system_rm_x",
    "psql -c \\!_rm_x",
    "/lib64/ld-linux-x86-64.so.2 --preload a.so rm x",
    "ld.so --library-path /tmp rm x",
    "qemu-x86_64 -L /tmp rm x",
    "tcpdump -i lo -z rm_x",
    "wget --use-askpass=rm_x a",
    "dumb-init -- rm x",
    "tini -g -- rm x",
    "xvfb-run -a rm x",
    "caffeinate -t 5 rm x",
    "sandbox-exec -p (version_1) rm x",
    "aa-exec -p a rm x",
    "faketime yesterday rm x",
    "xterm -e rm x",
    "gnome-terminal -- rm x",
    "tmux new-session rm_x",
    "screen -dm rm x",
    "openvt -c 5 rm x",
    "cpio --rsh-command=rm_x",
    "aria2c --on-download-complete=rm_x a",
    "setlock a rm x",
    "exec rm x",
    "command rm x",
    "eval rm x",
    // One behind another.
    "env nice -n 5 timeout 5 sudo rm x",
    "busybox sh -c rm_x",
    "sudo sh -c rm_x",
    "find . -exec sh -c rm_x ;",
    "xargs -0 bash -c rm_x",
    // Programs that nothing is known of.
    "frobnicate sh -c rm_x",
    "frobnicate --then env rm x",
    "frobnicate -v -- /bin/bash -c rm_x",
    "./tool sudo rm x",
];

/// What runs something, and does not say what so that it can be read.
const ASKED: &[&str] = &[
    "at now",
    "batch",
    "crontab file",
    "crontab -e",
    "expect script.exp",
    "tclsh a.tcl",
    "emacs --batch --eval (x)",
    "ed a",
    "sed -n 1e_id x",
    "make SHELL=/tmp/x",
    "make -f /tmp/Makefile",
    "gmake --eval=x",
    "just x=y",
    "curl -K file",
    "curl --config file",
    "wget -e use_askpass=id a",
    "wget --config=a b",
    "cargo --config a.toml build",
    "cargo install a",
    "go run github.com/a/b@latest",
    "go run a.go",
    "go generate ./...",
    "go install a@latest",
    "deno run a.ts",
    "npm create a",
    "npm explore a",
    "git --exec-path=/tmp status",
    "git -C /tmp/evil status",
    "git --git-dir=/tmp/x log",
    "git clone --template=/tmp/x a",
    "git init --templ=/tmp/x",
    "git clone ext::sh a",
    "git config alias.x !id",
    "git filter-branch --tree-filter id",
    "git mergetool",
    "git hook run x",
    "git for-each-repo --config=a b",
    "git help -w a",
    "git send-email --smtp-server=/tmp/x a",
    "git instaweb",
    "git diff --ext-diff",
    "git log --textconv",
    "tar xIf id x",
    "apt-get -o APT::Update::Pre-Invoke::=id update",
    "apt -o a=b install c",
    "dpkg --pre-invoke=id -i a",
    "rpm --eval %(id)",
    "gcc -wrapper id a.c",
    "gcc -fplugin=/tmp/x.so a.c",
    "latexmk a",
    "pdflatex --shell-escape a",
    "pandoc -F id a",
    "pandoc --lua-filter a b",
    "less a",
    "vi a",
    "nano a",
    "vipw",
    "run-parts /etc/cron.daily",
    "systemctl start a",
    "docker run alpine",
    "terraform console",
    "ansible all -m shell -a id",
    "service ../../bin/sh",
    "openvpn --up id",
    "socat exec:id -",
    "nc -e /bin/sh host 1",
    "osascript -e a",
    "launchctl submit a",
    "pip install a",
    "jshell a",
    "bpftrace -e a",
    "fzf --preview id",
    "restic --password-command=id a",
];

/// What is as plain as it looks, however it reads.
const PLAIN: &[&str] = &[
    "grep -rn env src",
    "grep sh a.txt",
    "rg sudo src",
    "cat env",
    "ls sh",
    "git log --oneline sudo",
    "git diff --stat",
    "git bisect good abc def",
    "myserver --bind 0.0.0.0 --plugin a",
    "git commit -m sh",
    "git cherry-pick -x abc",
    "cargo test --all",
    "npm test",
    "make test",
    "go test ./...",
    "tsc --watch src",
    "frobnicate --verbose src",
    "frobnicate time script",
    "gh pr list",
    "sort -u x",
    "tar -czf a.tgz b",
    "rsync -a b c",
    "date +%s",
    "sqlite-utils a",
    "ld -o a b.o",
    "g++ -o a b.cc",
    "gzip a",
];

fn words(text: &str) -> Vec<String> {
    text.split(' ')
        .map(|word| word.replace('_', " ").replace("x86 64", "x86_64").replace("use askpass", "use_askpass"))
        .collect()
}

fn rules() -> Rules {
    let rules = Rules::new();
    rules.write(
        "user/a.cedar",
        r#"
        permit (principal, action, resource is Command) when { resource.line like "*" };
        @why("Nobody removes.") forbid (principal, action, resource is Command) when { resource.program == "rm" };
        "#,
    );
    rules
}

#[test]
fn what_stands_behind_a_program_is_forbidden_as_by_itself() {
    let rules = rules();
    let policy = rules.open().unwrap();
    let (mut missed, mut hidden) = (Vec::new(), Vec::new());
    for text in SEEN {
        let verdict = rules.judge(&policy, "run_command", &json!({ "argv": words(text) }));
        if verdict.word != Word::Deny {
            missed.push(format!("{text}: {:?} {}", verdict.word, verdict.why));
        }
        if !shown(&words(text)).iter().any(|part| part.text == "rm x") {
            hidden.push(*text);
        }
    }
    println!("{} commands that run another: {} not seen through", SEEN.len(), missed.len());
    assert!(missed.is_empty(), "not denied:\n{}", missed.join("\n"));
    assert!(hidden.is_empty(), "not shown to a person:\n{}", hidden.join("\n"));
}

#[test]
fn what_cannot_be_seen_through_asks() {
    let rules = rules();
    let policy = rules.open().unwrap();
    let verdict = |text: &str| rules.judge(&policy, "run_command", &json!({ "argv": words(text) }));
    let through: Vec<&&str> = ASKED.iter().filter(|text| verdict(text).word != Word::Ask).collect();
    assert!(through.is_empty(), "let through: {through:#?}");
    let held: Vec<String> = PLAIN
        .iter()
        .filter_map(|text| {
            Some(verdict(text)).filter(|v| v.word != Word::Allow).map(|v| format!("{text}: {}", v.why))
        })
        .collect();
    assert!(held.is_empty(), "asked about without a reason:\n{}", held.join("\n"));
}

/// What is set before a command changes what runs: no rule about the program allows it.
#[test]
fn a_variable_before_a_command_asks() {
    let rules = rules();
    let policy = rules.open().unwrap();
    let names = [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "PATH",
        "BASH_ENV",
        "ENV",
        "IFS",
        "PYTHONSTARTUP",
        "PYTHONPATH",
        "NODE_OPTIONS",
        "PERL5OPT",
        "RUBYOPT",
        "GIT_SSH_COMMAND",
        "GIT_PAGER",
        "PAGER",
        "EDITOR",
        "VISUAL",
        "GIT_EXTERNAL_DIFF",
        "GIT_CONFIG_COUNT",
        "RUSTC_WRAPPER",
        "CARGO_HOME",
        "MAKEFLAGS",
        "DYLD_INSERT_LIBRARIES",
        "LESSOPEN",
        "anything",
    ];
    for name in names {
        for line in [
            format!("{name}=./evil git status"),
            format!("ls && {name}=./evil git status"),
            format!("A=b {name}+=./evil git status"),
            format!("export {name}=./evil; git status"),
            format!("env {name}=./evil git status"),
        ] {
            let verdict = rules.judge(&policy, "run_command", &json!({ "shell": line }));
            assert_eq!(verdict.word, Word::Ask, "{line}: {}", verdict.why);
        }
        let argv = ["env", &format!("{name}=./evil"), "git", "status"];
        assert_eq!(rules.judge(&policy, "run_command", &json!({ "argv": argv })).word, Word::Ask);
        let line = format!("{name}=./evil rm x");
        let verdict = rules.judge(&policy, "run_command", &json!({ "shell": line }));
        assert_eq!(verdict.word, Word::Deny, "{line}: {}", verdict.why);
    }
}
