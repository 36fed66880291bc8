//! Money, prices and what a reply cost: to the last billionth, and never invented.

use crate::harness::cases::cases;
use crate::harness::mock_model::{Answer, MockModel};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::model::endpoint::EndpointConfig;
use tackroom::adapters::model::fields;
use tackroom::adapters::model::openai::OpenAi;
use tackroom::adapters::model::priced::Priced;
use tackroom::cli::prices::book;
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::ids::SessionId;
use tackroom::domain::listing::Query;
use tackroom::domain::listing_words;
use tackroom::domain::message::{Reply, Transcript, Usage};
use tackroom::domain::money::{Money, Spent};
use tackroom::domain::price::{Origin, Place, Price, PriceBook, Rates};
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::model::{Ask, Errand, Model};

fn tried() -> u32 {
    let cases = cases(1_000);
    println!("money: {cases} cases");
    cases
}

fn usd(text: &str) -> Money {
    Money::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn far(host: &str) -> Place {
    Place { host: host.to_string(), near: false }
}

fn table() -> PriceBook {
    book(Vec::new()).expect("the table is whole")
}

#[test]
fn amounts_are_shown_and_read() {
    for (typed, shown) in [
        ("0", "$0"),
        ("0.50", "$0.50"),
        ("$2", "$2.00"),
        (".5", "$0.50"),
        ("0.0123", "$0.0123"),
        ("0.00012", "$0.00012"),
        ("0.000034567", "$0.000035"),
        ("0.000000001", "$0.000000001"),
        ("0.99999", "$1.00"),
        ("1.239", "$1.24"),
        ("999.994", "$999.99"),
        ("999.999", "$1,000"),
        ("1240", "$1,240"),
        ("$1,240,000", "$1,240,000"),
        ("18446744073", "$18,446,744,073"),
    ] {
        assert_eq!(usd(typed).to_string(), shown, "{typed}");
    }
    for (typed, why) in [
        ("", "no amount"),
        ("two", "no amount"),
        ("-1", "no amount"),
        ("1.", "no amount"),
        (".", "no amount"),
        ("1e3", "no amount"),
        ("1,24", "no amount"),
        ("NaN", "no amount"),
        ("0.0000000001", "finer"),
        ("99999999999", "more money"),
    ] {
        assert!(Money::parse(typed).unwrap_err().contains(why), "{typed}");
    }
    assert_eq!(Spent::default().words(), "$0");
    let known = Spent::of(Some(usd("0.12")));
    assert_eq!((known.words(), known.is_whole()), ("$0.12".to_string(), true));
    let both = known.plus(Spent::of(None));
    assert_eq!(both.short().as_deref(), Some("$0.12 + ?"));
    assert_eq!(both.words(), "$0.12 + ? (not known of 1 of 2 replies)");
    assert_eq!((Spent::of(None).short(), Spent::of(None).words().as_str()), (None, "unknown"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tried()))]

    /// The exact form reads as the same amount; the shown one as nearly the same.
    #[test]
    fn an_amount_reads_as_it_was_written(nano in prop_oneof![any::<u64>(), 0_u64..2_000_000_000, 0_u64..200_000]) {
        let money = Money(nano);
        prop_assert_eq!(Money::parse(&money.exact()), Ok(money));
        prop_assert_eq!(Money::parse(&format!("${}", money.exact())), Ok(money));
        let shown = money.to_string();
        match Money::parse(&shown) {
            Ok(again) => {
                let off = again.0.abs_diff(nano);
                prop_assert!(off as f64 <= nano as f64 * 0.05, "{nano} is shown as {shown}");
                prop_assert_eq!(again.to_string(), shown, "it settles");
            }
            Err(why) => prop_assert!(nano > u64::MAX - 1_000_000_000, "{nano}: {shown}: {why}"),
        }
    }

    /// Whatever is typed, it is read or refused with words.
    #[test]
    fn anything_may_be_typed(typed in prop_oneof!["[$0-9.,]{0,24}", ".{0,12}"]) {
        match Money::parse(&typed) {
            Ok(money) => prop_assert_eq!(Money::parse(&money.exact()), Ok(money)),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }

    /// Sums do not depend on their order, and end at the largest amount.
    #[test]
    fn sums_are_sums(costs in proptest::collection::vec(proptest::option::of(any::<u64>()), 0..12)) {
        let of = |cost: &Option<u64>| Spent::of(cost.map(Money));
        let forth = costs.iter().map(of).fold(Spent::default(), Spent::plus);
        let back = costs.iter().rev().map(of).fold(Spent::default(), Spent::plus);
        prop_assert_eq!(forth, back);
        let all: u128 = costs.iter().flatten().map(|nano| u128::from(*nano)).sum();
        prop_assert_eq!(u128::from(forth.known.0), all.min(u128::from(u64::MAX)));
        prop_assert_eq!(forth.unknown as usize, costs.iter().filter(|cost| cost.is_none()).count());
        prop_assert_eq!((forth.priced + forth.unknown) as usize, costs.len());
    }

    /// A cost is what its tokens come to, rounded once; odd counts neither panic nor wrap.
    #[test]
    fn a_cost_is_what_its_tokens_come_to(
        input in any::<u64>(), output in any::<u64>(), cached in any::<u64>(), written in any::<u64>(),
        prices in proptest::array::uniform4(0_u64..1_000_000_000_000)
    ) {
        let rates = Rates {
            input: Money(prices[0]), cached: Some(Money(prices[1])), written: Some(Money(prices[2])), output: Money(prices[3]),
        };
        let price = Price {
            name: "m".into(), rates, long: None, at: String::new(), seller: String::new(), origin: Origin::Yours { name: "m".into() },
        };
        for shift in [0, 20, 44] {
            let usage = Usage {
                input: input >> shift, output: output >> shift, cached: cached >> shift, written: written >> shift, reasoning: 0,
            };
            let Some(cost) = price.cost(usage) else {
                prop_assert_eq!(usage.input + usage.output, 0);
                continue;
            };
            let cached = usage.cached.min(usage.input);
            let written = usage.written.min(usage.input - cached);
            let fresh = usage.input - cached - written;
            let parts = [(fresh, prices[0]), (cached, prices[1]), (written, prices[2]), (usage.output, prices[3])];
            let all: u128 = parts.into_iter().map(|(n, price)| u128::from(n) * u128::from(price)).sum();
            let wanted = u64::try_from((all + 500_000) / 1_000_000).unwrap_or(u64::MAX);
            prop_assert_eq!(cost.nano, Money(wanted));
        }
    }
}

#[test]
fn the_longest_name_that_fits_counts_and_no_other_model_is_taken_for_it() {
    let book = table();
    let found = |model: &str, host: &str| {
        book.price(model, "", &far(host)).map(|price| price.name.clone()).unwrap_or_default()
    };
    for (model, host, name) in [
        ("gpt-4o-mini-2024-07-18", "api.openai.com", "gpt-4o-mini"),
        ("gpt-4o-2024-08-06", "api.openai.com", "gpt-4o"),
        ("gpt-4o-2024-05-13", "api.openai.com", "gpt-4o-2024-05-13"),
        ("openai/gpt-4.1", "openrouter.ai", "gpt-4.1"),
        ("GPT-5-mini", "api.openai.com", "gpt-5-mini"),
        ("anthropic/claude-sonnet-4.5", "openrouter.ai", "claude-sonnet-4-5"),
        ("claude-opus-4-20250514", "api.anthropic.com", "claude-opus-4"),
        ("claude-opus-4-1-20250805", "api.anthropic.com", "claude-opus-4-1"),
        ("claude-3-5-sonnet-latest", "api.anthropic.com", "claude-3-5-sonnet"),
        ("models/gemini-2.5-flash-preview-09-2025", "generativelanguage.googleapis.com", "gemini-2.5-flash"),
        ("llama-3.3-70b-versatile", "api.groq.com", "llama-3.3-70b-versatile"),
        ("openai/gpt-oss-120b", "api.groq.com", "gpt-oss-120b"),
        // Nobody's price: another model, another seller, nobody who sells it.
        ("gpt-4o-ultra", "api.openai.com", ""),
        ("gpt-5.9", "api.openai.com", ""),
        ("claude-opus-4-9", "api.anthropic.com", ""),
        ("gpt-4omega", "api.openai.com", ""),
        ("llama-3.3-70b-versatile", "api.example.com", ""),
        ("llama-3.3-70b-versatile", "notgroq.com", ""),
        ("deepseek-v4-flash:free", "openrouter.ai", ""),
        ("gpt-4o:free", "openrouter.ai", ""),
        ("gpt-4o", "", ""),
        ("", "api.openai.com", ""),
    ] {
        assert_eq!(found(model, host), name, "{model} at {host}");
    }
    // Two digits alone are a minor version, of another price.
    for model in ["gpt-5.10", "grok-4.25", "claude-opus-4-10", "claude-opus-4-99"] {
        let price = book.price(model, "", &far("api.example.com"));
        assert_eq!(price.map(|price| price.name.clone()), None, "{model}");
    }
    let near = Place { host: "127.0.0.1".into(), near: true };
    assert_eq!(book.price("gpt-4o", "gpt-4o", &near), None, "what runs here has no list price");
    let answered = book.price("my-alias", "gpt-4o-mini-2024-07-18", &far("gateway.example.com")).unwrap();
    assert_eq!(answered.name, "gpt-4o-mini", "what the server says that it asked");
}

#[test]
fn every_price_of_the_table_is_dated_and_sane() {
    let book = table();
    let mut many = 0;
    for price in book.all() {
        many += 1;
        let Origin::Table { date, .. } = &price.origin else { panic!("{price:?}") };
        let is_day = date.len() == 10 && date.as_str() >= "2025-01-01" && *date <= book.date;
        assert!(is_day, "{}: {date}", price.name);
        for rates in [Some(price.rates), price.long.map(|(_, rates)| rates)].into_iter().flatten() {
            assert!(rates.input > Money(0) && rates.output >= rates.input, "{price:?}");
            assert!(rates.cached.is_none_or(|cached| cached < rates.input), "{price:?}");
            assert!(rates.written.is_none_or(|written| written > rates.input), "{price:?}");
        }
        let host = if price.at.is_empty() { "api.example.com" } else { &price.at };
        let found = book.price(&price.name, "", &far(host)).unwrap();
        assert_eq!((&found.name, &found.at), (&price.name, &price.at), "it is found by its own name");
    }
    assert!(many > 90, "{many}");
    for maker in ["OpenAI", "Anthropic", "Google", "DeepSeek", "Mistral", "Groq"] {
        assert!(book.all().any(|price| price.seller == maker), "{maker}");
    }
}

#[test]
fn a_long_request_costs_what_long_ones_do_and_cached_tokens_are_counted_once() {
    let book = table();
    let cost = |model: &str, usage| {
        let price = book.price(model, "", &far("generativelanguage.googleapis.com")).unwrap();
        price.cost(usage).unwrap().nano
    };
    let usage = Usage { input: 200_000, output: 1_000, ..Usage::default() };
    assert_eq!(cost("gemini-2.5-pro", usage), usd("0.26"));
    assert_eq!(cost("gemini-2.5-pro", Usage { input: 200_001, ..usage }), usd("0.5150025"));
    let usage = Usage { input: 1_000, cached: 800, output: 100, reasoning: 60, written: 0 };
    assert_eq!(
        cost("gpt-4o-mini", usage),
        usd("0.00015"),
        "200 × 0.15 + 800 × 0.075 + 100 × 0.60, by the million"
    );
    let usage = Usage { input: 10_000, cached: 6_000, written: 3_000, output: 10, reasoning: 0 };
    assert_eq!(
        cost("claude-sonnet-4-5", usage),
        usd("0.0162"),
        "1,000 × 3 + 6,000 × 0.30 + 3,000 × 3.75 + 10 × 15"
    );
}

#[test]
fn what_servers_count_in_their_own_way_comes_to_the_same() {
    let read = |usage: serde_json::Value| fields::usage(&json!({ "usage": usage })).unwrap();
    let openai = read(json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 60}, "completion_tokens_details": {"reasoning_tokens": 8}}));
    assert_eq!(openai, Usage { input: 100, output: 20, cached: 60, reasoning: 8, written: 0 });
    let anthropic = read(json!({"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 30}));
    assert_eq!(anthropic, Usage { input: 100, output: 20, cached: 60, reasoning: 0, written: 30 });
    let gateway = read(json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
        "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30}));
    assert_eq!(gateway, anthropic, "here they are among the tokens of the prompt");
    let deepseek = read(json!({"prompt_tokens": 100, "completion_tokens": 20, "prompt_cache_hit_tokens": 60,
        "prompt_cache_miss_tokens": 40}));
    assert_eq!(deepseek, Usage { input: 100, output: 20, cached: 60, ..Usage::default() });
    let gemini = read(json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 170}));
    assert_eq!(gemini.output, 70, "thoughts are paid for as output, and only the total has them");
    let charged = |usage| fields::charged(&json!({ "usage": usage }));
    assert_eq!(charged(json!({"cost": 0.0012})), Some(usd("0.0012")));
    assert_eq!(charged(json!({"cost": 1.2e-5})), Some(usd("0.000012")));
    let own = json!({"cost": 0.01, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.2}});
    assert_eq!(charged(own), Some(usd("0.21")));
    for odd in
        [json!({"cost": -1}), json!({"cost": "much"}), json!({"cost": null}), json!({"cost": {"total": 1}})]
    {
        assert_eq!(charged(odd.clone()), None, "{odd}");
    }
}

#[test]
fn a_filter_by_cost_never_takes_the_unknown_for_little() {
    let row = |spent: Option<Spent>, steps| {
        let mut row = Row::new(SessionId("0123456789".into()));
        (row.spent, row.steps) = (spent, steps);
        row
    };
    let (cheap, dear) = (row(Some(Spent::of(Some(usd("0.05")))), 1), row(Some(Spent::of(Some(usd("3")))), 1));
    let part = row(Some(Spent::of(Some(usd("0.50"))).plus(Spent::of(None))), 2);
    let old = row(None, 4); // of a store that was written before costs were counted
    let fits = |filter: &str| {
        let mut query = Query::default();
        let odd = listing_words::read(filter, Micros(0), &mut query);
        assert!(odd.is_empty(), "{filter}: {odd:?}");
        assert!(query.wants_rows(), "{filter}");
        [&cheap, &dear, &part, &old].map(|row| query.fits(row))
    };
    assert_eq!(fits("cost:>0.10"), [false, true, true, false]);
    assert_eq!(fits("cost>0.10"), fits("cost:0.10"));
    assert_eq!(fits("cost<1"), [true, false, false, false]);
    assert_eq!(fits("cost:<=$3"), [true, true, false, false]);
    assert_eq!(fits("cost:unknown"), [false, false, true, true]);
    assert_eq!(fits("cost>0.01 cost<0.06"), [true, false, false, false]);
    for wrong in ["cost:cheap", "cost>", "tokens>x"] {
        let odd = listing_words::read(wrong, Micros(0), &mut Query::default());
        assert_eq!(odd.len(), 1, "{wrong}: {odd:?}");
    }
    let mut query = Query::default();
    assert!(listing_words::read("tokens>10k cost=basis", Micros(0), &mut query).len() == 1);
    assert_eq!(query.tokens_min, Some(10_000));
    let stored: Row = {
        let mut value = json!(old);
        value.as_object_mut().unwrap().remove("spent");
        serde_json::from_value(value).unwrap()
    };
    assert_eq!(stored.cost(), Spent { unknown: 4, ..Spent::default() });
}

/// What a model answers that is asked at `url`, as far as prices know.
async fn answered(server: &MockModel, book: PriceBook, url: &str) -> Reply {
    let chunk = json!({"model": "gpt-4o-mini", "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "cost": 0.5}});
    server.push(Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n")));
    let plain = OpenAi::new(EndpointConfig::new(server.url()), Arc::new(SystemClock)).unwrap();
    let model = Priced::new(Arc::new(plain), Arc::new(book), url);
    let ask = Ask {
        session: SessionId("0123456789".into()),
        model: "openai/gpt-4o-mini".into(),
        messages: Transcript::default(),
        tools: ToolBook::default(),
        attempt: 1,
        errand: Errand::default(),
    };
    model.prepare(ask).unwrap().send(Arc::new(|_| {})).await.unwrap()
}

#[tokio::test]
async fn a_price_of_the_users_beats_what_the_server_says_and_that_beats_the_table() {
    let server = MockModel::start(Vec::new()).await;
    let cost = |reply: Reply| reply.cost.map(|cost| (cost.nano, cost.by.words()));
    let told = answered(&server, table(), "https://openrouter.ai/api/v1").await;
    assert_eq!(cost(told), Some((usd("0.5"), "as the server told".to_string())));
    let listed = answered(&server, table(), "https://api.openai.com/v1").await;
    let (nano, by) = cost(listed).unwrap();
    assert_eq!(nano, usd("0.00021"), "what others call cost may be anything");
    assert!(by.starts_with("at the price of gpt-4o-mini of 2025-"), "{by}");
    assert_eq!(cost(answered(&server, table(), "http://127.0.0.1:4000/v1").await), None);
    assert_eq!(cost(answered(&server, table(), "").await), None, "a script is nobody's to sell");
    let origin = Origin::Yours { name: "openai/*".into() };
    let rates = Rates::flat(usd("1"), usd("2"));
    let own = Price {
        name: "openai/*".into(),
        rates,
        long: None,
        at: String::new(),
        seller: String::new(),
        origin,
    };
    for url in ["https://openrouter.ai/api/v1", "https://api.openai.com/v1", "http://127.0.0.1:4000/v1", ""] {
        let book = book(vec![own.clone()]).unwrap();
        let (nano, by) = cost(answered(&server, book, url).await).unwrap();
        assert_eq!((nano, by.as_str()), (usd("0.0012"), "at your price of openai/*"), "{url}");
    }
}

/// As an event is stored: with each kind of price, and as it was before there were any. They load, and are written the same.
#[test]
fn stored_costs_load_for_ever() {
    let event = |cost: &str| {
        format!(
            r#"{{"no":4,"at":1763712000000000,"run":1,"span":3,"parent":2,"kind":"ModelReplied","data":{{"reply":{{"model":"m","text":"x","calls":[],"finish":"stop","usage":{{"input":9,"output":2,"cached":3,"reasoning":0}},{cost}"timing":{{"first_ms":1,"total_ms":2,"pace":[]}}}},"calls":[]}}}}"#
        )
    };
    for (cost, words) in [
        ("", None),
        (r#""cost":{"nano":1200,"by":{"yours":{"name":"m"}}},"#, Some("at your price of m")),
        (
            r#""cost":{"nano":1200,"by":{"table":{"date":"2026-08-02","name":"m"}}},"#,
            Some("at the price of m of 2026-08-02"),
        ),
        (r#""cost":{"nano":1200,"by":"server"},"#, Some("as the server told")),
        (r#""cost":{"nano":1200,"by":"recorded"},"#, Some("as that tool recorded it")),
    ] {
        let stored = event(cost);
        let read = Event::from_json(&stored).unwrap_or_else(|why| panic!("{stored}: {why:?}"));
        let Fact::ModelReplied { reply, .. } = &read.fact else { panic!("{read:?}") };
        assert_eq!(reply.cost.as_ref().map(|cost| cost.by.words()).as_deref(), words);
        assert_eq!(reply.spent().known, Money(if words.is_some() { 1_200 } else { 0 }));
        assert_eq!(read.to_json(), stored);
    }
}
