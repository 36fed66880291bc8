//! What the arguments of a command say of themselves: which program, whether a shell reads them, whether they make the
//! program run another.
//!
//! A rule that names a program must not let through another one that hides behind it. So a program that runs what its
//! arguments name, and an argument that is code, are told here; where it is not sure it says yes, which asks.

/// Shells: what follows `-c` is a line of theirs.
const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "ash",
    "zsh",
    "ksh",
    "mksh",
    "pdksh",
    "fish",
    "csh",
    "tcsh",
    "rbash",
    "yash",
    "elvish",
    "nu",
    "xonsh",
    "pwsh",
    "powershell",
    "cmd",
    "rc",
    "es",
];

/// Programs whose work is to run another one, or code that is given to them.
const RUNNERS: &[&str] = &[
    "env",
    "sudo",
    "sudoedit",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "run0",
    "xargs",
    "parallel",
    "nice",
    "ionice",
    "chrt",
    "taskset",
    "numactl",
    "timeout",
    "nohup",
    "setsid",
    "stdbuf",
    "unbuffer",
    "time",
    "watch",
    "entr",
    "watchexec",
    "flock",
    "script",
    "scriptreplay",
    "expect",
    "ssh",
    "mosh",
    "rsh",
    "scp",
    "sftp",
    "autossh",
    "sshpass",
    "chroot",
    "unshare",
    "nsenter",
    "bwrap",
    "firejail",
    "proot",
    "fakeroot",
    "fakechroot",
    "setarch",
    "linux32",
    "linux64",
    "setpriv",
    "capsh",
    "chpst",
    "prlimit",
    "cpulimit",
    "start-stop-daemon",
    "daemonize",
    "systemd-run",
    "systemctl",
    "at",
    "batch",
    "crontab",
    "busybox",
    "toybox",
    "strace",
    "ltrace",
    "gdb",
    "lldb",
    "rr",
    "perf",
    "valgrind",
    "hyperfine",
    "docker",
    "podman",
    "nerdctl",
    "kubectl",
    "lxc",
    "tmux",
    "screen",
    "dtach",
    "abduco",
    "rlwrap",
    "socat",
    "nc",
    "ncat",
    "netcat",
    "npx",
    "bunx",
    "pnpx",
    "uvx",
    "pipx",
    "nix",
    "nix-shell",
    "guix",
    "direnv",
    "dotenv",
    "exec",
    "eval",
    "command",
    "builtin",
    "source",
    ".",
    "coproc",
    "trap",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "gsed",
    "ed",
    "red",
    "ex",
    "vi",
    "vim",
    "view",
    "nvim",
    "vimdiff",
    "emacs",
    "emacsclient",
    "nano",
    "less",
    "more",
    "most",
    "man",
    "m4",
    "dc",
    "tclsh",
    "wish",
    "gnuplot",
    "dbus-run-session",
    "dbus-launch",
    "ld.so",
    "osascript",
    "wine",
    "catchsegv",
    "checkexec",
    "faketime",
    "torsocks",
    "proxychains",
    "cron",
    "run-parts",
    "logrotate",
    "tcpdump",
    "pager",
    "sensible-editor",
    "sensible-pager",
    "xdg-open",
    "open",
    "sqlite3",
    "psql",
    "mysql",
    "mariadb",
    "gosu",
    "su-exec",
    "dumb-init",
    "tini",
    "catatonit",
    "sg",
    "newgrp",
    "login",
    "setuidgid",
    "softlimit",
    "trickle",
    "eatmydata",
    "chronic",
    "ifne",
    "mispipe",
    "pipexec",
    "ccache",
    "sccache",
    "distcc",
    "nq",
    "tsp",
    "retry",
    "cgexec",
    "aa-exec",
    "runcon",
    "sandbox-exec",
    "caffeinate",
    "arch",
    "xvfb-run",
    "scl",
    "mise",
    "asdf",
    "rbenv",
    "pyenv",
    "nvm",
    "volta",
    "machinectl",
    "s6-setuidgid",
    "mutt",
    "mail",
    "ipython",
    "jupyter",
    "coverage",
    "gem",
    "pry",
    "irb",
    "tox",
    "nox",
];

/// Interpreters, and the letters of short options after which comes code, a module or a module's name.
const INTERPRETERS: &[(&str, &str)] = &[
    ("python", "cm"),
    ("pypy", "cm"),
    ("perl", "eEMmID"),
    ("ruby", "erI"),
    ("node", "eprC"),
    ("nodejs", "eprC"),
    ("bun", "epr"),
    ("deno", "A"),
    ("php", "rBREFdz"),
    ("lua", "el"),
    ("luajit", "elj"),
    ("Rscript", "e"),
    ("R", "e"),
    ("julia", "eEL"),
    ("guile", "cl"),
    ("racket", "e"),
    ("ghc", "e"),
    ("erl", "s"),
    ("elixir", "er"),
    ("octave", "x"),
    ("ocaml", "e"),
    ("swift", "e"),
    ("groovy", "e"),
    ("scala", "e"),
    ("clojure", "eM"),
    ("jshell", "R"),
    ("sqlite3", "c"),
    ("psql", "cfv"),
    ("mysql", "e"),
    ("git", "cCuO"),
    ("hg", "R"),
    ("tar", "IF"),
    ("bsdtar", "IF"),
    ("rsync", "e"),
    ("fd", "xX"),
    ("fdfind", "xX"),
    ("zip", "T"),
    ("make", "Ef"),
    ("gmake", "Ef"),
    ("curl", "K"),
    ("wget", "e"),
];

/// Words after which a program runs what follows, whichever program it is: `find -exec`, `deno eval`, `git bisect run`.
const WORDS: &[(&str, &[&str])] = &[
    ("find", &["-exec", "-execdir", "-ok", "-okdir"]),
    ("deno", &["eval", "repl", "run"]),
    (
        "git",
        &[
            "run",
            "foreach",
            "filter-branch",
            "config",
            "daemon",
            "send-email",
            "difftool",
            "mergetool",
            "help",
        ],
    ),
    ("npm", &["exec", "x", "explore"]),
    ("pnpm", &["exec", "dlx"]),
    ("yarn", &["exec", "dlx"]),
    ("bun", &["x", "exec"]),
    ("go", &["-exec", "-toolexec", "-vettool", "tool"]),
    ("erl", &["-eval", "-run", "-s"]),
    ("gcc", &["-wrapper"]),
    ("g++", &["-wrapper"]),
    ("cc", &["-wrapper"]),
    ("uv", &["run", "tool"]),
    ("poetry", &["run", "shell"]),
    ("pipenv", &["run", "shell"]),
    ("conda", &["run"]),
    ("bundle", &["exec"]),
    ("mix", &["run", "eval"]),
    ("rustup", &["run"]),
    ("cmake", &["-E", "-P"]),
    ("jj", &["util", "run"]),
    ("hg", &["alias"]),
    ("ip", &["exec"]),
];

/// Long options that carry a command or code; most programs take a beginning of one for it.
const LONG: &[&str] = &[
    "exec",
    "exec-batch",
    "exec-path",
    "eval",
    "command",
    "cmd",
    "rsh",
    "rsh-command",
    "to-command",
    "use-compress-program",
    "checkpoint-action",
    "info-script",
    "new-volume-script",
    "compress-program",
    "unzip-command",
    "upload-pack",
    "receive-pack",
    "config-env",
    "config",
    "open-files-in-pager",
    "ext-diff",
    "extcmd",
    "textconv",
    "pager",
    "pre",
    "hostname-bin",
    "toolexec",
    "filter",
    "init-file",
    "rcfile",
    "print",
    "require",
    "import",
    "loader",
    "run",
    "run-code",
    "interactive-rebase-exec",
    "strip-program",
    "rsync-path",
    "browser",
    "editor",
    "preprocessor",
    "html",
    "postprocess",
    "script-shell",
    "node-options",
    "rmt-command",
    "execute",
    "git-dir",
    "work-tree",
    "experimental-loader",
    "sequence-editor",
    "askpass",
    "use-askpass",
    "proxy-command",
    "split-exec",
    "shell",
];

/// What the arguments of a command say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argv<'a> {
    words: &'a [String],
}

impl<'a> Argv<'a> {
    /// The program first.
    pub fn new(words: &'a [String]) -> Argv<'a> {
        Argv { words }
    }

    /// The program as it is named.
    pub fn program(&self) -> &'a str {
        self.words.first().map_or("", String::as_str)
    }

    /// The first argument.
    pub fn first(&self) -> &'a str {
        self.words.get(1).map_or("", String::as_str)
    }

    /// The arguments.
    pub fn args(&self) -> &'a [String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether a shell reads a line of it.
    pub fn via_shell(&self) -> bool {
        is_one(SHELLS, self.program()) && self.args().iter().any(|arg| is_cluster(arg, "c") || arg == "/c")
    }

    /// Why it may run something else than the program that it names; none where nothing says so.
    pub fn wraps(&self) -> Option<String> {
        let program = self.program();
        if program.is_empty() {
            return Some("it names no program".to_string());
        }
        if self.words.iter().any(|word| word.contains(['\n', '\r', '\0'])) {
            return Some("there is a line break in it".to_string());
        }
        if is_one(SHELLS, program) || is_one(RUNNERS, program) || base(program).starts_with("ld-") {
            return Some(format!("{} runs what its arguments say", base(program)));
        }
        // `ip netns exec`, `asdf exec`, `tar xIf`: a verb, or options without a dash.
        let verb = ["exec", "eval", "shell"].contains(&self.first())
            || is_one(&["tar", "bsdtar"], program) && self.first().contains(['I', 'F']);
        let verb = self.words.get(1).filter(|_| verb);
        let found = verb.or_else(|| self.args().iter().find(|arg| carries(program, arg)));
        found.map(|arg| format!("{arg:?} may make {} run something else", base(program)))
    }

    /// All of it as one line in which each word can be told from the next: a word with anything but plain letters is
    /// quoted. So `git push *` means the words `git`, `push` and whatever follows, and nothing else.
    pub fn line(&self) -> String {
        self.words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// Whether an argument makes the program run something else.
fn carries(program: &str, arg: &str) -> bool {
    if let Some(long) = arg.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or_default().to_ascii_lowercase();
        return !name.is_empty() && LONG.iter().any(|option| option.starts_with(&name));
    }
    if is_make(program) && arg.contains('=') {
        return true; // a variable, such as SHELL
    }
    if arg.contains("ext::") || arg.starts_with('|') || arg.trim_end().ends_with('|') {
        return true; // an address that is a command
    }
    let is_word =
        |word: &str| arg == word || arg.strip_prefix(word).is_some_and(|rest| rest.starts_with('='));
    if ["-exec", "-execdir", "-okdir", "-toolexec"].into_iter().any(is_word) {
        return true;
    }
    let words = WORDS.iter().filter(|(name, _)| is(program, name));
    let letters = INTERPRETERS.iter().filter(|(name, _)| is(program, name));
    words.flat_map(|(_, words)| *words).any(|word| is_word(word))
        || letters.map(|(_, letters)| letters).any(|letters| is_cluster(arg, letters))
}

fn is_make(program: &str) -> bool {
    ["make", "gmake", "bmake", "ninja", "just"].iter().any(|name| is(program, name))
}

/// The name of a program without its folder.
fn base(program: &str) -> &str {
    program.rsplit(['/', '\\']).next().unwrap_or(program)
}

/// Whether a program has that name, whatever its folder, its version (`python3.12`) or the case of its letters.
fn is(program: &str, name: &str) -> bool {
    let lower = base(program).to_ascii_lowercase();
    let bare = lower.strip_suffix(".exe").unwrap_or(&lower);
    let name = name.to_ascii_lowercase();
    bare == name
        || bare
            .strip_prefix(&name)
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-')))
}

fn is_one(names: &[&str], program: &str) -> bool {
    names.iter().any(|name| is(program, name))
}

/// Whether an argument is short options with one of these letters among them.
fn is_cluster(arg: &str, letters: &str) -> bool {
    let Some(rest) = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else { return false };
    rest.chars().take_while(|c| c.is_ascii_alphanumeric()).any(|c| letters.contains(c))
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
