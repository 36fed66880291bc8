//! Programs that run another one which their arguments name, and where in them it stands: one table, as data.
//!
//! Lists of words with blanks between them. Every program here runs something else by its very work or by the option that
//! is named: no rule lets such a call through by the program's name.

/// What is left once a program has taken its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The command, word by word.
    Words,
    /// The same, with `NAME=value` before it.
    Assigned,
    /// A line for a shell, its words joined by blanks.
    Line,
    /// Lines for a shell, each word by itself.
    Lines,
    /// The command after `--`, and nothing where there is none.
    Dashes,
}

/// Names; the letters of options with a value; long options with a value in the next word; how many words of their own come
/// first; what then follows.
pub(super) type Front = (&'static str, &'static str, &'static str, usize, Then);

/// Programs whose work is to run what follows their own words.
pub(super) const FRONTS: &[Front] = &[
    ("env", "uCPaS", "unset chdir argv0 split-string", 0, Then::Assigned),
    (
        "sudo sudoedit",
        "ugChpTrtDRUa",
        "user group host prompt chdir chroot close-from role type other-user command-timeout",
        0,
        Then::Assigned,
    ),
    ("doas please", "uCa", "user", 0, Then::Words),
    ("pkexec", "", "user", 0, Then::Words),
    ("run0", "uD", "user group nice chdir setenv property slice unit description machine", 0, Then::Words),
    ("runuser", "ugGscw", "user group supp-group shell command whitelist-environment", 0, Then::Words),
    ("nice", "n", "adjustment", 0, Then::Words),
    ("ionice", "cnpPu", "class classdata pid pgid uid", 0, Then::Words),
    ("chrt", "TPDp", "sched-runtime sched-period sched-deadline pid", 1, Then::Words),
    ("taskset", "p", "pid", 1, Then::Words),
    (
        "nohup setsid exec command builtin eval coproc unbuffer catatonit chronic ifne eatmydata fakeroot fakechroot \
         torsocks torify ccache sccache distcc noglob nocorrect multitime busybox toybox sash \
         busybox.static busybox-static linux32 linux64 i386 i486 i586 i686 x86_64 uname26 cgexec \
         msgfilter grc genie pexec ksu nq tsp aoss padsp",
        "gl",
        "",
        0,
        Then::Words,
    ),
    ("dumb-init tini", "per", "rewrite", 0, Then::Words),
    ("stdbuf", "ioe", "input output error", 0, Then::Words),
    ("timeout", "ks", "kill-after signal", 1, Then::Words),
    ("time", "fo", "format output", 0, Then::Words),
    (
        "xargs",
        "InPdaELsJRS",
        "max-args max-procs arg-file delimiter max-chars process-slot-var",
        0,
        Then::Words,
    ),
    (
        "parallel sem",
        "jJIPaNnLS",
        "jobs joblog arg-file sshlogin workdir delay timeout results",
        0,
        Then::Line,
    ),
    ("setarch runcon faketime logsave setlock", "", "", 1, Then::Words),
    ("chroot", "", "userspec groups", 1, Then::Words),
    ("flock", "wEc", "timeout wait conflict-exit-code command", 1, Then::Words),
    ("gosu su-exec setuidgid s6-setuidgid s6-softlimit s6-envdir envdir envuidgid", "", "", 1, Then::Words),
    ("softlimit", "adfclmoprst", "", 0, Then::Words),
    ("chpst", "uUbenmdofrctp/", "", 0, Then::Words),
    ("watch", "nq", "interval equexit", 0, Then::Line),
    (
        "strace ltrace",
        "aeopsuIbEPOSXnlxFAw",
        "trace output attach user env string-limit columns signal status abbrev verbose interruptible",
        0,
        Then::Words,
    ),
    ("perf", "eoFcCptGI", "event output freq count cpu pid tid cgroup delay", 1, Then::Words),
    ("rr", "", "", 1, Then::Words),
    ("valgrind catchsegv checkexec kcov heaptrack callgrind", "", "", 0, Then::Words),
    ("hyperfine", "wmMrSLnsNpc", "warmup runs min-runs max-runs shell prepare cleanup setup", 0, Then::Lines),
    ("mispipe", "", "", 0, Then::Lines),
    ("entr", "", "", 0, Then::Words),
    ("watchexec nodemon", "wefsdio", "watch exts filter signal ignore delay ext exec", 0, Then::Words),
    (
        "unshare",
        "RSGw",
        "root wd setuid setgid map-user map-group map-users map-groups propagation setgroups monotonic boottime",
        0,
        Then::Words,
    ),
    ("nsenter", "tSGWN", "target setuid setgid wdns net-socket", 0, Then::Words),
    (
        "setpriv",
        "",
        "reuid regid ruid euid rgid egid groups inh-caps ambient-caps bounding-set securebits selinux-label \
         apparmor-profile pdeathsig ptracer landlock-access landlock-rule seccomp-filter",
        0,
        Then::Words,
    ),
    ("prlimit", "p", "pid", 0, Then::Words),
    ("cpulimit", "lpem", "limit pid exe", 0, Then::Words),
    ("choom uclampset", "npmM", "adjust pid", 0, Then::Words),
    ("coresched", "stp", "source dest dest-type", 1, Then::Words),
    ("pipesz", "sfnq", "set get file fd", 0, Then::Words),
    ("openvt", "c", "console", 0, Then::Words),
    ("daemonize", "acelopuE", "", 0, Then::Words),
    ("daemon", "cefloPumn", "name user pidfile", 0, Then::Words),
    ("start-stop-daemon", "", "", 0, Then::Dashes),
    (
        "systemd-run systemd-inhibit",
        "puHME",
        "unit property slice uid gid nice working-directory setenv description on-active on-boot on-calendar on-startup \
         on-unit-active on-unit-inactive timer-property path-property socket-property service-type machine host what who \
         why mode identifier priority",
        0,
        Then::Words,
    ),
    ("systemd-cat", "tp", "identifier priority level-prefix", 0, Then::Words),
    ("systemd-nspawn", "DMuiE", "directory machine user image setenv bind bind-ro", 0, Then::Words),
    (
        "docker podman nerdctl",
        "evpuwhlmac",
        "env env-file volume publish user workdir hostname label memory cpus name network entrypoint mount platform cap-add \
         cap-drop device add-host restart pull runtime security-opt tmpfs ulimit gpus ipc pid userns log-driver log-opt",
        2,
        Then::Words,
    ),
    (
        "kubectl oc k3s microk8s crictl lxc incus bwrap firejail proot lldb devcontainer",
        "",
        "",
        0,
        Then::Dashes,
    ),
    ("aws-vault doppler op chamber dotenv teller envchain infisical sops vault", "", "", 0, Then::Dashes),
    ("npx bunx pnpx uvx", "pc", "package call from with python", 0, Then::Words),
    ("ssh rsh slogin autossh mosh dbclient", "BbcDEeFIiJLlmMOoPpQRSWw", "port ssh", 1, Then::Line),
    ("sshpass", "fpPe", "", 0, Then::Words),
    ("ssh-agent", "aEtOP", "", 0, Then::Words),
    ("xvfb-run", "nfpsew", "auth-file server-num server-args error-file xauth-protocol wait", 0, Then::Words),
    ("dbus-run-session dbus-launch", "", "config-file dbus-daemon", 0, Then::Words),
    ("caffeinate", "tw", "", 0, Then::Words),
    ("sandbox-exec", "pfnD", "", 0, Then::Words),
    ("arch", "ed", "", 0, Then::Words),
    ("aa-exec", "pn", "profile namespace", 0, Then::Words),
    ("trickle", "udswltLp", "", 0, Then::Words),
    ("retry", "dtm", "delay times", 0, Then::Words),
    ("rlwrap", "abcCDfgHlmMoOpPqsStwz", "", 0, Then::Words),
    ("proxychains proxychains4", "f", "", 0, Then::Words),
    ("script", "cEIOBTmot", "command echo log-in log-out log-io log-timing output-limit", 1, Then::Words),
    ("screen", "ceghLpSstTxX", "", 0, Then::Words),
    ("dtach abduco", "eEr", "", 1, Then::Words),
    ("tmux", "fLSTsntxyFce", "", 1, Then::Lines),
    ("wine mono", "", "", 0, Then::Words),
];

/// Programs, and the words after which a command stands, with the letters of its options and how many words come first.
pub(super) const MARKS: &[(&str, &str, &str, usize)] = &[
    ("gdb", "--args -args", "", 0),
    ("uv poetry pipenv pdm rye hatch pixi pipx conda mamba micromamba", "run", "np", 0),
    ("npm pnpm yarn bun", "exec x dlx", "pc", 0),
    (
        "bundle bundler pyenv rbenv nodenv goenv jenv cabal stack composer mise asdf dune opam luarocks",
        "exec",
        "",
        0,
    ),
    ("direnv nvm ip rustup", "exec run", "", 1),
    ("xdotool", "exec", "", 0),
    ("csvtool", "call", "", 0),
    ("machinectl", "shell", "", 1),
    (
        "xterm uxterm rxvt urxvt konsole alacritty kitty st foot xfce4-terminal lxterminal terminator mate-terminal \
         x-terminal-emulator gnome-terminal wezterm tilix sakura",
        "-e -x --command -- --execute start",
        "",
        0,
    ),
];

/// Programs, and their options whose value is a line for a shell: letters, long names.
pub(super) const CARRIERS: &[(&str, &str, &str)] = &[
    ("su runuser sg newgrp flock script capsh npx scl", "c", "command session-command call"),
    ("env", "S", "split-string"),
    (
        "tar bsdtar gtar star",
        "IF",
        "to-command use-compress-program info-script new-volume-script rmt-command rsh-command checkpoint-action",
    ),
    ("cpio", "", "rsh-command"),
    ("rsync", "e", "rsh rsync-path"),
    ("scp sftp", "S", ""),
    ("ssh scp sftp sshfs autossh", "o", ""),
    ("zip", "", "unzip-command"),
    ("man apropos", "P", "pager preprocessor"),
    ("bat delta aws gh psql", "", "pager"),
    ("rg ripgrep", "", "pre hostname-bin"),
    ("sort", "", "compress-program"),
    ("split", "", "filter"),
    (
        "git",
        "xcO",
        "exec upload-pack receive-pack open-files-in-pager extcmd config interactive-rebase-exec sendmail-cmd",
    ),
    ("vi vim nvim view rvim gvim ex vimdiff", "c", "cmd"),
    ("hyperfine", "pcs", "prepare cleanup setup conclude"),
    ("wget", "", "use-askpass"),
    ("tcpdump", "z", ""),
    ("start-stop-daemon", "xa", "exec startas"),
    ("sqlite3", "", "cmd"),
    ("gdb lldb", "o", "ex eval-command one-line"),
    (
        "aria2c",
        "",
        "on-download-complete on-download-start on-download-error on-download-stop on-bt-download-complete",
    ),
    ("openvpn", "", "up down route-up ipchange tls-verify auth-user-pass-verify client-connect"),
    ("certbot", "", "pre-hook post-hook deploy-hook renew-hook manual-auth-hook manual-cleanup-hook"),
    ("restic", "", "password-command"),
    ("borg", "", "rsh"),
    ("fzf sk", "", "preview"),
    ("pidstat scrot bpftrace", "ec", "command"),
    ("mail mailx", "", "exec"),
    ("logsave watchexec nodemon", "x", "exec"),
    ("rpm", "", "pipe eval"),
    ("strip objcopy install", "", "strip-program"),
    ("cargo-watch", "xs", "exec shell"),
    ("ab nc ncat netcat", "ec", "exec sh-exec"),
    ("make gmake bmake", "", "eval"),
    ("pandoc", "F", "filter"),
    ("smbclient lftp ncftp ftp", "ce", "command"),
];
