//! Names by which a program runs another, or takes code: what a rule about its name cannot speak for.
//!
//! Lists of words with blanks between them. Programs are in lower case; one that is missing here is trusted by its name, so
//! a list is long rather than exact.

/// Shells: what follows `-c` is a line of theirs.
pub(super) const SHELLS: &str = "\
    sh bash dash ash zsh ksh mksh pdksh fish csh tcsh rbash yash elvish nu xonsh pwsh powershell cmd rc es";

/// Programs whose work is to run another one, or code that is given to them.
pub(super) const RUNNERS: &str = "\
    env sudo sudoedit doas su runuser pkexec run0 xargs parallel nice ionice chrt taskset numactl timeout nohup \
    setsid stdbuf unbuffer time watch entr watchexec flock script scriptreplay expect ssh mosh rsh scp sftp autossh \
    sshpass chroot unshare nsenter bwrap firejail proot fakeroot fakechroot setarch linux32 linux64 setpriv capsh \
    chpst prlimit cpulimit start-stop-daemon daemonize systemd-run systemctl at batch crontab busybox toybox strace \
    ltrace gdb lldb rr perf valgrind hyperfine docker podman nerdctl kubectl lxc tmux screen dtach abduco rlwrap \
    socat nc ncat netcat npx bunx pnpx uvx pipx nix nix-shell guix direnv dotenv exec eval command builtin source . \
    coproc trap awk gawk mawk nawk sed gsed ed red ex vi vim view nvim vimdiff emacs emacsclient nano less more most \
    man m4 dc tclsh wish gnuplot dbus-run-session dbus-launch ld.so osascript wine catchsegv checkexec faketime \
    torsocks proxychains cron run-parts logrotate tcpdump pager sensible-editor sensible-pager xdg-open open sqlite3 \
    psql mysql mariadb gosu su-exec dumb-init tini catatonit sg newgrp login setuidgid softlimit trickle eatmydata \
    chronic ifne mispipe pipexec ccache sccache distcc nq tsp retry cgexec aa-exec runcon sandbox-exec caffeinate \
    arch xvfb-run scl mise asdf rbenv pyenv nvm volta machinectl s6-setuidgid mutt mail ipython jupyter coverage gem \
    pry irb tox nox";

/// Programs that run the code in a file, or what comes in where none is named.
pub(super) const INTERPRETERS: &str = "\
    python pypy perl ruby node nodejs bun deno php lua luajit rscript r julia guile racket tclsh wish expect groovy \
    scala elixir escript ocaml swift ts-node tsx osascript uv";

/// Long options that carry a command or code; most programs take a beginning of one for it.
pub(super) const LONG: &str = "\
    exec exec-batch exec-path eval command cmd rsh rsh-command to-command use-compress-program checkpoint-action \
    info-script new-volume-script compress-program unzip-command upload-pack receive-pack config-env config \
    open-files-in-pager ext-diff extcmd textconv pager pre hostname-bin toolexec filter init-file rcfile print \
    require import loader run-code interactive-rebase-exec strip-program rsync-path editor preprocessor postprocess \
    script-shell node-options rmt-command execute git-dir work-tree experimental-loader sequence-editor askpass \
    use-askpass proxy-command split-exec shell";

/// Programs, and the letters of their short options that bring code, a command, a module or another configuration.
pub(super) const LETTERS: &[(&str, &str)] = &[
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
    ("rscript", "e"),
    ("r", "e"),
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

/// Programs, and the words after which they run what follows: `find -exec`, `deno eval`, `git bisect run`.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("find", "-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls"),
    ("deno", "eval repl run"),
    ("git", "run foreach filter-branch config daemon send-email difftool mergetool help"),
    ("npm", "exec x explore"),
    ("pnpm", "exec dlx"),
    ("yarn", "exec dlx"),
    ("bun", "x exec"),
    ("go", "-exec -toolexec -vettool tool"),
    ("erl", "-eval -run -s"),
    ("gcc", "-wrapper"),
    ("g++", "-wrapper"),
    ("cc", "-wrapper"),
    ("uv", "run tool"),
    ("poetry", "run shell"),
    ("pipenv", "run shell"),
    ("conda", "run"),
    ("bundle", "exec"),
    ("mix", "run eval"),
    ("rustup", "run"),
    ("cmake", "-E -P"),
    ("jj", "util run"),
    ("hg", "alias"),
    ("ip", "exec"),
];
