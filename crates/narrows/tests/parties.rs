//! Lists of restricted parties: what is embedded is what was published, ids stay, and a newer
//! file is taken or refused as documented.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};

use narrows::listed::{Party, PartyKind};
use narrows::operations::{ListsDiff, ListsDiffRequest, ListsUpdate, ListsUpdateAnswer, ListsUpdateRequest};
use narrows::{Date, Failure, FailureKind, Operation, OverlayFile, Workbench};
use serde_json::json;

fn workbench() -> Workbench {
    Workbench::new(Vec::new())
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn update(workbench: &Workbench, text: &str, accept_shrink: bool) -> Result<ListsUpdateAnswer, Failure> {
    let request = ListsUpdateRequest {
        shown: "new".to_owned(),
        text: text.to_owned(),
        date: day("2030-01-02"),
        source: "a test".to_owned(),
        url: None,
        note: None,
        certainty: None,
        accept_shrink,
    };
    ListsUpdate::run(workbench, &request)
}

/// What the government's file calls a list.
fn title(workbench: &Workbench, code: &str) -> String {
    workbench.party_register().unwrap().lists.get(code).unwrap().titles[0].clone()
}

/// Parties of the newest edition that the government's file has.
fn published(workbench: &Workbench) -> Vec<Party> {
    let register = workbench.party_register().unwrap();
    let edition = workbench.edition(None).unwrap();
    let is_published = |party: &&Party| !register.lists.get(&party.list).unwrap().titles.is_empty();
    edition.parties().iter().filter(is_published).cloned().collect()
}

fn kind(party: &Party) -> &'static str {
    match party.kind {
        Some(PartyKind::Entity) => "Entity",
        Some(PartyKind::Individual) => "Individual",
        Some(PartyKind::Vessel) => "Vessel",
        Some(PartyKind::Aircraft) => "Aircraft",
        None => "",
    }
}

/// The government's layout as CSV, columns in an order of our own.
fn as_csv(workbench: &Workbench, parties: &[Party]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "name",
        "_id",
        "source",
        "entity_number",
        "type",
        "programs",
        "title",
        "addresses",
        "federal_register_notice",
        "start_date",
        "license_requirement",
        "license_policy",
        "alt_names",
    ];
    writer.write_record(header).unwrap();
    for (at, party) in parties.iter().enumerate() {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let addresses: Vec<String> =
            party.countries.iter().map(|code| format!("1 Some Street, {code}")).collect();
        let row = [
            party.name.clone(),
            format!("{at:040x}"),
            title(workbench, &party.list),
            text(&party.entity_number),
            kind(party).to_owned(),
            party.programmes.join("; "),
            String::new(),
            addresses.join("; "),
            text(&party.federal_register),
            party.effective.map(|day| day.to_string()).unwrap_or_default(),
            text(&party.licence_requirement),
            text(&party.licence_policy),
            party.aliases.iter().map(|alias| alias.replace(';', ",")).collect::<Vec<_>>().join("; "),
        ];
        writer.write_record(&row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// The government's layout as JSON.
fn as_json(workbench: &Workbench, parties: &[Party]) -> String {
    let rows: Vec<serde_json::Value> = parties
        .iter()
        .map(|party| {
            let addresses: Vec<_> =
                party.countries.iter().map(|code| json!({"city": "X", "country": code})).collect();
            json!({
                "alt_names": party.aliases, "name": party.name, "source": title(workbench, &party.list),
                "entity_number": party.entity_number, "programs": party.programmes, "addresses": addresses,
                "type": if party.kind.is_some() { json!(kind(party)) } else { json!(null) },
                "federal_register_notice": party.federal_register, "start_date": party.effective,
                "license_requirement": party.licence_requirement, "license_policy": party.licence_policy,
                "id": "e5a9eff64cec4a74ed5e9e93c2d851dc2d9132d2", "source_list_url": "https://example.org",
            })
        })
        .collect();
    serde_json::to_string_pretty(&json!({"total": rows.len(), "results": rows})).unwrap()
}

fn names<'a>(parties: impl Iterator<Item = &'a Party>) -> usize {
    parties.map(|party| 1 + party.aliases.len()).sum()
}

#[test]
fn editions_hold_what_was_published() {
    let workbench = workbench();
    let first = workbench.edition(Some(day("2026-07-20"))).unwrap();
    assert_eq!(first.parties().len(), 5_640);
    assert_eq!(names(first.parties().iter()), 11_509);
    for (code, count) in [
        ("EL", 3_409),
        ("MEU", 70),
        ("DPL", 564),
        ("CMIC", 68),
        ("1260H", 80),
        ("1286", 134),
        ("ISN", 528),
        ("DTC", 787),
    ] {
        assert_eq!(first.of_list(code).count(), count, "{code}");
    }
    let rows: usize = workbench.party_register().unwrap().snapshots[1].lists.values().map(|it| it.rows).sum();
    assert_eq!(rows, 25_921);
    let newest = workbench.edition(None).unwrap();
    // Lists that the newer file lacks stand on.
    assert_eq!(newest.dates()["1260H"], day("2026-07-09"));
    assert_eq!(newest.dates()["EL"], day("2026-07-31"));
    assert_eq!(newest.of_list("1260H").count(), 80);
}

#[test]
fn a_day_before_the_record_is_told_apart() {
    let failure = workbench().edition(Some(day("2026-07-08"))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BeforeCoverage);
    assert!(failure.message.contains("2026-07-09"), "{}", failure.message);
}

#[test]
fn ids_are_unique_and_lead_on() {
    let workbench = workbench();
    let first = workbench.edition(Some(day("2026-07-09"))).unwrap();
    let newest = workbench.edition(None).unwrap();
    let mut seen = BTreeSet::new();
    for party in newest.parties() {
        for id in std::iter::once(&party.id).chain(&party.former_ids) {
            assert!(seen.insert(id.clone()), "{id} twice");
        }
    }
    let answer = ListsDiff::run(&workbench, &ListsDiffRequest::default()).unwrap();
    let removed: BTreeSet<&str> =
        answer.lists.iter().flat_map(|list| &list.removed).map(|party| party.id.as_str()).collect();
    for party in first.parties() {
        let now = newest.get(&party.id);
        assert!(now.is_some() != removed.contains(party.id.as_str()), "{}", party.id);
        assert!(now.is_none_or(|now| now.list == party.list), "{}", party.id);
    }
    for list in &answer.lists {
        let lost = list.removed.len() + list.merged.len();
        assert_eq!(list.before - lost + list.added.len(), list.after, "{}", list.list);
    }
}

/// Parties whose name the two files spell differently, found by hand.
#[test]
fn parties_are_found_again_across_spellings() {
    let workbench = workbench();
    let newest = workbench.edition(None).unwrap();
    for (id, name) in [
        ("EL-0651", "Huawei Technologies Co., Ltd."),
        ("EL-0836", "Piotech"),
        ("EL-0151", "32 Group China Ltd."),
        ("EL-0092", "Huawei do Brasil Telecomunicacoes Ltda"),
        ("EL-2457", "Lukoil, OAO"),
        ("EL-1092", "Tan Wei"),
        ("EL-0894", "Shandong Sheenrun Optics and Electronics Co., Ltd"),
        ("DTC-stat-0001", "Edwin Acety"),
        ("ISN-0280", "PMC Wagner; and any successor, sub-unit, or subsidiary thereof"),
        ("DPL-0028", "THANE-COAT, INC"),
        ("CMIC-0000", "Aero Engine Corporation of China"),
    ] {
        assert_eq!(newest.get(id).map(|party| party.name.as_str()), Some(name), "{id}");
    }
    // One firm with a row for each country became one row.
    let both = newest.get("EL-1699").unwrap();
    assert_eq!((both.id.as_str(), &both.countries), ("EL-0005", &vec!["AF".to_owned(), "PK".to_owned()]));
}

#[test]
fn footnotes_are_read_from_both_sources() {
    let workbench = workbench();
    for date in ["2026-07-09", "2026-07-31"] {
        let edition = workbench.edition(Some(day(date))).unwrap();
        for (id, footnotes) in [
            ("EL-0651", &[1_u8, 2][..]),
            ("EL-0904", &[4]),
            ("EL-0048", &[3]),
            ("EL-0848", &[5]),
            ("EL-0585", &[]),
        ] {
            assert_eq!(edition.get(id).unwrap().footnotes, footnotes, "{id} on {date}");
        }
    }
}

#[test]
fn names_of_ours_belong_to_listed_parties() {
    let workbench = workbench();
    let aliases = workbench.party_aliases().unwrap();
    let first = workbench.edition(Some(day("2026-07-09"))).unwrap();
    assert!(aliases.firms().count() > 500);
    for firm in aliases.firms() {
        for id in &firm.parties {
            assert!(first.get(&id.value).is_some(), "{}", id.value);
        }
    }
    // An id that became a former one leads to the same names.
    let newest = workbench.edition(None).unwrap();
    let names =
        |id: &str| aliases.of(newest.get(id).unwrap()).map(|alias| alias.text.clone()).collect::<Vec<_>>();
    assert!(names("EL-0585").contains(&"海康威视".to_owned()));
}

#[test]
fn the_same_parties_in_the_governments_layouts_keep_their_ids() {
    let workbench = workbench();
    let parties = published(&workbench);
    let ids: BTreeSet<&str> = parties.iter().map(|party| party.id.as_str()).collect();
    let texts = [
        ("comma separated values", as_csv(&workbench, &parties)),
        ("JSON with the rows in `results`", as_json(&workbench, &parties)),
    ];
    for (layout, text) in texts {
        let answer = update(&workbench, &text, false).unwrap();
        assert_eq!(answer.layout, layout);
        for coverage in answer.snapshot.lists.values() {
            assert_eq!((coverage.added, coverage.removed), (0, 0), "{layout}: {}", coverage.list);
        }
        let lines = answer.files[0].text.lines();
        let made: Vec<Party> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        let made: BTreeMap<&str, &Party> = made.iter().map(|party| (party.id.as_str(), party)).collect();
        assert!(made.keys().all(|id| ids.contains(id)), "{layout}: an id from nowhere");
        for party in parties.iter().step_by(97) {
            let again =
                made.values().find(|it| it.id == party.id || it.former_ids.contains(&party.id)).unwrap();
            assert_eq!(
                (&again.name, &again.footnotes),
                (&party.name, &party.footnotes),
                "{layout}: {}",
                party.id
            );
        }
        // The edition that was made can be laid over the data and asked.
        let files = answer.files.iter().map(|file| OverlayFile {
            path: file.path.clone(),
            shown: file.path.clone(),
            text: file.text.clone(),
        });
        let own = Workbench::new(files.collect());
        own.check_everything().unwrap();
        assert_eq!(own.edition(None).unwrap().date(), Some(day("2030-01-02")));
        assert_eq!(own.edition(Some(day("2029-12-31"))).unwrap().date(), Some(day("2026-07-31")));
    }
}

#[test]
fn a_shrinking_list_is_refused_by_name() {
    let workbench = workbench();
    let mut parties = published(&workbench);
    let mut at = 0;
    // Every tenth of one list, and all of another.
    parties.retain(|party| {
        at += 1;
        !(party.list == "UVL" || (party.list == "EL" && at % 10 == 0))
    });
    let text = as_csv(&workbench, &parties);
    let failure = update(&workbench, &text, false).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Input);
    for words in [
        "list EL shrank",
        "3332 parties before",
        "list UVL vanished",
        "222 parties before",
        "--accept-shrink",
    ] {
        assert!(failure.message.contains(words), "{words}: {}", failure.message);
    }
    assert!(!failure.message.contains("1260H"), "lists that are published elsewhere do not count");
    let answer = update(&workbench, &text, true).unwrap();
    assert!(answer.snapshot.lists["EL"].shrink_accepted);
    assert!(!answer.snapshot.lists["MEU"].shrink_accepted);
}

#[test]
fn an_edition_is_newer_than_all_on_record() {
    let workbench = workbench();
    let mut request = ListsUpdateRequest {
        shown: "new".to_owned(),
        text: as_csv(&workbench, &published(&workbench)),
        date: day("2026-07-31"),
        source: "a test".to_owned(),
        url: None,
        note: None,
        certainty: None,
        accept_shrink: true,
    };
    let failure = ListsUpdate::run(&workbench, &request).unwrap_err();
    assert!(failure.message.contains("expected a day after 2026-07-31"), "{}", failure.message);
    request.date = day("2026-08-01");
    assert!(ListsUpdate::run(&workbench, &request).is_ok());
}

/// Files that no one should trust: each is refused with the place and what was expected, or
/// taken with a notice.
#[test]
fn hostile_files_are_refused_with_their_place() {
    let workbench = workbench();
    let el = title(&workbench, "EL");
    let endless = "x".repeat(1_000_000);
    let surrogate = r#"{"results":[{"source":"EL","name":"a"},
{"source":"EL","name":"\ud800"}]}"#;
    let refused = [
        (String::new(), "new:1: expected parties, found none"),
        ("name,source\n".to_owned(), "new:1: expected parties, found none"),
        ("name,name\na,b\n".to_owned(), "new:1: name: two columns"),
        (format!("name,source\nA,{el}\nB\n"), "new:3: expected 2 fields as in the header, found 1"),
        (format!("nom,source\nA,{el}\n"), "new:2: name: the field is missing"),
        ("name,sourse\nA,EL\n".to_owned(), "new:2: source: the field is missing"),
        ("name,source\nA,Entity Lost (EX) - Bureau\n".to_owned(), "new:2: source: unknown list `Entity Lost"),
        (format!("name,source\n\"{endless}\",{el}\n"), "new:2: name: expected at most 2000 bytes, found 1000000"),
        (format!("name,source,type\nA,{el},Alien\n"), "new:2: type: expected one of entity, individual"),
        (format!("name,source,start_date\nA,{el},yesterday\n"), "new:2: start_date: expected a day"),
        (surrogate.to_owned(), "new:2: "),
        (r#"{"results":[{"source":"EL","name":"a"}"#.to_owned(), "new:1: "),
        (r#"{"results":[{"source":"EL","name":["a"]}]}"#.to_owned(), "new:1: name: expected a text"),
        (r#"{"results":[7]}"#.to_owned(), "new:1: results[0]: "),
        ("{\"source\":\"EL\",\"name\":\"a\"}\n{\"source\":\"EL\"\n".to_owned(), "new:2: "),
        (
            "{\"id\":\"EL-1\",\"list\":\"EL\",\"name\":\"a\"}\n{\"id\":\"EL-1\",\"list\":\"EL\",\"name\":\"b\"}\n".to_owned(),
            "new:2: id: two rows have the id `EL-1`",
        ),
    ];
    for (text, expected) in refused {
        let failure = update(&workbench, &text, true).unwrap_err();
        let begin: String = text.chars().take(60).collect();
        assert_eq!(failure.kind, FailureKind::Input, "{begin}");
        assert!(
            failure.message.contains(expected),
            "{begin}: expected {expected}, found {}",
            failure.message
        );
        assert!(failure.message.len() < 5_000, "{begin}: the message is as endless as the file");
    }
    let odd = format!("name,source,nickname\n\"Ev\u{202e}il \u{7}Co\",{el},x\n");
    let answer = update(&workbench, &odd, true).unwrap();
    let notices = answer.notices.join("\n");
    assert!(notices.contains("unknown column `nickname`"), "{notices}");
    assert!(notices.contains("U+202E"), "{notices}");
}

#[test]
fn an_edition_that_was_cut_off_is_refused() {
    let workbench = workbench();
    let answer = update(&workbench, &as_csv(&workbench, &published(&workbench)), false).unwrap();
    let files = answer.files.iter().map(|file| {
        let end = if file.path.ends_with("jsonl") { file.text.len() / 2 } else { file.text.len() };
        let end = (0..=end).rev().find(|at| file.text.is_char_boundary(*at)).unwrap();
        OverlayFile { path: file.path.clone(), shown: file.path.clone(), text: file.text[..end].to_owned() }
    });
    let failure = Workbench::new(files.collect()).edition(None).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Input);
    assert!(failure.message.starts_with("parties/editions/2030-01-02.jsonl:"), "{}", failure.message);
}
