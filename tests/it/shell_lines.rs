//! Lines for a shell, read strictly: what each is taken for, and that real shells run nothing else where all is understood.

use crate::harness::cases::cases;
use crate::harness::promise;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use tackroom::domain::argv::quoted;
use tackroom::domain::shell::{Does, How, Reading, Word};

/// Lines, and what is read of them: commands, files and the first thing that is not understood, with ` / ` between them; `+`
/// for each level of `$(…)`, `«…»` round what is known only when it runs.
const LINES: &[(&str, &str)] = &[
    ("ls", "ls"),
    ("ls -la", "ls -la"),
    ("git log --oneline -5", "git log --oneline -5"),
    ("  ls\t-l  ", "ls -l"),
    ("a;b", "a / b"),
    ("a; b ;", "a / b"),
    ("a;;b", "a / ! `;` cannot stand here, at column 2"),
    (";a", "! a command is missing, at column 1"),
    ("a; ;b", "a / ! a command is missing, at column 4"),
    ("a && b", "a / b"),
    ("a &&b||c", "a / b / c"),
    ("a && ", "a / ! a command is missing, at column 6"),
    ("&& a", "! a command is missing, at column 1"),
    ("a &&& b", "a / ! a command is missing, at column 5"),
    ("a || b", "a / b"),
    ("a | b", "a / b"),
    ("a |b| c", "a / b / c"),
    ("a | ", "a / ! a command is missing, at column 5"),
    ("| a", "! a command is missing, at column 1"),
    ("a |& b", "a / ! `|&` is of one shell only, at column 3"),
    ("a & b", "a / b / ! `&` leaves it running in the background, at column 3"),
    ("a &", "a / ! `&` leaves it running in the background, at column 3"),
    ("a & & b", "a / ! a command is missing, at column 5"),
    ("a &; b", "a / ! `&` cannot stand here, at column 3"),
    ("! a", "a"),
    ("! a | b", "a / b"),
    ("!a", "'!a' / ! shells read a name that begins so differently, at column 1"),
    ("! ! a", "'!' a / ! shells read a name that begins so differently, at column 3"),
    ("a | ! b", "a / '!' b / ! shells read a name that begins so differently, at column 5"),
    ("a !", "a '!'"),
    ("a '!' b", "a '!' b"),
    ("a\n b\n\nc", "a / b / c"),
    ("a &&\nb", "a / b"),
    ("a |\n\nb", "a / b"),
    ("a\n&& b", "a / ! a command is missing, at line 2, column 1"),
    ("a\r\nb", "! there is a control character (U+000D), at column 2"),
    ("echo 'a b'", "echo 'a b'"),
    ("echo 'it'\\''s'", "echo 'it'\\''s'"),
    ("echo \"a b\" c", "echo 'a b' c"),
    ("echo \"\"", "echo ''"),
    ("echo '' x", "echo '' x"),
    ("'' x", "'' x / ! the program's name is empty, at column 1"),
    ("\"a\"'b'c", "abc"),
    ("echo \"a\\\"b\"", "echo 'a\"b'"),
    ("echo \"a\\\\b\"", "echo 'a\\b'"),
    ("echo \"a\\nb\"", "echo 'a\\nb'"),
    ("echo \"\\n\"", "echo '\\n'"),
    ("echo \"\\$HOME\"", "echo '$HOME'"),
    ("echo a\\ b", "echo 'a b'"),
    ("echo \\'a", "echo ''\\''a'"),
    ("echo a\\", "echo «…» / ! it ends with `\\`, at column 7"),
    ("echo 'a", "echo «…» / ! `'` is not closed, at column 6"),
    ("echo \"a", "echo «…» / ! `\"` is not closed, at column 6"),
    ("echo \"a$\"", "echo 'a$'"),
    ("echo \"a$ b\"", "echo 'a$ b'"),
    ("echo \"$/x\"", "echo '$/x'"),
    ("echo \"$'x'\"", "echo «\"$'x'\"» / ! `$` stands before nothing that it could name, at column 7"),
    ("echo $HOME", "echo «$HOME» / ! the value of `$HOME` is known only when it runs, at column 6"),
    ("echo \"$HOME\"", "echo «\"$HOME\"» / ! the value of `$HOME` is known only when it runs, at column 7"),
    ("echo ${HOME}", "echo «${HOME}» / ! the value of `${HOME}` is known only when it runs, at column 6"),
    (
        "echo \"${HOME}/x\"",
        "echo «\"${HOME}/x\"» / ! the value of `${HOME}` is known only when it runs, at column 7",
    ),
    ("echo ${HOME:-x}", "echo «…» / ! `${…}` does more than name a variable, at column 6"),
    ("echo ${x:=`id`}", "echo «…» / ! `${…}` does more than name a variable, at column 6"),
    ("echo ${#x}", "echo «…» / ! `${…}` does more than name a variable, at column 6"),
    ("echo ${}", "echo «…» / ! `${…}` does more than name a variable, at column 6"),
    ("echo $1 $@ $?", "echo «$1» «$@» «$?» / ! the value of `$1` is known only when it runs, at column 6"),
    ("\"$@\"", "«\"$@\"» / ! the value of `$@` is known only when it runs, at column 2"),
    ("$X y", "«$X» y / ! the value of `$X` is known only when it runs, at column 1"),
    ("echo $", "echo «$» / ! `$` stands before nothing that it could name, at column 6"),
    ("echo $,", "echo «$,» / ! `$` stands before nothing that it could name, at column 6"),
    ("echo $((1+1))", "echo «…» / ! `$((` is worked out by the shell, at column 6"),
    ("echo $[1+1]", "echo «…» / ! `$[` is worked out by the shell, at column 6"),
    ("echo $'a'", "echo «…» / ! `$'` is read differently by shells, at column 6"),
    ("echo $\"a\"", "echo «…» / ! `$\"` is read differently by shells, at column 6"),
    ("echo $(id)", "+id / echo «$(id)» / ! what `$(…)` gives is known only when it runs, at column 6"),
    (
        "echo \"$(id -u) x\"",
        "+id -u / echo «\"$(id -u) x\"» / ! what `$(…)` gives is known only when it runs, at column 7",
    ),
    (
        "echo $(a; b | c)",
        "+a / +b / +c / echo «$(a; b | c)» / ! what `$(…)` gives is known only when it runs, at column 6",
    ),
    (
        "echo $(a $(b \"$(c)\"))",
        "+++c / ++b «\"$(c)\"» / +a «$(b \"$(c)\")» / echo «$(a $(b \"$(c)\"))» / ! what `$(…)` gives is known only when it runs, at column 6",
    ),
    ("echo $(", "echo «…» / ! `$(` is not closed, at column 6"),
    ("echo $(id", "+id / echo «…» / ! `$(` is not closed, at column 6"),
    ("echo $(id))", "+id / echo «$(id)» / ! `)` cannot stand here, at column 11"),
    ("echo $(<f)", "+< f / echo «$(<f)» / ! what `$(…)` gives is known only when it runs, at column 6"),
    ("$(id) x", "+id / «$(id)» x / ! what `$(…)` gives is known only when it runs, at column 1"),
    (
        "echo `id`",
        "+id / echo «`id`» / ! what stands between backticks gives is known only when it runs, at column 6",
    ),
    (
        "echo \"`id`\"",
        "+id / echo «\"`id`\"» / ! what stands between backticks gives is known only when it runs, at column 7",
    ),
    ("echo `id", "echo «…» / ! a backtick is not closed, at column 6"),
    ("echo `a \\`b\\``", "echo «…» / ! what stands between backticks is read twice, at column 6"),
    ("echo \"`echo \"x\"`\"", "echo «…» / ! what stands between backticks is read twice, at column 7"),
    ("echo `echo 'x`", "+echo «…» / echo «…» / ! `'` is not closed, at column 12"),
    (
        "a`b`c d",
        "+b / «a`b`c» d / ! what stands between backticks gives is known only when it runs, at column 2",
    ),
    ("ls *", "ls «*» / ! `*` stands for names of files, at column 4"),
    ("ls a?", "ls «a?» / ! `?` stands for names of files, at column 5"),
    ("ls [ab]", "ls «[ab]» / ! `[` stands for names of files, at column 4"),
    ("ls a]", "ls 'a]'"),
    ("echo '*' \"?\"", "echo '*' '?'"),
    ("echo \\*", "echo '*'"),
    ("[ -f x ]", "'[' -f x ']'"),
    ("[ -f x ] && cat x", "'[' -f x ']' / cat x"),
    ("[ -v 'a[$(id)]' ]", "'[' -v 'a[$(id)]' ']' / ! `[` may work these words out, at column 1"),
    ("[ 'a[0]' -eq 1 ]", "'[' 'a[0]' -eq 1 ']' / ! `[` may work these words out, at column 1"),
    ("test -f x", "test -f x"),
    ("test -v x", "test -v x / ! `test` may work these words out, at column 1"),
    ("test -R x", "test -R x / ! `test` may work these words out, at column 1"),
    ("[[ -f x ]]", "! `[[` is more than a command, at column 1"),
    ("((x))", "! `(` begins a subshell or a function, at column 1"),
    ("ls ~", "ls «~» / ! `~` stands for a folder, at column 4"),
    ("ls ~root/x", "ls «~root/x» / ! `~` stands for a folder, at column 4"),
    ("git diff HEAD~1", "git diff 'HEAD~1'"),
    ("git diff HEAD~1..HEAD~2", "git diff 'HEAD~1..HEAD~2'"),
    ("ls a:~", "ls «a:~» / ! `~` stands for a folder, at column 6"),
    ("x --y=~/z", "x «--y=~/z» / ! `~` stands for a folder, at column 7"),
    ("echo '~'", "echo '~'"),
    ("echo {a,b}", "echo «{a,b}» / ! `{` may stand for several words, at column 6"),
    ("echo {}", "echo '{}'"),
    ("find . -name {}", "find . -name '{}'"),
    ("echo a{}", "echo «a{}» / ! `{` may stand for several words, at column 7"),
    ("{ a; }", "! `{` is more than a command, at column 1"),
    ("(a)", "! `(` begins a subshell or a function, at column 1"),
    ("a (b)", "a «…» / ! `(` begins a subshell or a function, at column 3"),
    ("a() { b; }", "a «…» / ! `(` begins a subshell or a function, at column 2"),
    ("function a { b; }", "! `function` is more than a command, at column 1"),
    ("if a; then b; fi", "! `if` is more than a command, at column 1"),
    ("for x in a; do b; done", "! `for` is more than a command, at column 1"),
    ("while a; do b; done", "! `while` is more than a command, at column 1"),
    ("until a; do b; done", "! `until` is more than a command, at column 1"),
    ("case a in b) c;; esac", "! `case` is more than a command, at column 1"),
    ("echo if then", "echo if then"),
    ("'if' a", "! `if` is more than a command, at column 1"),
    ("time a", "! `time` is more than a command, at column 1"),
    ("coproc a", "! `coproc` is more than a command, at column 1"),
    ("select x in a; do b; done", "! `select` is more than a command, at column 1"),
    ("# a", "! `#` begins a comment, at column 1"),
    ("a # b", "a «…» / ! `#` begins a comment, at column 3"),
    ("a#b", "'a#b'"),
    ("a '#' b", "a '#' b"),
    ("a; # b\nc", "a / ! `#` begins a comment, at column 4"),
    ("X=1", "! a variable is set, which may change what runs, at column 1"),
    ("X=1 a", "a / ! a variable is set, which may change what runs, at column 1"),
    ("X=$(b) a", "+b / a / ! what `$(…)` gives is known only when it runs, at column 3"),
    ("X+=1 a", "a / ! a variable is set, which may change what runs, at column 1"),
    ("X[1]=2 a", "a / ! `[` stands for names of files, at column 2"),
    ("a X=1", "a X=1"),
    ("./a=b", "./a=b / ! a variable is set, which may change what runs, at column 1"),
    ("'X=1' a", "X=1 a / ! a variable is set, which may change what runs, at column 1"),
    ("PATH=. a", "a / ! a variable is set, which may change what runs, at column 1"),
    ("> f", "> f"),
    ("a > f", "a / > f"),
    ("a >f 2>g", "a / > f / > g"),
    ("a >> f", "a / >> f"),
    ("a >| f", "a / > f"),
    ("a <> f", "a / <> f"),
    ("a < f > g", "a / < f / > g"),
    ("a 2>&1", "a"),
    ("a 2>&1 >f", "a / > f"),
    ("a >&2", "a"),
    ("a >&-", "a"),
    ("a <&0", "a"),
    ("a >&f", "a «…» / ! shells read this redirection differently, at column 3"),
    ("a >& 2", "a «…» / ! shells read this redirection differently, at column 3"),
    ("a 2>&1>f", "a «…» / ! shells read this redirection differently, at column 4"),
    ("a 2>&12", "a «…» / ! shells read this redirection differently, at column 4"),
    ("a 10>f", "a «…» / ! shells read a redirection of this number differently, at column 3"),
    ("a 2 > f", "a 2 / > f"),
    ("a f2>g", "a f2 / > g"),
    ("a \"2\">f", "a 2 / > f"),
    ("a &>f", "a «…» / ! `&>` is of one shell only, at column 3"),
    ("a &>>f", "a «…» / ! `&>` is of one shell only, at column 3"),
    ("a > ", "a «…» / ! `>` names no file, at column 3"),
    ("a > > b", "a «…» / ! `>` names no file, at column 3"),
    ("a > $X", "a / > «$X» / ! the value of `$X` is known only when it runs, at column 5"),
    ("a > $(b)", "+b / a / > «$(b)» / ! what `$(…)` gives is known only when it runs, at column 5"),
    ("a > \"b c\"", "a / > 'b c'"),
    ("a > *", "a / > «*» / ! `*` stands for names of files, at column 5"),
    ("a > ''", "a / > '' / ! `>` names an empty path, at column 3"),
    ("a >/dev/null 2>&1", "a"),
    ("a >/dev/tcp/h/1", "a / > /dev/tcp/h/1 / ! /dev/tcp/h/1 is more than a file, at column 3"),
    ("a >/dev/stderr", "a / > /dev/stderr / ! /dev/stderr is more than a file, at column 3"),
    ("a > ../x", "a / > ../x"),
    ("a >/etc/passwd", "a / > /etc/passwd"),
    ("a > 2>b", "a «…» / ! `>` names no file, at column 3"),
    ("a 2>", "a «…» / ! `>` names no file, at column 4"),
    ("a << E\nx\nE", "a «…» / ! `<<` gives text of its own, which is not read, at column 3"),
    ("a <<E", "a «…» / ! `<<` gives text of its own, which is not read, at column 3"),
    ("a <<< x", "a «…» / ! `<<` gives text of its own, which is not read, at column 3"),
    ("a <(b)", "a «…» / ! `<(` runs a command beside it, at column 3"),
    ("a >(b)", "a «…» / ! `>(` runs a command beside it, at column 3"),
    (">f a", "a / > f"),
    (">f a b <g c", "a b c / > f / < g"),
    ("{x}>f a", "«{x}» a / > f / ! `{` may stand for several words, at column 1"),
    ("a >f#", "a / > 'f#'"),
    ("a > #", "a «…» / ! `>` names no file, at column 3"),
    (
        "cd x",
        "cd x / ! `cd` changes where all that follows runs; the argument `cwd` names a folder, at column 1",
    ),
    (
        "cd x && a",
        "cd x / a / ! `cd` changes where all that follows runs; the argument `cwd` names a folder, at column 1",
    ),
    (
        "\"cd\" x",
        "cd x / ! `cd` changes where all that follows runs; the argument `cwd` names a folder, at column 1",
    ),
    (
        "\\cd x",
        "cd x / ! `cd` changes where all that follows runs; the argument `cwd` names a folder, at column 1",
    ),
    ("eval a", "eval a / ! `eval` is done by the shell itself, at column 1"),
    ("exec a", "exec a / ! `exec` is done by the shell itself, at column 1"),
    ("source a", "source a / ! `source` is done by the shell itself, at column 1"),
    (". a", ". a / ! `.` is done by the shell itself, at column 1"),
    (". ./a", ". ./a / ! `.` is done by the shell itself, at column 1"),
    ("trap a EXIT", "trap a EXIT / ! `trap` is done by the shell itself, at column 1"),
    ("alias a=b", "alias a=b / ! `alias` is done by the shell itself, at column 1"),
    ("export X=1", "export X=1 / ! `export` is done by the shell itself, at column 1"),
    ("unset X", "unset X / ! `unset` is done by the shell itself, at column 1"),
    ("set -e", "set -e / ! `set` is done by the shell itself, at column 1"),
    ("read x", "read x / ! `read` is done by the shell itself, at column 1"),
    ("wait", "wait / ! `wait` is done by the shell itself, at column 1"),
    ("kill 1", "kill 1 / ! `kill` is done by the shell itself, at column 1"),
    ("exit 1", "exit 1 / ! `exit` is done by the shell itself, at column 1"),
    ("command a", "command a / ! `command` is done by the shell itself, at column 1"),
    ("builtin a", "builtin a / ! `builtin` is done by the shell itself, at column 1"),
    ("/usr/bin/cd x", "/usr/bin/cd x"),
    ("printf %s x", "printf %s x"),
    ("printf -v x y", "printf -v x y / ! `printf` may work these words out, at column 1"),
    ("true; false; :", "true / false / :"),
    ("pwd", "pwd"),
    ("echo é", "echo «é» / ! `é` is beyond ASCII and not in quotes, at column 6"),
    ("echo 'é'", "echo 'é'"),
    ("echo \"é\"", "echo 'é'"),
    ("echo \"é\\\\\"", "echo «…» / ! `\\` after a letter beyond ASCII is read by the locale, at column 8"),
    ("é", "«é» / ! `é` is beyond ASCII and not in quotes, at column 1"),
    ("a b", "a b"),
    ("a\u{b}b", "! there is a control character (U+000B), at column 2"),
    ("a\u{1}b", "! there is a control character (U+0001), at column 2"),
    ("echo '\u{1}'", "echo «…» / ! there is a control character (U+0001), at column 7"),
    ("echo '\u{7f}'", "echo «…» / ! there is a control character (U+007F), at column 7"),
    ("a\tb", "a b"),
    ("-c x", "! the shell takes it for an option, at column 1"),
    ("+x a", "! the shell takes it for an option, at column 1"),
    ("%1", "%1 / ! shells read a name that begins so differently, at column 1"),
    ("^a^b", "'^a^b'"),
    ("a ^b c:d e,f g@h i%j k+l m=n", "a '^b' c:d e,f g@h i%j k+l m=n"),
    ("git commit -m 'a; b && $(c) `d`'", "git commit -m 'a; b && $(c) `d`'"),
    ("git commit -m \"a; b && 'c'\"", "git commit -m 'a; b && '\\''c'\\'''"),
    ("echo 'a\nb'", "echo 'a\nb'"),
    ("sh -c 'a; b'", "sh -c 'a; b'"),
    ("bash -c \"a | b\"", "bash -c 'a | b'"),
    ("xargs a", "xargs a"),
    (
        "a [secret:x:00000000]",
        "a «[secret:x:00000000]» / ! a secret is put into it before it runs, at column 1",
    ),
    ("a '[secret:x]'", "a '[secret:x]' / ! a secret is put into it before it runs, at column 1"),
    ("", "! it names no command, at column 1"),
    (" ", "! it names no command, at column 1"),
    ("\n", "! it names no command, at column 1"),
    ("a=b", "! a variable is set, which may change what runs, at column 1"),
    ("=a", "=a / ! a variable is set, which may change what runs, at column 1"),
    ("a ==b", "a ==b"),
    ("ls -- -x", "ls -- -x"),
    ("a\u{a0}b", "«a\u{a0}b» / ! `\u{a0}` is beyond ASCII and not in quotes, at column 2"),
    ("a\u{2028}b", "«a\u{2028}b» / ! `\u{2028}` is beyond ASCII and not in quotes, at column 2"),
    ("\u{feff}a", "«\u{feff}a» / ! `\u{feff}` is beyond ASCII and not in quotes, at column 1"),
    ("echo a\\\nb", "echo «…» / ! the line is continued, at column 7"),
    ("a \\\n b", "a «…» / ! the line is continued, at column 3"),
    ("\"a\\\nb\"", "! the line is continued, at column 3"),
    ("'a\\\nb'", "'a\\\nb'"),
    ("a $(b\nc)", "+b / +c / a «$(b\nc)» / ! what `$(…)` gives is known only when it runs, at column 3"),
    (
        "a `b\nc`",
        "+b / +c / a «`b\nc`» / ! what stands between backticks gives is known only when it runs, at column 3",
    ),
    ("a\n# x\nb", "a / ! `#` begins a comment, at line 2, column 1"),
    ("a;\\\nb", "a / ! the line is continued, at column 3"),
    ("$($($($($($($($($(a)))))))))", "! it is nested too deep, at column 19"),
];

fn told(reading: &Reading) -> String {
    let word = |word: &Word| match word {
        Word::Known(text) => quoted(text),
        Word::Unknown(text) => format!("«{text}»"),
    };
    let part = |does: &Does| match does {
        Does::Runs(words) => words.iter().map(word).collect::<Vec<_>>().join(" "),
        Does::Opens(How::Read, path) => format!("< {}", word(path)),
        Does::Opens(How::Write, path) => format!("> {}", word(path)),
        Does::Opens(How::Append, path) => format!(">> {}", word(path)),
        Does::Opens(How::Both, path) => format!("<> {}", word(path)),
    };
    let parts = reading.parts.iter();
    let mut told: Vec<String> =
        parts.map(|at| format!("{}{}", "+".repeat(usize::from(at.depth)), part(&at.does))).collect();
    told.extend(reading.gaps.first().map(|gap| format!("! {gap}")));
    told.join(" / ")
}

#[test]
fn a_line_is_taken_for_what_it_is() {
    let wrong: Vec<_> = LINES
        .iter()
        .filter_map(|(line, wanted)| {
            let told = told(&Reading::of(line));
            (told != *wanted).then_some((*line, told, *wanted))
        })
        .collect();
    println!("lines of a shell: {} read, {} wrong", LINES.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_too_much_is_not_looked_at() {
    for line in [
        "a;".repeat(5_000),
        "a|".repeat(500_000),
        "$(".repeat(300_000),
        "`a`".repeat(200_000),
        "'".repeat(1_000_001),
        "$a ".repeat(300_000),
        "\"$(a \"".repeat(100_000),
        "a ".repeat(500_000) + "\n;",
        "1".repeat(1_000_000) + ">x",
        " ".repeat(1_000_000),
        "(".repeat(1_000_000),
    ] {
        assert!(!Reading::of(&line).understood(), "{}", line.get(..20).unwrap());
    }
    promise::kept("S5", "11 lines, of up to 3 MB or 5,000 commands: each asks");
}

/// What stands in lines, in any order.
const PIECES: &[&str] = &[
    "a", "b", "c", "d", "-x", "1", "2", "10", "'", "\"", "\\", "$", "`", "$(", ")", "(", "{", "}", "[", "]",
    "*", "?", "~", "#", "!", "=", ";", "&", "&&", "|", "||", ">", ">>", "<", ">|", "<>", ">&", "<&", "<<",
    "\n", "\t", " ", "é", "\u{a0}", "\r", "f", "g", "%", "^", "@", ",", ":", "+", "-", ".", "if", "then",
    "fi", "for", "do", "done", "case", "in", "esac", "while", "function", "time", "{}", "[[", "]]", "cd",
    "eval", "exec", "export", "alias", "$x", "${x}", "$'", "$\"", "$((", "))", "X=1", "a\"b\"", "'c d'",
    "\"e f\"", "\\ ", "\\\n", "2>&1", "2>", "1>", "&>", "|&", ";;", "<(", "<<<", "echo", "true", "false",
    "\"$", "'\\''", "HEAD~1", "{a,b}", "\\\"", "\"\\\\\"", "a&&b", "a|b", "a;b", "!a", "[ a ]", "test",
];

/// Lines that are rather well formed: commands with words, operators between them.
fn well_formed() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "x",
        "-y",
        "'q r'",
        "\"s t\"",
        "u\\ v",
        "''",
        "\"\"",
        "a'b'\"c\"",
        "\"'\"",
        "'\"'",
        "\"\\$z\"",
        "\\;",
        "';'",
        "\"|\"",
        "'&'",
        "\\>",
        "h#i",
        "j^k",
        "l=m",
        "n~1",
        "{}",
        "!",
        "if",
        "]",
        "'$(b)'",
        "\"\\`b\\`\"",
        "'*'",
        "\"a$\"",
        "'é'",
        "1",
        "22",
    ]);
    let name = prop::sample::select(vec![
        "a", "b", "c", "d", "'a'", "b\"\"", "\\c", "echo", "true", "! a", "[", "test",
    ]);
    let redirection = prop::sample::select(vec![
        ">f",
        ">>g",
        "2>f",
        "2>&1",
        "<f",
        ">|g",
        "<>f",
        ">&2",
        "> 'f g'",
        "2>/dev/null",
        ">f1",
        "1>g",
    ]);
    let arguments = prop::collection::vec(prop_oneof![4 => word, 1 => redirection], 0..5);
    let command = (name, arguments).prop_map(|(name, words)| {
        let words: Vec<&str> = std::iter::once(name).chain(words).collect();
        words.join(" ")
    });
    let operator = prop::sample::select(vec![
        "; ", ";", " && ", "&&", " || ", " | ", "|", "\n", " &&\n", "\n\n", " |\n ",
    ]);
    prop::collection::vec((command, operator), 1..5).prop_map(|all| {
        let mut line = String::new();
        let last = all.len() - 1;
        for (at, (command, operator)) in all.iter().enumerate() {
            line.push_str(command);
            if at < last {
                line.push_str(operator);
            }
        }
        line
    })
}

fn lines() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..12);
    prop_oneof![
        2 => well_formed(),
        1 => (well_formed(), prop::sample::select(PIECES.to_vec()), any::<prop::sample::Index>()).prop_map(|(line, piece, at)| {
            let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
            let at = *at.get(&places);
            format!("{}{piece}{}", &line[..at], &line[at..])
        }),
        1 => pieces.clone().prop_map(|pieces| pieces.concat()),
        1 => pieces.prop_map(|pieces| pieces.join(" ")),
    ]
}

/// Programs that only tell how they were started, below a folder.
fn recorders(root: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir(root.join("bin")).unwrap();
    for (name, status) in [("a", 0), ("b", 1), ("c", 0), ("d", 1), ("f", 0), ("g", 0), ("time", 0), ("x", 0)]
    {
        let path = root.join("bin").join(name);
        let told = format!("printf '%s\\0' \"$#\" \"${{0##*/}}\" \"$@\" >>'{}'", root.join("ran").display());
        std::fs::write(&path, format!("#!/bin/sh\n{told}\nexit {status}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    }
}

/// What a shell ran of a line, and the files that it made.
fn ran(shell: &[&str], line: &str, root: &Path) -> (Vec<Vec<String>>, BTreeSet<String>) {
    let folder = root.join("in");
    let _ = std::fs::remove_dir_all(&folder);
    let _ = std::fs::remove_file(root.join("ran"));
    std::fs::create_dir(&folder).unwrap();
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .args(["-c", line])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", root.join("bin"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap();
    let text = std::fs::read(root.join("ran")).unwrap_or_default();
    let mut words = text.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut all = Vec::new();
    while let Some(count) = words.next().and_then(|count| count.parse::<usize>().ok()) {
        all.push(words.by_ref().take(count + 1).collect());
    }
    let made = std::fs::read_dir(&folder).unwrap();
    (all, made.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect())
}

#[test]
fn real_shells_run_nothing_that_was_not_read() {
    let root = tempfile::tempdir().unwrap();
    recorders(root.path());
    let shells: Vec<Vec<&str>> = [vec!["/bin/sh"], vec!["/bin/bash"], vec!["/bin/bash", "--posix"]]
        .into_iter()
        .filter(|shell| Path::new(shell[0]).exists())
        .collect();
    let (tried, understood, runs) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner =
        TestRunner::new(Config { cases: cases(600), failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&lines(), |line| {
        tried.set(tried.get() + 1);
        let reading = Reading::of(&line);
        if !reading.understood() {
            return Ok(());
        }
        understood.set(understood.get() + 1);
        let (mut listed, mut files, mut odd) = (Vec::new(), BTreeSet::new(), Vec::new());
        for part in &reading.parts {
            match &part.does {
                Does::Runs(words) => {
                    listed.push(words.iter().map(|word| word.text().to_string()).collect::<Vec<_>>())
                }
                Does::Opens(_, path) => drop(files.insert(path.text().to_string())),
            }
        }
        for shell in &shells {
            let (ran, made) = ran(shell, &line, root.path());
            runs.set(runs.get() + ran.len());
            let mut left = listed.clone();
            for argv in ran {
                match left.iter().position(|listed| *listed == argv) {
                    Some(at) => drop(left.remove(at)),
                    None => odd.push(format!("{shell:?} {line:?} ran {argv:?}, of {listed:?}")),
                }
            }
            if !made.is_subset(&files) {
                odd.push(format!("{shell:?} {line:?} made {made:?}, of {files:?}"));
            }
        }
        prop_assert!(odd.is_empty(), "{odd:#?}");
        Ok(())
    });
    let (tried, understood, runs) = (tried.get(), understood.get(), runs.get());
    println!("lines in {} shells: {tried} tried, {understood} understood, {runs} programs run", shells.len());
    outcome.unwrap();
    assert!(understood * 5 > tried && runs > 0, "most lines say nothing");
}
