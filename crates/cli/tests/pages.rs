//! Pages of `narrows brief`: sound as HTML, self-contained, readable without the pictures, and
//! in a real browser neither wider than the window nor asking for anything.

#![expect(clippy::expect_used, clippy::panic, reason = "test code: a panic is the report")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use scraper::{Html, Selector};
use tempfile::TempDir;

/// Chips and destinations whose pages differ most: caught by a letter, a family's default,
/// an open answer, no figures at all, a memory stack, another vendor, no licence needed.
const PAGES: [&[&str]; 8] = [
    &["H20", "--to", "CN", "--on", "2026-11-23"],
    &["H100", "--to", "AE", "--on", "2026-07-01"],
    &["昇腾910B", "--to", "CN", "--on", "2025-06-01"],
    &["nvidia.rubin-ultra", "--to", "CN", "--on", "2026-03-02"],
    &["HBM3E", "--to", "CN", "--on", "2025-02-01"],
    &["MI308X", "--to", "CN", "--on", "2025-07-20", "--headquarters", "CN"],
    &["H200", "--to", "DE", "--on", "2026-03-02"],
    &["RTX 4090", "--to", "CN", "--on", "2023-12-01", "--view", "codified"],
];

/// Writes a page, and gives it with what was printed.
fn brief(folder: &Path, arguments: &[&str]) -> (PathBuf, String) {
    let page = folder.join("page.html");
    let output = Command::new(env!("CARGO_BIN_EXE_narrows"))
        .arg("brief")
        .args(arguments)
        .arg("--output")
        .arg(&page)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (page, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
    page.select(&selector).collect()
}

#[test]
fn pages_are_sound_and_self_contained() {
    let folder = TempDir::new().expect("a folder");
    for arguments in PAGES {
        let (path, summary) = brief(folder.path(), arguments);
        assert!(summary.lines().count() <= 40, "{arguments:?} prints {} lines", summary.lines().count());
        let text = fs::read_to_string(path).expect("a page");
        let page = Html::parse_document(&text);
        assert!(page.errors.is_empty(), "{arguments:?}: {:?}", page.errors);

        // Nothing is loaded and nothing runs: addresses stand in links only.
        for forbidden in
            ["script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"]
        {
            assert!(select(&page, forbidden).is_empty(), "{arguments:?} has <{forbidden}>");
        }
        for element in select(&page, "*") {
            for (name, value) in element.value().attrs() {
                assert!(!name.starts_with("on"), "{arguments:?}: {name}={value}");
                let address = matches!(name, "src" | "srcset" | "href" | "xlink:href" | "action" | "data");
                let local = value.starts_with('#') || (element.value().name() == "a" && name == "href");
                assert!(!address || local, "{arguments:?}: {name}={value}");
            }
        }
        for style in select(&page, "style") {
            let style: String = style.text().collect();
            assert!(!style.contains("@import") && !style.contains("http"), "{arguments:?} loads a style");
        }

        // What a reader needs who does not see the pictures or use a mouse.
        assert!(!select(&page, "html[lang]").is_empty(), "{arguments:?}: no language");
        assert_eq!(select(&page, "h1").len(), 1, "{arguments:?}: one heading of the first rank");
        assert_eq!(select(&page, "main").len(), 1, "{arguments:?}: one main part");
        let mut ids = BTreeSet::new();
        for element in select(&page, "[id]") {
            let id = element.value().id().unwrap_or_default().to_owned();
            assert!(ids.insert(id.clone()), "{arguments:?}: two elements are `{id}`");
        }
        let pictures = select(&page, "svg");
        assert!(!pictures.is_empty(), "{arguments:?}: no picture");
        for picture in pictures {
            let hidden = picture.value().attr("aria-hidden") == Some("true");
            let labels = picture.value().attr("aria-labelledby").unwrap_or_default();
            let labelled = !labels.is_empty() && labels.split(' ').all(|id| ids.contains(id));
            let named = picture.value().attr("role") == Some("img") && labelled;
            assert!(hidden || named, "{arguments:?}: a picture without a text alternative");
        }
        for table in select(&page, "table") {
            let heads = Selector::parse("th").expect("a selector");
            assert!(table.select(&heads).next().is_some(), "{arguments:?}: a table without heads");
        }
    }
}

/// What a page says of the events that reach a chip.
#[test]
fn pages_tell_what_each_change_cost() {
    let folder = TempDir::new().expect("a folder");
    let section = |arguments: &[&str]| {
        let (path, summary) = brief(folder.path(), arguments);
        (Html::parse_document(&fs::read_to_string(path).expect("a page")), summary)
    };
    let (page, summary) = section(&["H20", "--to", "CN", "--on", "2026-11-23"]);
    assert_eq!(select(&page, ".costs svg.moves").len(), 2, "a picture for each width");
    let rows = select(&page, ".costs div > table > tbody > tr");
    assert!(rows.len() >= 15, "every event that reaches the chip, found {}", rows.len());
    let said = |row: &scraper::ElementRef<'_>| row.text().collect::<String>();
    let letter =
        rows.iter().map(said).find(|row| row.contains("2025-04-15-h20-licence-disclosed")).expect("a row");
    // The raw fall, what the market leaves of it, what overnight returns show, and a confounder.
    for part in ["−6.9%", "−1.5%", "t −0.55", "−4.1%", "t −2.97", "ASML reported"] {
        assert!(letter.contains(part), "{part} in {letter}");
    }
    let told: String = select(&page, ".costs").iter().flat_map(|it| it.text()).collect();
    for part in ["charge foreseen up to $5.5 bn", "charge booked $4.5 bn", "released of the charge"] {
        assert!(told.contains(part), "{part} is not told");
    }
    let late = rows.iter().take(15).map(said).next_back().expect("an event after the quotes");
    assert!(!late.contains(", p "), "no test where there is no quote: {late}");
    assert!(summary.contains("What each change cost: 15 events"), "{summary}");

    let (page, summary) = section(&["TPU v5e", "--to", "CN", "--on", "2025-02-01"]);
    let rows = select(&page, ".costs").len();
    assert!(rows == 0 && !summary.contains("each change cost"), "no event reaches it");
}

/// What a page says of training and serving, chip by chip.
#[test]
fn pages_tell_what_a_chip_can_still_do() {
    let folder = TempDir::new().expect("a folder");
    let section = |arguments: &[&str]| {
        let (path, summary) = brief(folder.path(), arguments);
        (Html::parse_document(&fs::read_to_string(path).expect("a page")), summary)
    };
    let (page, summary) = section(&["H20", "--to", "CN", "--on", "2026-11-23"]);
    let tables = select(&page, ".abilities table");
    assert_eq!(tables.len(), 2, "a table for each model");
    for table in tables {
        let rows = Selector::parse("tbody tr").expect("a selector");
        let (rate, cell) = (Selector::parse(".rate").expect("one"), Selector::parse("td").expect("one"));
        let own = Selector::parse("tr.own").expect("a selector");
        assert_eq!(table.select(&own).count(), 1, "the chip itself stands out");
        // Its lineage of four, and parts of several other makers.
        assert!(table.select(&rows).count() > 6, "siblings and others");
        for cell in table.select(&cell) {
            let said = cell.text().collect::<String>();
            let why = said.contains("would do") || said.contains("possible");
            assert!(cell.select(&rate).next().is_some() || why, "neither a rate nor a reason: {said}");
        }
    }
    let text: String = select(&page, ".abilities").iter().flat_map(|it| it.text()).collect();
    assert!(text.contains("per $1,000"), "a price where the catalogue has one");
    assert!(summary.contains("What it can still do"), "{summary}");

    let (page, summary) = section(&["nvidia.rubin-ultra", "--to", "CN", "--on", "2026-03-02"]);
    let text: String = select(&page, ".abilities").iter().flat_map(|it| it.text()).collect();
    assert!(text.contains("not on record") && select(&page, ".abilities table").is_empty(), "{text}");
    assert!(summary.contains("cannot be computed"), "{summary}");

    let (page, summary) = section(&["HBM3E", "--to", "CN", "--on", "2025-02-01"]);
    assert!(select(&page, ".abilities").is_empty() && !summary.contains("still do"), "a bare memory stack");
}

/// A browser, or none. `NARROWS_BROWSER` names one that must be there.
fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("NARROWS_BROWSER") {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

fn run(browser: &Path, profile: &Path, arguments: &[&str]) -> String {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .output()
        .expect("the browser runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The page in frames of several widths, and a script that writes down what it finds there.
fn frames(page: &str) -> String {
    let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
    let frames: String = [1280, 768, 390]
        .map(|width| format!("<iframe width={width} height=900 srcdoc=\"{escaped}\"></iframe>"))
        .concat();
    format!(
        "<!doctype html><meta charset=utf-8><body>{frames}<output></output><script>\
         addEventListener('load', () => {{\
           const found = [...document.querySelectorAll('iframe')].map(frame => {{\
             const root = frame.contentDocument.documentElement;\
             const asked = frame.contentWindow.performance.getEntriesByType('resource').length;\
             return frame.width + ':' + (root.scrollWidth - root.clientWidth) + ':' + asked;\
           }});\
           document.querySelector('output').textContent = found.join(' ');\
         }});</script>"
    )
}

#[test]
fn pages_fit_a_real_browser() {
    let Some(browser) = browser() else {
        eprintln!("not tried: there is no browser here; NARROWS_BROWSER may name one");
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let profile = folder.path().join("profile");
    for arguments in PAGES.iter().take(4) {
        let (path, _) = brief(folder.path(), arguments);
        let framed = folder.path().join("framed.html");
        fs::write(&framed, frames(&fs::read_to_string(&path).expect("a page"))).expect("a file");
        let address = format!("file://{}", framed.display());
        let found = run(&browser, &profile, &["--dump-dom", &address]);
        let measured = found.split("<output>").nth(1).and_then(|rest| rest.split("</output>").next());
        assert_eq!(
            measured,
            Some("1280:0:0 768:0:0 390:0:0"),
            "{arguments:?}: width, what sticks out, and requests of each frame"
        );
        let printed = folder.path().join("page.pdf");
        run(
            &browser,
            &profile,
            &[
                "--no-pdf-header-footer",
                &format!("--print-to-pdf={}", printed.display()),
                &format!("file://{}", path.display()),
            ],
        );
        let printed = fs::read(&printed).expect("a printed page");
        assert!(printed.starts_with(b"%PDF"), "{arguments:?} is not printed");
    }
}
