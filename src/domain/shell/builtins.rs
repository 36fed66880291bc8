//! Names that a shell does not look up as programs: those that change the shell itself or read code, and words of its grammar.

/// Words of the grammar of one shell or another, where a command may begin.
const KEYWORDS: &str = "\
    if then else elif fi do done case esac while until for in select function time coproc repeat foreach end \
    nocorrect noglob namespace [[ ]] { }";

/// What changes the shell, the meaning of later words, or runs its arguments.
const BUILTINS: &str = "\
    . source eval exec command builtin cd chdir pushd popd dirs alias unalias export readonly declare typeset local \
    set unset shift shopt setopt unsetopt emulate enable disable trap getopts read readarray mapfile let exit logout \
    bye return break continue wait jobs fg bg disown suspend kill hash rehash type which whence where history fc bind \
    bindkey complete compgen compopt compctl caller help times ulimit limit umask autoload functions zmodload zle \
    vared sched print inlib limits integer float nameref login newgrp";

/// Whether it is a word of the grammar.
pub(super) fn keyword(word: &str) -> bool {
    KEYWORDS.split_ascii_whitespace().any(|keyword| keyword == word)
}

/// Why a command that the shell does by itself is not understood; none where it is a program, or does no more than one.
pub(super) fn effect(name: &str, args: &[&str]) -> Option<String> {
    if ["cd", "chdir", "pushd", "popd"].contains(&name) {
        return Some(format!(
            "`{name}` changes where all that follows runs; the argument `cwd` names a folder"
        ));
    }
    if BUILTINS.split_ascii_whitespace().any(|builtin| builtin == name) {
        return Some(format!("`{name}` is done by the shell itself"));
    }
    // Some shells look into these words for more than text: names of variables, whose subscripts are worked out.
    let evaluates = |arg: &&str| arg.contains(['$', '`', '(']) || arg.contains('[') && *arg != "[";
    let risky = match name {
        "printf" => args.iter().any(|arg| arg.starts_with("-v")),
        "test" | "[" => args.iter().any(|arg| evaluates(arg) || ["-v", "-R"].contains(arg)),
        _ => false,
    };
    risky.then(|| format!("`{name}` may work these words out"))
}
