//! What a promise was tried with. `tests/run` collects the figures and tells them, all in one table.

use std::fs::OpenOptions;
use std::io::Write;

/// A promise was kept: its number as in `tests/promises.tsv`, and the figure.
pub fn kept(id: &str, figure: impl std::fmt::Display) {
    println!("promise {id}: {figure}");
    if let Some(path) = std::env::var_os("TACKROOM_PROMISES") {
        let line = format!("{id}\t{figure}\n");
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the list of figures");
        file.write_all(line.as_bytes()).expect("a figure written"); // one write: whole beside others
    }
}
