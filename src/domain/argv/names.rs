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
    pry irb tox nox \
    vipw vigr vimtutor rvim rview gvim evim eview joe jed pico mcedit micro hx helix pg w3m lynx elinks irssi \
    apache2ctl agetty ansible ansible-playbook ansible-test bpftrace byebug cowsay cowthink crash cpan debugfs \
    dmsetup ftp ncftp lftp telnet tftp rlogin psftp smbclient gcore gtester gimp ghci jjs jrunscript jshell \
    knife ksshell latexmk loginctl mosquitto msfconsole minicom mpirun mpiexec srun sbatch qsub nroff troff groff \
    openvpn perlbug pdb bdb posh puppet chef-apply salt-call restic rpmdb rpmquery run-mailcap see edit compose \
    runscript sensible-browser service slsh invoke-rc.d init telinit sqlmap switch_root pivot_root tdbtool terraform \
    tmate tasksh task top htop atop update-alternatives vagrant varnishncsa virsh whiptail dialog xpad xmore \
    zathura visudo easy_install buildah skopeo crictl runc crun ctr lxc-execute lxc-attach jexec iocage \
    chkrootkit dbclient dropbear qemu flatpak-spawn flatpak toolbox distrobox host-spawn cygstart start \
    fcron anacron gitk tig lazygit git-shell git-upload-pack git-receive-pack launchctl open pkgutil dtruss \
    dtrace sudo-rs forever pm2 foreman honcho supervisord supervisorctl circusd runit sv \
    svscan s6-svscan s6-supervise runsv runsvdir envconsul consul-template incrond reflex modd air \
    expect-lite autoexpect unbuffer code-server";

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
    ("apt", "oc"),
    ("apt-get", "oc"),
    ("aptitude", "oc"),
    ("pandoc", "F"),
    ("cobc", "x"),
    ("pidstat", "e"),
    ("scrot", "e"),
    ("dstat", "M"),
];

/// Programs, and the words after which they run what follows: `find -exec`, `deno eval`, `git bisect run`.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("find", "-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls"),
    ("deno", "eval repl run"),
    (
        "git",
        "run foreach filter-branch config daemon send-email difftool mergetool help instaweb web--browse hook \
         for-each-repo remote-ext remote-fd shell upload-pack receive-pack upload-archive credential maintenance gui citool \
         --template --smtp-server --sendmail-cmd",
    ),
    ("npm", "exec x explore init create edit"),
    ("pnpm", "exec dlx create"),
    ("yarn", "exec dlx create node"),
    ("bun", "x exec create"),
    ("cargo", "install"),
    ("pip", "install download wheel"),
    ("go", "-exec -toolexec -vettool tool run generate install"),
    ("java", "-agentlib -agentpath -javaagent"),
    ("latex", "-shell-escape --shell-escape"),
    ("pdflatex", "-shell-escape --shell-escape"),
    ("xelatex", "-shell-escape --shell-escape"),
    ("lualatex", "-shell-escape --shell-escape"),
    ("openssl", "engine"),
    ("gh", "alias extension"),
    ("composer", "exec run-script run"),
    ("cabal", "exec run"),
    ("stack", "exec run runghc ghci"),
    ("dotnet", "fsi exec run script"),
    ("luarocks", "exec"),
    ("cpanm", "--look"),
    ("rpm", "-E --eval --pipe --define"),
    ("dpkg", "--pre-invoke --post-invoke --status-logger"),
    (
        "aria2c",
        "--on-download-complete --on-download-start --on-download-error --on-download-stop --on-bt-download-complete",
    ),
    ("certbot", "--pre-hook --post-hook --deploy-hook --renew-hook --manual-auth-hook --manual-cleanup-hook"),
    ("pandoc", "--lua-filter"),
    ("dstat", "--plugin"),
    ("facter", "--custom-dir"),
    ("fzf", "--bind --preview --become"),
    ("gcc", "-fplugin"),
    ("g++", "-fplugin"),
    ("clang", "-fplugin"),
    ("ld", "-plugin --plugin"),
    ("pytest", "-p --plugin"),
    ("csvtool", "call"),
    ("xdotool", "exec"),
    ("sqlite3", ".shell .system .load"),
    ("erl", "-eval -run -s"),
    ("gcc", "-wrapper"),
    ("g++", "-wrapper"),
    ("cc", "-wrapper"),
    ("uv", "run tool"),
    ("poetry", "run shell"),
    ("pipenv", "run shell"),
    ("conda", "run"),
    ("bundle", "exec open"),
    ("mix", "run eval"),
    ("rustup", "run"),
    ("cmake", "-E -P"),
    ("jj", "util run"),
    ("hg", "alias"),
    ("ip", "exec"),
];

/// Programs whose arguments are files, texts and words of their own: none of them is a command because it looks like one.
/// What a program may do by an option stands above.
pub(super) const PLAIN: &str = "\
    ls dir cat tac head tail nl wc grep egrep fgrep rg ag ack echo printf sort uniq cut paste tr join comm diff cmp sdiff \
    diff3 cp mv rm mkdir rmdir touch ln chmod chown chgrp stat file du df pwd which whereis type hash test [ true false \
    date id whoami groups uname hostname basename dirname realpath readlink tree jq yq tee dd git hg svn jj gh cargo \
    rustc rustup rustfmt npm yarn pnpm pip pytest mypy ruff black go gofmt make gmake cmake ninja meson apt apt-get \
    apt-cache apt-mark aptitude dpkg dpkg-query brew dnf yum zypper rpm pacman apk snap port kill pkill pgrep killall ps \
    free lsof info whatis apropos tar zip unzip gzip gunzip zcat bzip2 xz zstd md5sum sha1sum sha256sum sha512sum cksum b2sum \
    base64 base32 od hexdump xxd strings nm objdump readelf ldd size install mktemp seq yes expr bc fold fmt column expand \
    tsc eslint prettier jest vitest curl wget ping dig host nslookup traceroute ss netstat man less more find fd fdfind";

/// Names by which an argument of a program that nothing is known of tells a command.
pub(super) const CALLED: &str = "\
    sh bash dash ash zsh ksh mksh fish csh tcsh env sudo doas su nohup setsid xargs busybox toybox nice ionice stdbuf \
    timeout python perl ruby node php lua awk gawk mawk";

/// Tools of GNU that other systems name with a `g` in front.
pub(super) const GNU: &str = "\
    env nice nohup stdbuf timeout chroot xargs find sort split install tee dd time tar sed awk make egrep grep ls cat cp mv \
    rm ln chmod chown touch head tail";
