//! The paths that the arguments of a command may name.

use super::{Name, is_cluster};

/// Programs that take each word which is no option for a file, and only read.
const READERS: &str = "\
    cat bat tac head tail less more most nl wc od xxd hexdump strings file stat du ls dir tree sort uniq cut paste join comm \
    diff cmp diff3 md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum base64 base32 readlink realpath zcat \
    bzcat xzcat zstdcat fold fmt expand unexpand rev column pr nm objdump readelf ldd size cd pushd . source open xdg-open";
/// Programs that take each word which is no option for a file, and may change it.
const WRITERS: &str = "\
    cp mv rm rmdir mkdir ln link unlink install tee touch truncate shred dd chmod chown chgrp chattr setfacl mktemp split \
    gzip gunzip bzip2 bunzip2 xz unxz zstd zip unzip tar cpio rsync scp vi vim nvim nano emacs ed patch mkfifo mknod";

/// Programs that go through a folder and all below it.
const WALKERS: &str =
    "find fd fdfind bfs rg ag ack tree du ncdu tar bsdtar zip rsync ctags tokei cloc loc ugrep";
/// Programs that do so when they are told to, and by which letters.
const TOLD: &[(&str, &str)] = &[
    ("grep egrep fgrep zgrep rm scp chmod chown chgrp diff gzip setfacl", "rR"),
    ("cp", "rRa"),
    ("ls dir", "R"),
];
/// Programs that only read, whatever their words mean.
const SEEKERS: &str = "find fd fdfind bfs grep egrep fgrep zgrep rg ag ack ugrep tokei cloc loc";

/// Options whose value is a file that is written, whatever the program.
const OUT: &str = "-o -O --output --out --output-file --output-document --outfile --out-file --log --log-file --logfile --save";

/// What the words of a command may name.
pub struct Files<'a> {
    /// The paths, as they are written, each with whether an option says that it is written to.
    pub paths: Vec<(&'a str, bool)>,
    /// Whether the program takes its words for files.
    pub all_files: bool,
    /// Whether it only reads them.
    pub only_reads: bool,
    /// Whether it goes through folders and all below them.
    pub walks: bool,
    /// Whether it names none, so that it is the folder that it runs in.
    pub is_here: bool,
}

/// The paths that a command's words may name: a word itself, what stands behind `=`, `@` or `:` in it, and the value that is
/// glued to a short option.
pub fn files_of(words: &[String]) -> Files<'_> {
    let name = Name::of(words.first().map_or("", String::as_str));
    let (reads, writes) = (name.is_one(READERS), name.is_one(WRITERS));
    let (mut paths, mut named) = (Vec::<&str>::new(), Vec::new());
    let is_out = |option: &str| OUT.split(' ').any(|known| known == option);
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let long = word.split_once('=').is_some_and(|(option, _)| is_out(option));
        let glued = word.starts_with("-o") || word.starts_with("-O");
        let out = long || glued || word.starts_with("of=") || before.is_some_and(|before| is_out(before));
        let from = paths.len();
        match word.strip_prefix('-') {
            Some(short) if !short.starts_with('-') => {
                paths.extend(short.char_indices().nth(1).and_then(|(at, _)| short.get(at..)));
            }
            Some(_) => {}
            None if at == 0 && !word.contains('/') => {}
            None => paths.push(word.as_str()),
        }
        for sign in ['=', ':', '@', ','] {
            if let Some((before, after)) = word.split_once(sign) {
                paths.extend([before, after]);
            }
        }
        paths.extend(word.rsplit_once(':').map(|(_, after)| after));
        paths.extend(word.split_once("://").map(|(_, after)| after));
        let plain = paths.split_off(from).into_iter();
        named.extend(plain.filter(|path| !path.is_empty() && !path.starts_with('-')).map(|path| (path, out)));
    }
    let letters = TOLD.iter().find(|(names, _)| name.is_one(names)).map(|(_, letters)| *letters);
    let told = |word: &String, letters: &str| {
        is_cluster(word, letters) || word.starts_with("--rec") || word.starts_with("--arch")
    };
    let walks = name.is_one(WALKERS)
        || letters.is_some_and(|letters| words.iter().skip(1).any(|word| told(word, letters)));
    // What is looked for is one word.
    let is_here = words.iter().skip(1).filter(|word| !word.starts_with('-')).count() <= 1;
    let only_reads = reads || name.is_one(SEEKERS);
    Files { paths: named, all_files: reads || writes, only_reads, walks, is_here }
}
