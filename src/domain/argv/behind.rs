//! The program that stands behind another, as far as that can be told: for showing it, and for rules that forbid it.
//!
//! A slip here lets nothing through: a program that runs another is never allowed by its name.

use super::Name;

/// Programs that run what follows their own options: names, the letters of options with a value, how many words of their own
/// come first, and whether `NAME=value` may.
const FRONTS: &[(&str, &str, usize, bool)] = &[
    ("env", "uC", 0, true),
    ("sudo", "ugChpTrtDRU", 0, true),
    ("doas", "uC", 0, false),
    ("nice", "n", 0, false),
    ("ionice", "cnp", 0, false),
    (
        "nohup setsid exec command builtin eval busybox toybox unbuffer dumb-init catatonit chronic ifne eatmydata",
        "",
        0,
        false,
    ),
    ("stdbuf", "ioe", 0, false),
    ("timeout", "ks", 1, false),
    ("time", "fo", 0, false),
    ("xargs", "IinPdaELs", 0, false),
    ("chrt taskset setarch linux32 linux64 chroot flock gosu su-exec softlimit setuidgid", "", 1, false),
    ("watch", "n", 0, false),
    ("strace ltrace", "eopsuaISXE", 0, false),
    ("unshare nsenter fakeroot rlwrap torsocks proxychains dbus-run-session caffeinate", "", 0, false),
    ("ccache sccache distcc hyperfine parallel entr watchexec", "", 0, false),
];

/// The commands behind a program with these arguments.
pub(super) fn behind(name: &Name, args: &[String]) -> Vec<Vec<String>> {
    if name.is("find") || name.is("fd") || name.is("fdfind") {
        return executed(args);
    }
    let front = FRONTS.iter().find(|(names, ..)| name.is_one(names));
    let Some((_, letters, own, assigns)) = front else { return Vec::new() };
    let rest = after_options(args, letters, *own, *assigns);
    if rest.is_empty() { Vec::new() } else { vec![rest.to_vec()] }
}

/// What is left once a program has taken its own words.
fn after_options<'a>(args: &'a [String], letters: &str, own: usize, assigns: bool) -> &'a [String] {
    let (mut at, mut own) = (0, own);
    while let Some(arg) = args.get(at) {
        let short = arg.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with('-'));
        if arg == "--" {
            return args.get(at + 1 + own..).unwrap_or_default();
        } else if let Some(short) = short {
            // A value is the rest of the word, or the next one.
            at += usize::from(
                short.chars().position(|c| letters.contains(c)) == Some(short.chars().count() - 1),
            );
        } else if arg.starts_with("--") || assigns && arg.contains('=') {
            // Its own.
        } else if own > 0 {
            own -= 1;
        } else {
            break;
        }
        at += 1;
    }
    args.get(at..).unwrap_or_default()
}

/// `-exec … ;` and the like.
fn executed(args: &[String]) -> Vec<Vec<String>> {
    let starts = ["-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"];
    let mut found = Vec::new();
    let mut rest = args;
    while let Some(at) = rest.iter().position(|arg| starts.contains(&arg.as_str())) {
        let (_, after) = rest.split_at(at + 1);
        let end = after.iter().position(|arg| arg == ";" || arg == "+").unwrap_or(after.len());
        let (command, after) = after.split_at(end);
        if !command.is_empty() {
            found.push(command.to_vec());
        }
        rest = after;
    }
    found
}
