//! The program that stands behind another, as far as that can be told: for showing it, and for rules that forbid it.
//!
//! A slip here lets nothing through: a program that runs another is never allowed by its name.

use super::Name;
use super::fronts::{CARRIERS, FRONTS, MARKS, Then};
use super::names::{CALLED, INTERPRETERS, PLAIN, RUNNERS, SHELLS};

/// Words in front of a line in code: what stands in the quotes after them is one for a shell.
const CODE: &[&str] =
    &["system(", "popen(", "exec(", "execSync(", "shell_exec(", "passthru(", "spawn(", "run("];
/// What stands before a line in commands of editors, debuggers and databases.
const ESCAPES: &[&str] = &[".shell ", ".system ", "\\! ", "\\!", ":!", "+!", "!", "shell ", "sh "];

/// The commands behind a program with these arguments.
pub(super) fn behind(name: &Name, args: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    if name.is_one("find fd fdfind bfs") {
        found.extend(executed(args));
    }
    if let Some((_, letters, long, own, then)) = FRONTS.iter().find(|(names, ..)| name.is_one(names)) {
        let assigns = *then == Then::Assigned;
        found.extend(followed(after_options(args, letters, long, *own, assigns), args, *then));
    } else if name.whole.starts_with("ld-") || name.is("ld.so") || name.whole.starts_with("qemu-") {
        let long = "library-path preload argv0 audit inhibit-rpath glibc-hwcaps-prepend glibc-hwcaps-mask";
        found.push(after_options(args, "LEgrBsU", long, 0, false).to_vec());
    }
    for (_, marks, letters, own) in MARKS.iter().filter(|(names, ..)| name.is_one(names)) {
        let is_mark = |arg: &String| marks.split(' ').any(|mark| mark == arg);
        if let Some(at) = args.iter().position(is_mark) {
            let rest = args.get(at + 1..).unwrap_or_default();
            found.push(after_options(rest, letters, "", *own, false).to_vec());
        }
    }
    if name.is("git")
        && let Some(at) = args.iter().position(|arg| arg == "foreach")
    {
        let rest = after_options(args.get(at + 1..).unwrap_or_default(), "", "", 0, false);
        found.push(line(&rest.join(" ")));
    }
    if name.is("git")
        && let Some(at) = args.windows(2).position(|pair| pair == ["bisect", "run"])
    {
        found.push(args.get(at + 2..).unwrap_or_default().to_vec());
    }
    for (_, letters, long) in CARRIERS.iter().filter(|(names, ..)| name.is_one(names)) {
        found.extend(carried(name, args, letters, long).iter().map(|text| line(bare_line(text))));
    }
    if name.is_one(RUNNERS) || name.is_one(INTERPRETERS) {
        found.extend(args.iter().flat_map(|arg| coded(arg)).map(|text| line(&text)));
    }
    if found.is_empty() && !name.is_one(PLAIN) && !name.is_one(SHELLS) && !name.is_one(INTERPRETERS) {
        found.extend(called(args));
    }
    found.retain(|argv| argv.first().is_some_and(|first| !first.is_empty() && !first.starts_with('-')));
    found.dedup();
    found
}

/// A line for a shell, as the command that reads it.
fn line(text: &str) -> Vec<String> {
    match text.trim().is_empty() {
        true => Vec::new(),
        false => vec!["sh".to_string(), "-c".to_string(), text.trim().to_string()],
    }
}

/// What follows the words of a program's own.
fn followed(rest: &[String], args: &[String], then: Then) -> Vec<Vec<String>> {
    match then {
        Then::Words | Then::Assigned => vec![rest.to_vec()],
        Then::Line => {
            let end = rest.iter().position(|arg| arg.starts_with(":::")).unwrap_or(rest.len());
            vec![line(&rest.get(..end).unwrap_or_default().join(" "))]
        }
        Then::Lines => rest.iter().filter(|arg| !arg.starts_with('-')).map(|arg| line(arg)).collect(),
        Then::Dashes => {
            let at = args.iter().position(|arg| arg == "--");
            at.and_then(|at| args.get(at + 1..)).map(<[String]>::to_vec).into_iter().collect()
        }
    }
}

/// What is left once a program has taken its own words.
fn after_options<'a>(
    args: &'a [String],
    letters: &str,
    long: &str,
    own: usize,
    assigns: bool,
) -> &'a [String] {
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
        } else if let Some(name) = arg.strip_prefix("--") {
            at += usize::from(long.split_ascii_whitespace().any(|known| known == name));
        } else if assigns && arg.contains('=') {
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

/// The values of options that carry a line.
fn carried<'a>(name: &Name, args: &'a [String], letters: &str, long: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let changes = args.iter().any(|arg| arg == "rebase" || arg == "difftool");
    for (at, arg) in args.iter().enumerate() {
        let next = args.get(at + 1).map(String::as_str);
        if let Some(text) = arg.strip_prefix("--") {
            let (option, value) = text.split_once('=').map_or((text, next), |(o, v)| (o, Some(v)));
            // Most programs take a beginning of one for it.
            let is_one = |known: &str| option.len() > 1 && known.starts_with(option);
            if long.split_ascii_whitespace().any(is_one) {
                found.extend(value);
            }
        } else if arg == "-TT" && name.is("zip") {
            found.extend(next);
        } else if let Some(short) = arg.strip_prefix('-') {
            let place = short.char_indices().find(|(_, c)| letters.contains(*c));
            let Some((place, letter)) = place.filter(|(_, c)| *c != 'x' || !name.is("git") || changes) else {
                continue;
            };
            let glued = short.get(place + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            found.extend(glued.or(next));
        } else if name.is("tar") && arg.starts_with("exec=") {
            found.push(arg);
        }
    }
    found
}

/// A carried line without what names it: `exec=LINE`, `alias.x=!LINE`, `ProxyCommand=LINE`.
fn bare_line(text: &str) -> &str {
    let named =
        |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let line = text.split_once('=').filter(|(key, _)| named(key)).map_or(text, |(_, line)| line).trim_start();
    let escape = ESCAPES.iter().find_map(|escape| line.strip_prefix(escape));
    escape.unwrap_or(line).trim_start_matches(['!', '|', ':', '\'', '"'])
}

/// The lines that code hands to a shell, where they are written out, and those of commands that escape to one.
fn coded(arg: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in CODE {
        for (at, _) in arg.match_indices(word).take(8) {
            let rest = arg.get(at + word.len()..).unwrap_or_default().trim_start_matches(['[', ' ']);
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else { continue };
            let inside = rest.get(1..).and_then(|rest| rest.split_once(quote)).map(|(inside, _)| inside);
            found.extend(inside.map(str::to_string));
        }
    }
    let escape = ESCAPES.iter().filter(|escape| escape.len() > 1).find_map(|escape| arg.strip_prefix(escape));
    found.extend(escape.map(str::to_string));
    found
}

/// A command in the arguments of a program that nothing is known of: from a word on that names a shell or the like.
fn called(args: &[String]) -> Option<Vec<String>> {
    let is_one = |arg: &String| {
        let name = Name::of(arg);
        name.is_one(CALLED) || arg.contains('/') && name.is_one(SHELLS)
    };
    let at = args.iter().position(is_one)?;
    args.get(at..)
        .filter(|rest| rest.len() > 1 || rest.iter().any(|arg| arg.contains('/')))
        .map(<[String]>::to_vec)
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
    for arg in args {
        let glued = arg.strip_prefix("--exec=").or_else(|| arg.strip_prefix("--exec-batch="));
        found.extend(glued.map(line));
    }
    found
}
