//! Calls of the kernel that a command may not make: those for the kernel's own keys. The keyring of a session is inherited by all
//! that is started in it, and no namespace keeps it apart.
//!
//! The filter is a program for the kernel, see seccomp(2): the calls have numbers of their own on each kind of processor.

/// Kinds of processors, by the kernel's name for them, with the first and the last of the numbers of `add_key`, `request_key` and
/// `keyctl`.
const KEYS: &[(u32, u32, u32)] = &[
    (0xC000_003E, 248, 250), // x86-64, and its 32-bit form below
    (0x4000_0003, 286, 288), // i386
    (0xC000_00B7, 217, 219), // aarch64
    (0x4000_0028, 309, 311), // arm
    (0xC000_00F3, 217, 219), // riscv64
    (0xC000_0102, 217, 219), // loongarch64
    (0xC000_0015, 269, 271), // powerpc64le
    (0x8000_0016, 278, 280), // s390x
];

/// Load a word, by its place.
const LOAD: u16 = 0x20;
/// Cut bits off.
const AND: u16 = 0x54;
/// Go on by one count of steps where it is the same, by the other where it is not.
const EQUAL: u16 = 0x15;
const GREATER: u16 = 0x25;
const AT_LEAST: u16 = 0x35;
const ANSWER: u16 = 0x06;
/// The places of the call's number and of the kind of processor.
const NUMBER: u32 = 0;
const KIND: u32 = 4;
/// What tells calls of the x32 form of x86-64.
const NOT_X32: u32 = 0xBFFF_FFFF;
const ALLOW: u32 = 0x7FFF_0000;
/// Refused with `EPERM`.
const REFUSE: u32 = 0x0005_0001;

/// The filter, as the kernel takes it.
pub(super) fn filter() -> Vec<u8> {
    let mut steps: Vec<(u16, u8, u8, u32)> = vec![(LOAD, 0, 0, KIND)];
    for (kind, first, last) in KEYS {
        steps.extend([
            (EQUAL, 0, 6, *kind),
            (LOAD, 0, 0, NUMBER),
            (AND, 0, 0, NOT_X32),
            (AT_LEAST, 0, 2, *first),
            (GREATER, 1, 0, *last),
            (ANSWER, 0, 0, REFUSE),
            (ANSWER, 0, 0, ALLOW),
        ]);
    }
    steps.push((ANSWER, 0, 0, ALLOW));
    let bytes = |(code, then, or, with): (u16, u8, u8, u32)| {
        let (code, with) = (code.to_ne_bytes(), with.to_ne_bytes());
        [&code[..], &[then, or], &with[..]].concat()
    };
    steps.into_iter().flat_map(bytes).collect()
}
