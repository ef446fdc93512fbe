//! Exchanges and firms: the embedded data against known days, and what a broken file is told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, date, time};
use narrows_catalog::DataFile;
use narrows_market::exchange::{Exchange, Exchanges};
use narrows_market::firm::{Firms, UnknownFirm};

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(folder);
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn data(files: &[(String, String)]) -> impl Iterator<Item = DataFile<'_>> {
    files.iter().map(|(path, text)| DataFile { path, text })
}

fn exchanges() -> Exchanges {
    Exchanges::read(data(&files("exchanges"))).unwrap_or_else(|problems| panic!("{problems}"))
}

fn firms() -> Firms {
    Firms::read(data(&files("firms"))).unwrap_or_else(|problems| panic!("{problems}"))
}

fn moment(text: &str) -> Timestamp {
    text.parse::<Timestamp>().unwrap()
}

fn first_day(exchange: &Exchange, text: &str) -> Date {
    exchange.first_session_open_after(moment(text)).unwrap()
}

#[test]
fn one_rule_has_a_first_day_in_each_market() {
    let all = exchanges();
    // Noon of 2022-10-07 in New York: mainland China had its National Day week until that day,
    // Monday was a holiday in Tokyo, Seoul and Taipei.
    let days = [
        ("XNYS", date(2022, 10, 7)),
        ("XSHG", date(2022, 10, 10)),
        ("XSHE", date(2022, 10, 10)),
        ("XHKG", date(2022, 10, 10)),
        ("XETR", date(2022, 10, 10)),
        ("XAMS", date(2022, 10, 10)),
        ("XTKS", date(2022, 10, 11)),
        ("XKRX", date(2022, 10, 11)),
        ("XTAI", date(2022, 10, 11)),
    ];
    assert_eq!(all.iter().count(), days.len());
    for (id, expected) in days {
        assert_eq!(first_day(all.get(id).unwrap(), "2022-10-07T12:00:00-04:00"), expected, "{id}");
    }
}

#[test]
fn a_session_counts_until_it_closes() {
    let all = exchanges();
    let (new_york, tokyo) = (all.get("xnys").unwrap(), all.get("XTKS").unwrap());
    // The notice on H20 came after the close of 2025-04-15.
    assert_eq!(first_day(new_york, "2025-04-15T16:30:00-04:00"), date(2025, 4, 16));
    assert_eq!(first_day(new_york, "2025-04-15T15:59:59-04:00"), date(2025, 4, 15));
    assert_eq!(first_day(new_york, "2025-04-15T16:00:00-04:00"), date(2025, 4, 16));
    // On the day after Thanksgiving the close is at one.
    assert_eq!(new_york.closes(date(2024, 11, 29)), time(13, 0, 0, 0));
    assert_eq!(new_york.other_close(date(2024, 11, 29)), Some("Day after Thanksgiving"));
    assert_eq!(first_day(new_york, "2024-11-29T14:00:00-05:00"), date(2024, 12, 2));
    assert_eq!(first_day(new_york, "2024-12-02T14:00:00-05:00"), date(2024, 12, 2));
    // Tokyo closes half an hour later since 2024-11-05.
    assert_eq!(first_day(tokyo, "2024-11-01T15:10:00+09:00"), date(2024, 11, 5));
    assert_eq!(first_day(tokyo, "2024-11-05T15:10:00+09:00"), date(2024, 11, 5));
    assert_eq!(tokyo.opens(date(2021, 6, 1)), time(9, 0, 0, 0));
    let seoul = all.get("XKRX").unwrap();
    assert_eq!(first_day(seoul, "2025-11-13T16:00:00+09:00"), date(2025, 11, 13));
    assert_eq!(first_day(seoul, "2025-11-12T16:00:00+09:00"), date(2025, 11, 13));
}

#[test]
fn closures_that_no_rule_foresees_are_known() {
    let all = exchanges();
    for (id, day, holiday) in [
        ("XNYS", date(2025, 1, 9), "National Day of Mourning for Jimmy Carter"),
        ("XTAI", date(2024, 7, 24), "Typhoon Gaemi"),
        ("XTAI", date(2024, 10, 31), "Typhoon Kong-rey"),
        ("XHKG", date(2024, 9, 6), "Typhoon Yagi"),
        ("XKRX", date(2025, 6, 3), "Presidential election"),
        ("XSHG", date(2025, 10, 8), "National Day"),
    ] {
        let exchange = all.get(id).unwrap();
        assert_eq!(exchange.is_session(day), Some(false), "{id} {day}");
        assert_eq!(exchange.holiday(day), Some(holiday));
    }
    for (id, day) in [("XNYS", date(2025, 4, 16)), ("XETR", date(2025, 6, 9)), ("XHKG", date(2025, 9, 24))] {
        assert_eq!(all.get(id).unwrap().is_session(day), Some(true), "{id} {day}");
    }
}

#[test]
fn sessions_of_a_year_are_as_many_as_published() {
    let all = exchanges();
    // New York had 252 sessions in 2024 and 250 in 2025, Tokyo 245 and 243, Shanghai 242 and 243.
    for (id, first, second) in
        [("XNYS", 252, 250), ("XTKS", 245, 243), ("XSHG", 242, 243), ("XSHE", 242, 243)]
    {
        let exchange = all.get(id).unwrap();
        let count = |year: i16| exchange.sessions_between(date(year - 1, 12, 31), date(year, 12, 31));
        assert_eq!((count(2024), count(2025)), (Some(first), Some(second)), "{id}");
    }
}

#[test]
fn steps_forward_and_back_meet() {
    for exchange in exchanges().iter() {
        let mut day = exchange.first_session_on_or_after(exchange.covered.0).unwrap();
        let mut steps = 0;
        let start = day;
        while let Some(next) = exchange.next_session(day) {
            assert_eq!(exchange.previous_session(next), Some(day), "{} {day}", exchange.id);
            assert_eq!(exchange.sessions_between(day, next), Some(1));
            assert_eq!(exchange.first_session_on_or_after(next), Some(next));
            day = next;
            steps += 1;
        }
        assert_eq!(exchange.sessions_between(start, day), Some(steps), "{}", exchange.id);
        assert!(steps > 1400, "{}: {steps}", exchange.id);
    }
}

#[test]
fn nothing_is_guessed_beyond_the_calendar() {
    let all = exchanges();
    let exchange = all.get("XNYS").unwrap();
    let (first, last) = exchange.covered;
    assert_eq!(exchange.is_session(first.yesterday().unwrap()), None);
    assert_eq!(exchange.is_session(last.tomorrow().unwrap()), None);
    assert_eq!(exchange.next_session(last), None);
    assert_eq!(exchange.previous_session(first), None);
    assert_eq!(exchange.first_session_on_or_after(date(2031, 1, 1)), None);
    assert_eq!(exchange.sessions_between(date(2020, 1, 1), last), None);
    assert_eq!(exchange.sessions_between(last, first), Some(0));
    assert_eq!(exchange.first_session_open_after(moment("2026-12-31T17:00:00-05:00")), None);
    assert_eq!(exchange.first_session_open_after(moment("2019-05-16T12:00:00-04:00")), None);
    assert!(all.get("XLON").is_none());
}

const GOOD: &str = r#"id = "XTST"
name = "Test"
place = "US"
time_zone = "America/New_York"
open = "09:30"
close = "16:00"
currency = "USD"
covered = [2024-01-01, 2024-12-31]
certainty = "official"
source = "a test"
holidays = [{ name = "New Year", dates = [2024-01-01] }]
closes = [{ date = 2024-12-24, close = "13:00", name = "Eve" }]
"#;

#[test]
fn a_broken_calendar_is_told_line_and_field() {
    let read = |text: &str| Exchanges::read([DataFile { path: "xtst.toml", text }]);
    assert_eq!(read(GOOD).unwrap().iter().count(), 1);
    for (from, to, at, words) in [
        ("America/New_York", "America/Gotham", "xtst.toml:4: time_zone: ", "IANA"),
        ("\"16:00\"", "\"9.00\"", "xtst.toml:6: close: ", "found `9.00`"),
        ("\"16:00\"", "\"08:00:00\"", "xtst.toml:6: close: ", "not after the opening"),
        ("XTST", "Test", "xtst.toml:1: id: ", "four capital letters"),
        (
            "[2024-01-01, 2024-12-31]",
            "[2024-12-31, 2024-01-01]",
            "xtst.toml:8: covered: ",
            "first and the last",
        ),
        ("dates = [2024-01-01]", "dates = [2023-01-02]", "xtst.toml:11: holidays[0].dates: ", "outside"),
        ("dates = [2024-01-01]", "dates = [2024-01-06]", "xtst.toml:11: holidays[0].dates: ", "Saturday"),
        (
            "dates = [2024-01-01]",
            "dates = [2024-01-01, 2024-01-01]",
            "xtst.toml:11: holidays[0].dates: ",
            "listed twice",
        ),
        ("dates = [2024-01-01]", "dates = []", "xtst.toml:11: holidays[0].dates: ", "at least one"),
        ("date = 2024-12-24", "date = 2024-01-01", "xtst.toml:12: closes[0].date: ", "New Year"),
        ("\"13:00\"", "\"09:00\"", "xtst.toml:12: closes[0].close: ", "not after the opening"),
        (
            "certainty",
            "confirmed = [2023-01-02, 2024-06-28]\ncertainty",
            "xtst.toml:9: confirmed: ",
            "outside what is covered",
        ),
        ("currency = \"USD\"\n", "", "xtst.toml:1: currency: ", "missing"),
        ("holidays", "holdays", "xtst.toml:11: holdays: ", "did you mean `holidays`?"),
        ("covered = [2024-01-01, 2024-12-31]\n", "", "covered: ", "missing"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let problems = read(&text).unwrap_err().to_string();
        let told = problems.lines().any(|line| line.contains(at) && line.contains(words));
        assert!(told, "{from} -> {to}: expected `{at}` with `{words}`, found\n{problems}");
    }
    let twice = [DataFile { path: "a.toml", text: GOOD }, DataFile { path: "b.toml", text: GOOD }];
    let problems = Exchanges::read(twice).unwrap_err().to_string();
    assert!(problems.starts_with("b.toml:1: id: there is another exchange `XTST`"), "{problems}");
}

#[test]
fn firms_are_found_by_any_of_their_names() {
    let firms = firms();
    for (name, id) in [
        ("NVIDIA", "nvidia"),
        ("nvda", "nvidia"),
        ("英伟达", "nvidia"),
        ("寒武纪", "cambricon"),
        ("688256.ss", "cambricon"),
        ("688256", "cambricon"),
        ("Hon Hai (Foxconn)", "hon-hai"),
        ("sk hynix", "sk-hynix"),
        ("SK하이닉스", "sk-hynix"),
        ("tsm", "tsmc"),
        ("2330", "tsmc"),
        ("ASM", "asm-international"),
        ("asml", "asml"),
    ] {
        assert_eq!(firms.firm(name).unwrap().id, id, "{name}");
    }
    let tsmc = firms.firm("TSMC").unwrap();
    assert_eq!(tsmc.securities, ["2330.TW", "TSM"]);
    assert_eq!(tsmc.headquarters, "TW");
    assert_eq!(firms.securities_of(tsmc).count(), 2);
    assert!(firms.firm("Huawei").unwrap().securities.is_empty());
}

#[test]
fn what_is_no_firm_is_named() {
    let firms = firms();
    let error = firms.firm("nvidai").unwrap_err();
    assert_eq!(error.to_string(), "unknown firm or ticker `nvidai`; did you mean `NVIDIA`?");
    assert!(matches!(firms.firm("spy"), Err(UnknownFirm::Benchmark { ticker, .. }) if ticker == "SPY"));
    assert!(matches!(firms.firm("DAX"), Err(UnknownFirm::Benchmark { ticker, .. }) if ticker == "^GDAXI"));
    let far = firms.firm("a firm that nobody knows").unwrap_err();
    assert!(matches!(far, UnknownFirm::Unknown { nearest: None, .. }));
}

#[test]
fn securities_know_exchange_and_limit() {
    let (firms, exchanges) = (firms(), exchanges());
    firms.check(&exchanges).unwrap_or_else(|problems| panic!("{problems}"));
    let limit =
        |ticker: &str| firms.security(ticker).unwrap().price_limit.map(|limit| (limit * 100.0).round());
    assert_eq!(limit("688041.SS"), Some(20.0));
    assert_eq!(limit("300308.SZ"), Some(20.0));
    assert_eq!(limit("603019.ss"), Some(10.0));
    assert_eq!(limit("005930.KS"), Some(30.0));
    assert_eq!(limit("NVDA"), None);
    // Every ticker that stands for a market is itself a security without a firm.
    for exchange in exchanges.iter() {
        for ticker in exchange.benchmarks.iter().chain(&exchange.world) {
            let benchmark = firms.security(ticker).unwrap_or_else(|| panic!("{ticker} of {}", exchange.id));
            assert_eq!(benchmark.firm, None);
        }
    }
    assert!(firms.security("^KS11").unwrap().constituents.contains(&"samsung".to_owned()));
    for security in firms.securities() {
        let suffix = security.ticker.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        let expected = match suffix {
            "T" => "XTKS",
            "KS" => "XKRX",
            "TW" => "XTAI",
            "SS" => "XSHG",
            "SZ" => "XSHE",
            "HK" => "XHKG",
            "DE" => "XETR",
            "AS" => "XAMS",
            _ => continue,
        };
        assert_eq!(security.exchange, expected, "{}", security.ticker);
    }
}

#[test]
fn quotes_stand_on_sessions_and_sessions_have_quotes() {
    let (firms, exchanges) = (firms(), exchanges());
    let tables = files("quotes").into_iter().filter(|(path, _)| path.ends_with(".csv"));
    let mut quoted: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for (path, text) in tables {
        for line in text.lines().skip(1) {
            let mut cells = line.split(',');
            let (day, ticker) = (cells.next().unwrap(), cells.next().unwrap());
            let Some(security) = firms.security(ticker) else { panic!("{path}: `{ticker}` is no security") };
            quoted.entry(security.exchange.clone()).or_default().insert(day.parse().unwrap());
        }
    }
    assert!(quoted.len() >= 8, "{:?}", quoted.keys());
    for (id, days) in &quoted {
        let exchange = exchanges.get(id).unwrap();
        let mut day = *days.first().unwrap();
        let mut missing = Vec::new();
        while day <= *days.last().unwrap() {
            let session = exchange.is_session(day) == Some(true);
            assert!(session || !days.contains(&day), "{id}: a quote on {day}, which has no session");
            if session && !days.contains(&day) {
                missing.push(day);
            }
            day = day.tomorrow().unwrap();
        }
        // The source of the Korean shares lacks this one day.
        let gap = if id == "XKRX" { vec![date(2025, 9, 19)] } else { Vec::new() };
        assert_eq!(missing, gap, "{id}: sessions without a quote");
    }
}

const FIRMS: &str = r#"certainty = "official"
source = "a test"

[[firm]]
id = "one"
name = "One"
names = ["Uno"]
headquarters = "US"
security = [{ ticker = "ONE", exchange = "XTST", price_limit = 0.10 }]

[[firm]]
id = "two"
name = "Two"
names = ["Due"]
headquarters = "US"

[[benchmark]]
ticker = "^ALL"
name = "All"
exchange = "XTST"
constituents = ["one"]
"#;

#[test]
fn a_broken_list_of_firms_is_told_line_and_field() {
    let read = |text: &str| Firms::read([DataFile { path: "firms.toml", text }]);
    let firms = read(FIRMS).unwrap();
    assert_eq!(firms.iter().count(), 2);
    for (from, to, at, words) in [
        ("\"Due\"", "\"uno\"", "firms.toml:14: firm[1].names: ", "a name of `one` too"),
        ("id = \"two\"", "id = \"one\"", "firms.toml:12: firm[1].id: ", "another firm"),
        ("\"US\"", "\"us\"", "firms.toml:8: firm[0].headquarters: ", "ISO 3166-1"),
        ("0.10", "10", "firms.toml:9: firm[0].security[0].price_limit: ", "a fraction"),
        ("[\"one\"]", "[\"on\"]", "firms.toml:21: benchmark[0].constituents: ", "did you mean `one`?"),
        ("^ALL", "ONE", "firms.toml:18: benchmark[0].ticker: ", "another security"),
        (
            "price_limit",
            "price_limt",
            "firms.toml:9: firm[0].security[0].price_limt: ",
            "did you mean `price_limit`?",
        ),
    ] {
        let text = FIRMS.replacen(from, to, 1);
        let problems = read(&text).unwrap_err().to_string();
        let told = problems.lines().any(|line| line.contains(at) && line.contains(words));
        assert!(told, "{from} -> {to}: expected `{at}` with `{words}`, found\n{problems}");
    }
    let known = Exchanges::read([DataFile { path: "x.toml", text: &GOOD.replace("XTST", "XTSU") }]).unwrap();
    let problems = firms.check(&known).unwrap_err().0;
    assert_eq!(problems.len(), 2);
    assert_eq!((problems[0].line, problems[0].field.as_str()), (9, "firm[0].security[0].exchange"));
    assert!(problems[0].message.contains("did you mean `XTSU`?"), "{}", problems[0]);
}
