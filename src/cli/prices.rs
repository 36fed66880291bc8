//! What models cost: the table of this program, the user's own in `config.toml`, and `tackroom prices`, which lists them.

use crate::adapters::model::priced::place;
use crate::cli::args::Prices;
use crate::cli::config::{self, Config};
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::domain::money::Money;
use crate::domain::price::{Origin, Price, PriceBook, Rates};
use crate::domain::text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// More for 1,000,000 tokens is a slip of the pen: the dearest known costs 600 dollars.
const DEAREST: Money = Money(100_000 * 1_000_000_000);

/// A number of dollars as written: whole, with a point, or as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Dollars {
    Whole(i64),
    Point(f64),
    Text(String),
}

/// What is charged, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LongFile {
    over: u64,
    input: Dollars,
    cached: Option<Dollars>,
    written: Option<Dollars>,
    output: Dollars,
}

/// `[prices."NAME"]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFile {
    input: Dollars,
    cached: Option<Dollars>,
    written: Option<Dollars>,
    output: Dollars,
    long: Option<LongFile>,
    date: Option<String>,
}

/// The table as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    date: String,
    seller: Vec<Seller>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seller {
    name: String,
    source: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    note: String,
    models: BTreeMap<String, PriceFile>,
}

fn table() -> Result<Table, Failure> {
    let broken = |why| Failure::new(Code::Failed, format!("the built-in prices cannot be read: {why}"), "");
    config::built_in(include_str!("../../assets/prices.toml")).map_err(broken)
}

/// The prices of the configuration, without those that are none; and what is wrong with the first of those.
pub fn yours(file: &BTreeMap<String, PriceFile>, path: &Path) -> (Vec<Price>, Option<Failure>) {
    let (mut prices, mut wrong) = (Vec::new(), None);
    for (name, written) in file {
        let origin = Origin::Yours { name: name.clone() };
        let dated = || Err("date: the day is told of the table's prices only".to_string());
        let read = if written.date.is_some() { dated() } else { price(name, written, ("", ""), origin) };
        match read {
            Ok(price) => prices.push(price),
            Err(why) => {
                let sentence =
                    format!("the configuration {} is wrong: [prices.{name:?}] {why}", path.display());
                let hint = "a price is in US dollars for 1,000,000 tokens, such as input = 0.15; nothing was started";
                wrong.get_or_insert_with(|| Failure::new(Code::Usage, sentence, hint));
            }
        }
    }
    (prices, wrong)
}

/// The user's prices with the table.
pub fn book(yours: Vec<Price>) -> Result<PriceBook, Failure> {
    let table = table()?;
    let mut prices = Vec::new();
    for seller in &table.seller {
        for (name, written) in &seller.models {
            let date = written.date.clone().unwrap_or_else(|| table.date.clone());
            let origin = Origin::Table { date, name: name.clone() };
            let price = price(name, written, (&seller.at, &seller.name), origin);
            let wrong = |why| Failure::new(Code::Failed, format!("the built-in price of {name} {why}"), "");
            prices.push(price.map_err(wrong)?);
        }
    }
    Ok(PriceBook::new(yours, prices, table.date))
}

fn price(
    name: &str,
    written: &PriceFile,
    (at, seller): (&str, &str),
    origin: Origin,
) -> Result<Price, String> {
    if name.trim().is_empty() {
        return Err("has no name: it is that of a model".to_string());
    }
    let rates = rates([&written.input, &written.output], [&written.cached, &written.written])?;
    let long = match &written.long {
        Some(long) => {
            Some((long.over, self::rates([&long.input, &long.output], [&long.cached, &long.written])?))
        }
        None => None,
    };
    let (name, at, seller) = (name.to_string(), at.to_string(), seller.to_string());
    Ok(Price { name, rates, long, at, seller, origin })
}

fn rates([input, output]: [&Dollars; 2], [cached, written]: [&Option<Dollars>; 2]) -> Result<Rates, String> {
    let some = |name: &str, of: &Option<Dollars>| of.as_ref().map(|of| dollars(name, of)).transpose();
    Ok(Rates {
        input: dollars("input", input)?,
        cached: some("cached", cached)?,
        written: some("written", written)?,
        output: dollars("output", output)?,
    })
}

fn dollars(name: &str, written: &Dollars) -> Result<Money, String> {
    let text = match written {
        Dollars::Whole(whole) => whole.to_string(),
        Dollars::Point(point) => point.to_string(),
        Dollars::Text(text) => text.clone(),
    };
    match Money::parse(&text) {
        Err(why) => Err(format!("{name} = {}: {why}", text::reveal_plain(&text))),
        Ok(money) if money > DEAREST => {
            Err(format!("{name} = {text}: that is {money} for 1,000,000 tokens; is it meant for fewer?"))
        }
        Ok(money) => Ok(money),
    }
}

/// What a breakpoint at a cost does not see where a model has no price; none where it has one.
pub fn blind(config: &Config, model: &str, base_url: Option<&str>) -> Option<String> {
    let place = place(base_url.unwrap_or_default());
    if place.host.ends_with("openrouter.ai") || config.prices.price(model, "", &place).is_some() {
        return None;
    }
    let model = text::reveal_plain(model);
    Some(format!(
        "no price is known for {model}, so cost=… cannot stop it: give it one in config.toml, under [prices.\"{model}\"], or use tokens=…"
    ))
}

/// Lists the prices, or tells the one that holds for a model.
pub fn prices(config: &Config, args: &Prices) -> Result<Code, Failure> {
    let (book, table) = (&config.prices, table()?);
    let found: Vec<&Price> = match &args.name {
        None => book.all().collect(),
        Some(name) => {
            let url = config.base_url.value.as_deref();
            // Without an address the name alone is looked up, as its maker would be asked.
            let place = url.map_or_else(anywhere, place);
            book.price(name, "", &place).into_iter().collect()
        }
    };
    if args.json {
        let rows: Vec<Value> = found.iter().map(|price| told(price, &table)).collect();
        let document = json!({ "version": 1, "date": book.date, "unit": "US dollars per 1,000,000 tokens", "prices": rows });
        out::json(&document.to_string())?;
    } else {
        for line in lines(&found, &table, args.name.is_none()) {
            out::line(&out::safe(&line))?;
        }
    }
    if let (Some(name), true) = (&args.name, found.is_empty()) {
        let shown = text::reveal_plain(name);
        return Err(Failure::new(
            Code::Failed,
            format!("no price is known for {shown}, so what it costs is unknown"),
            format!(
                "give it one in config.toml: [prices.\"{shown}\"] input = … output = …; `tackroom prices` lists those there are"
            ),
        ));
    }
    Ok(Code::Done)
}

fn anywhere() -> crate::domain::price::Place {
    crate::domain::price::Place { host: "anywhere".to_string(), near: false }
}

fn lines(found: &[&Price], table: &Table, all: bool) -> Vec<String> {
    if found.is_empty() {
        return Vec::new();
    }
    let row = |cells: [&str; 5], rest: &str| {
        let [name, input, cached, written, output] = cells;
        format!("{name:<36} {input:>9} {cached:>9} {written:>9} {output:>9}  {rest}").trim_end().to_string()
    };
    let mut lines = vec![row(["model", "input", "cached", "written", "output"], "whose price")];
    for price in found {
        let of = |rates: &Rates, name: &str, rest: &str| {
            let some = |money: Option<Money>| money.map_or_else(|| "-".to_string(), Money::exact);
            let (cached, written) = (some(rates.cached), some(rates.written));
            row([name, &rates.input.exact(), &cached, &written, &rates.output.exact()], rest)
        };
        lines.push(of(&price.rates, &price.name, &whose(price)));
        if let Some((over, rates)) = &price.long {
            lines.push(of(rates, &format!("  over {over} tokens"), ""));
        }
    }
    if all {
        lines.push(String::new());
        lines.push(format!("US dollars per 1,000,000 tokens; the table is of {}", table.date));
        lines.extend(table.seller.iter().map(|seller| {
            let note = if seller.note.is_empty() { String::new() } else { format!(" {}", seller.note) };
            format!("{}: {}{note}", seller.name, seller.source)
        }));
    }
    lines
}

fn whose(price: &Price) -> String {
    let at = if price.at.is_empty() { String::new() } else { format!(" at {}", price.at) };
    match &price.origin {
        Origin::Table { date, .. } => format!("{}{at}, {date}", price.seller),
        Origin::Yours { .. } => "yours".to_string(),
        Origin::Server | Origin::Recorded => price.origin.words(),
    }
}

fn told(price: &Price, table: &Table) -> Value {
    let of = |rates: &Rates| {
        json!({ "input": rates.input.exact(), "cached": rates.cached.map(Money::exact),
            "written": rates.written.map(Money::exact), "output": rates.output.exact() })
    };
    let mut value = of(&price.rates);
    let seller = table.seller.iter().find(|seller| seller.name == price.seller);
    let (date, is_yours) = match &price.origin {
        Origin::Table { date, .. } => (Some(date), false),
        Origin::Yours { .. } | Origin::Server | Origin::Recorded => (None, true),
    };
    if let Some(members) = value.as_object_mut() {
        members.insert("model".to_string(), price.name.clone().into());
        members.insert("yours".to_string(), is_yours.into());
        members.insert("date".to_string(), json!(date));
        members.insert("seller".to_string(), json!(seller.map(|seller| &seller.name)));
        members.insert("source".to_string(), json!(seller.map(|seller| &seller.source)));
        members.insert("at".to_string(), json!((!price.at.is_empty()).then_some(&price.at)));
        let long = price.long.as_ref().map(|(over, rates)| (over, of(rates)));
        members.insert(
            "long".to_string(),
            json!(long.map(|(over, rates)| json!({ "over": over, "prices": rates }))),
        );
    }
    value
}
