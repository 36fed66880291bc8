//! Promises: each of `tests/promises.tsv` has a test that tells its figure, each figure belongs to one, and the page in
//! `assets/` tells them all with what they were tried with.

use super::{Finding, House, broken, holds};

const TABLE: &str = "tests/promises.tsv";
const PAGE: &str = "assets/promises.md";
const KEPT: &str = "promise::kept(";

fn text<'a>(house: &'a House, path: &str) -> &'a str {
    house.files.iter().find(|(found, _)| found == path).map_or("", |(_, text)| text)
}

/// The numbers of the table, each with its words.
fn rows(house: &House) -> Vec<(&str, &str)> {
    text(house, TABLE).lines().map(|line| line.split_once('\t').unwrap_or((line, ""))).collect()
}

/// The numbers that tests tell figures of, each with its file.
fn told(house: &House) -> Vec<(&str, &str)> {
    let tests = house.files.iter().filter(|(path, _)| path.starts_with("tests/it/") && path.ends_with(".rs"));
    tests
        .filter(|(path, _)| !path.starts_with("tests/it/tidy/"))
        .flat_map(|(path, text)| text.split(KEPT).skip(1).map(move |rest| (path.as_str(), rest)))
        .filter_map(|(path, rest)| Some((path, rest.trim_start().strip_prefix('"')?.split('"').next()?)))
        .collect()
}

fn promises(house: &House) -> Vec<Finding> {
    let (rows, told) = (rows(house), told(house));
    let mut found = Vec::new();
    for (line, (id, words)) in rows.iter().enumerate() {
        let finding = |what: String, instead: &str| Finding::new(TABLE, line + 1, what, instead);
        if !told.iter().any(|(_, kept)| kept == id) {
            found.push(finding(format!("no test tells a figure of {id}"), "end its test with promise::kept"));
        }
        let row = format!("| {id} | {words} | ");
        let figure = text(house, PAGE).lines().find_map(|line| line.strip_prefix(&row));
        let tried = figure.is_some_and(|figure| figure.len() > 4 && !figure.starts_with("not tried"));
        if !tried {
            found.push(finding(format!("{PAGE} has no figure of {id}"), "write the page: tests/run --page"));
        }
    }
    for (path, id) in told {
        if !rows.iter().any(|(known, _)| *known == id) {
            found.push(Finding::new(path, 0, format!("{id} is no promise"), "give it a row in the table"));
        }
    }
    found
}

#[test]
fn every_promise_is_tried_and_told() {
    let house = House::load();
    assert!(rows(house).len() > 30, "the table is read");
    holds("a promise has a test, a figure and a line on the page", &promises(house));
}

#[test]
fn a_promise_without_a_test_or_a_figure_is_found() {
    let house = House::of(&[
        (TABLE, "R1\tNothing is lost\nR2\tNothing is doubled\nR3\tAll is told\n"),
        (PAGE, "| R1 | Nothing is lost | 3 runs |\n| R2 | Nothing is doubled | not tried here |\n"),
        (
            "tests/it/a.rs",
            "fn a() { promise::kept(\"R1\", 1); promise::kept(\n \"R2\", 2); promise::kept(\"R9\", 3); }",
        ),
    ]);
    let expected = ["no figure of R2", "no test tells a figure of R3", "no figure of R3", "R9 is no promise"];
    broken(&promises(&house), &expected);
}
