//! The real program in a real terminal: a PTY whose bytes are kept, read by a terminal of its own, and looked through for what does not belong.

use crate::harness::binary::{Home, LIMIT, until};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the terminal was sent, and what it shows.
struct Seen {
    raw: Vec<u8>,
    parser: vt100::Parser,
    changed: Instant,
    whole: bool,
}

/// A terminal with a program in it.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    slave: Option<Box<dyn SlavePty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
    before: String,
    after: String,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Terminal {
    /// The program with these arguments.
    pub fn start(home: &Home, args: &[&str], columns: u16, rows: u16) -> Terminal {
        let mut all = vec![env!("CARGO_BIN_EXE_tackroom")];
        all.extend(args);
        Terminal::with(home, &all, columns, rows, &[])
    }

    /// Any program, with more of an environment.
    pub fn with(home: &Home, argv: &[&str], columns: u16, rows: u16, more: &[(&str, &str)]) -> Terminal {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let before = format!("{:?}", pair.master.get_termios());
        let mut command = CommandBuilder::new(argv[0]);
        command.args(&argv[1..]);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        more.iter().for_each(|(name, value)| command.env(name, value));
        command.cwd(home.ws());
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(rows, columns, 0);
        let seen =
            Arc::new(Mutex::new(Seen { raw: Vec::new(), parser, changed: Instant::now(), whole: false }));
        let keep = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                let mut seen = keep.lock().unwrap();
                seen.raw.extend_from_slice(&bytes[..n]);
                seen.parser.process(&bytes[..n]);
                seen.changed = Instant::now();
            }
            keep.lock().unwrap().whole = true;
        });
        Terminal {
            master: pair.master,
            slave: Some(pair.slave),
            child,
            writer,
            seen,
            before,
            after: String::new(),
        }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Every byte so far.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().unwrap().raw.clone()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn see(&self, words: &str) {
        self.so(words, |text| text.contains(words));
    }

    /// Waits until the screen shows this no more.
    #[track_caller]
    pub fn see_no_more(&self, words: &str) {
        self.so(&format!("no {words}"), |text| !text.contains(words));
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub fn so(&self, what: &str, so: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !so(&self.text()) {
            assert!(began.elapsed() < LIMIT, "{what}: not on the screen:\n{}", self.text());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits until nothing was drawn for a while.
    #[track_caller]
    pub fn still(&self, time: Duration) {
        until("the screen is still", || self.seen.lock().unwrap().changed.elapsed() >= time);
    }

    /// Waits until what is shown was shown for so long that keys count.
    #[track_caller]
    pub fn counts(&self) {
        self.so("keys count", |text| !text.contains("keys count in a moment"));
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        // Stillness counts from here: an Esc and what follows it at once would be one key.
        self.seen.lock().unwrap().changed = Instant::now();
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.seen.lock().unwrap();
        seen.parser.screen_mut().set_size(rows, columns);
        seen.changed = Instant::now(); // what comes of it is still to be drawn
        drop(seen);
        self.master.resize(size(columns, rows)).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the end of the program; answers its exit code.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.after = format!("{:?}", self.master.get_termios());
                // With our end of the line closed too, the reader comes to the last byte.
                self.slave = None;
                until("every byte is read", || self.seen.lock().unwrap().whole);
                return status.exit_code();
            }
            assert!(began.elapsed() < LIMIT, "it does not end:\n{}", self.text());
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// What the program left behind in the terminal; nothing is well.
    pub fn leftovers(&self) -> Vec<String> {
        let mut left = Vec::new();
        if self.after != self.before {
            left.push(format!("the line is {}, was {}", self.after, self.before));
        }
        let raw = self.raw();
        for (mode, on) in modes(&raw) {
            let wanted = mode == 25 || mode == 7; // the cursor is shown, lines wrap
            if on != wanted {
                left.push(format!("mode {mode} is {on}"));
            }
        }
        let screen = self.seen.lock().unwrap();
        if screen.parser.screen().alternate_screen() || screen.parser.screen().hide_cursor() {
            left.push("the alternate screen or the hidden cursor".to_string());
        }
        left
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill(); // one that has ended needs no killing
        let _ = self.child.wait();
    }
}

/// The private modes that were set or reset, as they stand at the end.
pub fn modes(raw: &[u8]) -> BTreeMap<u32, bool> {
    let mut modes = BTreeMap::new();
    for sequence in sequences(raw) {
        if let Some(rest) = sequence.strip_prefix("CSI ?")
            && let Some(on) = rest.chars().last().filter(|last| "hl".contains(*last))
        {
            for number in rest.trim_end_matches(['h', 'l']).split(';') {
                modes.insert(number.parse().unwrap_or(0), on == 'h');
            }
        }
    }
    modes
}

/// Every control sequence and control byte, in words: `CSI ?25h`, `OSC 0;title`, `ESC c`, `byte 07`.
pub fn sequences(raw: &[u8]) -> Vec<String> {
    struct Told(Vec<String>);
    impl vte::Perform for Told {
        fn execute(&mut self, byte: u8) {
            self.0.push(format!("byte {byte:02x}"));
        }
        fn csi_dispatch(&mut self, params: &vte::Params, between: &[u8], _: bool, action: char) {
            let numbers: Vec<String> = params
                .iter()
                .map(|parts| parts.iter().map(u16::to_string).collect::<Vec<_>>().join(":"))
                .collect();
            self.0.push(format!("CSI {}{}{action}", String::from_utf8_lossy(between), numbers.join(";")));
        }
        fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
            let parts: Vec<_> = params.iter().map(|part| String::from_utf8_lossy(part)).collect();
            self.0.push(format!("OSC {}", parts.join(";")));
        }
        fn esc_dispatch(&mut self, between: &[u8], _: bool, byte: u8) {
            self.0.push(format!("ESC {}{}", String::from_utf8_lossy(between), char::from(byte)));
        }
        fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
            self.0.push(format!("DCS {action}"));
        }
        fn print(&mut self, c: char) {
            if crate::harness::binary::is_raw(c) {
                self.0.push(format!("printed {:04x}", u32::from(c)));
            }
        }
    }
    let mut told = Told(Vec::new());
    vte::Parser::new().advance(&mut told, raw);
    told.0
}

/// What is not a sequence that this program uses.
pub fn foreign(raw: &[u8]) -> Vec<String> {
    let own_modes = ["25", "1049", "1000", "1002", "1003", "1006", "1015", "1004", "2004", "2026"];
    let is_own = |sequence: &String| match sequence.split_once(' ') {
        Some(("CSI", rest)) => {
            let mode = rest.strip_prefix('?').map(|rest| rest.trim_end_matches(['h', 'l']));
            let plain = rest.ends_with(['H', 'm'])
                && rest[..rest.len() - 1].bytes().all(|b| b"0123456789;:".contains(&b));
            plain || mode.is_some_and(|mode| own_modes.contains(&mode)) || rest == "2J"
        }
        Some(("OSC", rest)) => rest.starts_with("0;") || rest.starts_with("9;tackroom: "),
        Some(("byte", rest)) => matches!(rest, "0d" | "0a" | "07"),
        _ => false,
    };
    sequences(raw).into_iter().filter(|sequence| !is_own(sequence)).collect()
}
