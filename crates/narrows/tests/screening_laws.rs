//! What must hold of every listed name in both editions: it finds itself, however it is written; more words
//! or other order do not lose it; and the index finds what a comparison with every name finds.

#![expect(clippy::unwrap_used, reason = "test code: a panic is the report")]

use std::sync::Arc;

use narrows::matching::{Hit, Options, Screener, Strength};
use narrows::{NamedEdition, Workbench};

const EDITIONS: [&str; 2] = ["2026-07-09", "2026-07-31"];

fn editions() -> Vec<Arc<NamedEdition>> {
    let workbench = Workbench::new(Vec::new());
    EDITIONS.iter().map(|day| workbench.named_edition(Some(day.parse().unwrap())).unwrap()).collect()
}

fn everything() -> Options {
    Options { top: 2_000, ..Options::default() }
}

/// The hit that is the party or another row of it.
fn hit_of(hits: &[Hit], party: usize) -> Option<&Hit> {
    hits.iter().find(|hit| hit.party == party || hit.same_party.contains(&party))
}

/// Every `step`th party with what becomes of its name, and how many lose it.
fn lost(
    named: &NamedEdition,
    step: usize,
    change: impl Fn(&str) -> Option<String>,
    is_kept: impl Fn(&Hit) -> bool,
) -> (usize, Vec<String>) {
    let mut screener = Screener::new(&named.index);
    let (mut asked, mut lost) = (0, Vec::new());
    for (party, row) in named.edition.parties().iter().enumerate().step_by(step) {
        let Some(query) = change(&row.name) else { continue };
        let screening = screener.screen(&query, &everything());
        asked += 1;
        if screening.refusal.is_some() || !hit_of(&screening.hits, party).is_some_and(&is_kept) {
            lost.push(format!("{}: {query}", row.id));
        }
    }
    assert!(asked > 100, "only {asked} names were asked");
    (asked, lost)
}

fn at_most(named: &NamedEdition, what: &str, (asked, lost): (usize, Vec<String>), share: f64) {
    let date = named.edition.date().unwrap();
    println!("{date} {what}: {} of {asked} lost {:?}", lost.len(), lost.iter().take(12).collect::<Vec<_>>());
    assert!(lost.len() as f64 <= share * asked as f64, "{date} {what}: {lost:#?}");
}

#[test]
fn every_listed_name_is_itself_exactly() {
    for named in editions() {
        let found = lost(
            &named,
            1,
            |name| Some(name.to_owned()),
            |hit| hit.strength == Strength::Exact && hit.score >= 1.0,
        );
        at_most(&named, "itself", found, 0.0);
    }
}

#[test]
fn case_width_and_what_cannot_be_seen_do_not_count() {
    let wide = |name: &str| -> String {
        let wide = |letter: char| match letter {
            '!'..='~' => char::from_u32(u32::from(letter) + 0xFEE0).unwrap(),
            other => other,
        };
        name.chars().map(wide).collect()
    };
    let hidden = |name: &str| -> String { name.chars().flat_map(|letter| [letter, '\u{200b}']).collect() };
    let is_exact = |hit: &Hit| hit.strength == Strength::Exact;
    for named in editions() {
        at_most(&named, "capitals", lost(&named, 7, |name| Some(name.to_uppercase()), is_exact), 0.0);
        at_most(&named, "small letters", lost(&named, 7, |name| Some(name.to_lowercase()), is_exact), 0.0);
        at_most(&named, "width", lost(&named, 7, |name| Some(wide(name)), is_exact), 0.0);
        let short = |name: &str| (name.chars().count() < 400).then(|| hidden(name));
        at_most(&named, "invisible characters", lost(&named, 7, short, is_exact), 0.0);
    }
}

#[test]
fn punctuation_and_legal_form_lose_nothing() {
    let bare = |name: &str| -> String {
        name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect()
    };
    // A form in the middle, or two of them, is another name.
    let without = |name: &str| -> Option<String> {
        ["Co., Ltd.", "Co. Ltd.", "Limited", "LLC", "JSC"].iter().find_map(|form| {
            let stem = name.strip_suffix(form)?.trim_end_matches([' ', ',']);
            (stem.len() > 4).then(|| stem.to_owned())
        })
    };
    for named in editions() {
        at_most(&named, "punctuation", lost(&named, 7, |name| Some(bare(name)), |_| true), 0.005);
        at_most(&named, "legal form left out", lost(&named, 1, without, |_| true), 0.005);
        let other = |name: &str| without(name).map(|stem| format!("{stem} GmbH"));
        at_most(&named, "another legal form", lost(&named, 1, other, |_| true), 0.01);
    }
}

/// A name of several words that are no initials.
fn has_words(name: &str) -> bool {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.chars().count() >= 4);
    words.count() >= 3
}

#[test]
fn more_words_and_another_order_keep_the_hit() {
    for named in editions() {
        let longer = |name: &str| has_words(name).then(|| format!("{name} Telecom"));
        at_most(&named, "one more word", lost(&named, 7, longer, |_| true), 0.01);
        let branch = |name: &str| has_words(name).then(|| format!("Singapore {name} Logistics Services"));
        at_most(&named, "a branch", lost(&named, 7, branch, |_| true), 0.02);
        let turned = |name: &str| {
            // Turned round, an expression of several words is not that expression any more.
            let expressions = [
                "joint stock company",
                "limited liability company",
                "unitary enterprise",
                "limited sirketi",
                "hong kong",
                "far east",
                "middle east",
                "north china",
                "south china",
                "south africa",
            ];
            let is_plain = has_words(name)
                && name.chars().all(|letter| letter.is_alphanumeric() || letter == ' ')
                && !expressions.iter().any(|expression| name.to_lowercase().contains(expression));
            is_plain.then(|| name.split(' ').rev().collect::<Vec<_>>().join(" "))
        };
        at_most(&named, "words turned round", lost(&named, 1, turned, |_| true), 0.02);
    }
}

/// The plainest matcher: every name, letters in lower case, words sorted, edits counted.
fn by_brute_force(named: &NamedEdition, query: &str) -> (f64, usize) {
    let plain = |name: &str| {
        let mut words: Vec<String> = name
            .to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        words.sort();
        words.join(" ")
    };
    let query = plain(query);
    let mut best = (0.0, 0);
    for (party, row) in named.edition.parties().iter().enumerate() {
        for name in std::iter::once(&row.name).chain(&row.aliases) {
            let name = plain(name);
            if name.len().abs_diff(query.len()) * 5 > query.len() {
                continue;
            }
            let likeness = strsim::normalized_levenshtein(&query, &name);
            if likeness > best.0 {
                best = (likeness, party);
            }
        }
    }
    best
}

#[test]
fn the_index_finds_what_a_comparison_with_every_name_finds() {
    let workbench = Workbench::new(Vec::new());
    let named = workbench.named_edition(Some(EDITIONS[0].parse().unwrap())).unwrap();
    let mut screener = Screener::new(&named.index);
    let (mut asked, mut lost) = (0, Vec::new());
    for row in named.edition.parties().iter().step_by(47).filter(|row| row.name.chars().count() > 9) {
        // The fifth letter is left out and the seventh doubled.
        let query: String = row
            .name
            .chars()
            .enumerate()
            .flat_map(|(at, letter)| {
                std::iter::repeat_n(letter, [1, 0, 2][usize::from(at == 4) + 2 * usize::from(at == 6)])
            })
            .collect();
        let (likeness, party) = by_brute_force(&named, &query);
        if likeness < 0.9 {
            continue;
        }
        asked += 1;
        if hit_of(&screener.screen(&query, &everything()).hits, party).is_none() {
            lost.push(format!("{query}: {} at {likeness:.2}", named.edition.parties()[party].name));
        }
    }
    println!("{} of {asked} lost: {lost:#?}", lost.len());
    assert!(asked > 50);
    // Two slips within three letters of one short word can leave too little of it to look it up by:
    // 5 of 73 were lost when this was written.
    assert!(lost.len() * 10 <= asked, "{lost:#?}");
}

#[test]
fn hostile_names_are_answered_in_bounds() {
    let workbench = Workbench::new(Vec::new());
    let named = workbench.named_edition(Some(EDITIONS[0].parse().unwrap())).unwrap();
    let mut screener = Screener::new(&named.index);
    let mut ask = |name: &str| screener.screen(name, &Options::default());
    let nothing = ["", "   ", "\u{200b}\u{202e}", "😀🎉", "-", "a", "?!*"];
    for name in nothing {
        let answer = ask(name);
        assert!(answer.hits.is_empty() && answer.refusal.is_some(), "{name:?}");
    }
    for name in ["x".repeat(1 << 20), "huawei ".repeat(1 << 17), "华".repeat(1 << 18)] {
        assert!(ask(&name).refusal.is_some());
    }
    for name in [
        "a b c d e f g h i j ".repeat(49),
        "огооо ".repeat(160),
        "技术".repeat(499),
        "=cmd|' /C calc'!A0".to_owned(),
    ] {
        ask(&name);
    }
    let first = |answer: narrows::matching::Screening| {
        answer.hits.first().map(|hit| hit.name.clone()).unwrap_or_default()
    };
    for name in [
        "Hu\u{430}wei Techn\u{43e}logies Co., Ltd.",
        "\u{202e}.dtL ,.oC seigolonhceT iewauH\u{202c}",
        "H u a w e i Technologies Co Ltd",
        "huawei\u{7}\u{0} technologies\t\tco      ltd",
        "Ｈｕａｗｅｉ　Ｔｅｃｈｎｏｌｏｇｉｅｓ",
        "𝐇𝐮𝐚𝐰𝐞𝐢 Technologies'; DROP TABLE parties; --",
    ] {
        let found = first(ask(name));
        assert!(found.starts_with("Huawei Technolog"), "{name:?}: {found}");
    }
}
