//! The paths that the arguments of a command may name.

use super::Name;

/// Programs that take each word which is no option for a file, and only read.
const READERS: &str = "\
    cat bat tac head tail less more most nl wc od xxd hexdump strings file stat du ls dir tree sort uniq cut paste join comm \
    diff cmp diff3 md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum base64 base32 readlink realpath zcat \
    bzcat xzcat zstdcat fold fmt expand unexpand rev column pr nm objdump readelf ldd size cd pushd . source open xdg-open";
/// Programs that take each word which is no option for a file, and may change it.
const WRITERS: &str = "\
    cp mv rm rmdir mkdir ln link unlink install tee touch truncate shred dd chmod chown chgrp chattr setfacl mktemp split \
    gzip gunzip bzip2 bunzip2 xz unxz zstd zip unzip tar cpio rsync scp vi vim nvim nano emacs ed patch mkfifo mknod";

/// What the words of a command may name.
pub struct Files<'a> {
    /// The paths, as they are written.
    pub paths: Vec<&'a str>,
    /// Whether the program takes its words for files.
    pub all_files: bool,
    /// Whether it only reads them.
    pub only_reads: bool,
}

/// The paths that a command's words may name: a word itself, what stands behind `=`, `@` or `:` in it, and the value that is
/// glued to a short option.
pub fn files_of(words: &[String]) -> Files<'_> {
    let name = Name::of(words.first().map_or("", String::as_str));
    let (reads, writes) = (name.is_one(READERS), name.is_one(WRITERS));
    let mut paths = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match word.strip_prefix('-') {
            Some(short) if !short.starts_with('-') => {
                paths.extend(short.char_indices().nth(1).map(|(at, _)| &short[at..]))
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
    }
    paths.retain(|path| !path.is_empty() && !path.starts_with('-'));
    Files { paths, all_files: reads || writes, only_reads: reads }
}
