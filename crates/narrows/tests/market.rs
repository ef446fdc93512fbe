//! What a change of rule cost: the record of policy against the sessions that could react.

use std::path::Path;

use narrows::Workbench;

/// Exchanges of which the first to react is meant by *Asia*.
const ASIA: [&str; 4] = ["XTKS", "XKRX", "XTAI", "XSHG"];

/// Every event moves the sessions that were worked out for it by hand; where the record says
/// otherwise, the table tells both and why.
#[test]
fn events_meet_the_sessions_that_could_first_react() {
    let workbench = Workbench::new(Vec::new());
    let (events, exchanges) = (workbench.events().unwrap(), workbench.exchanges().unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/market/first_sessions.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut differences = Vec::new();
    let mut met = 0;
    for row in reader.records() {
        let row = row.unwrap();
        let Ok(event) = events.find(&row[0]) else {
            differences.push(format!("{}: not on record", &row[0]));
            continue;
        };
        let moment = event.moment().unwrap();
        let session = |id: &str| exchanges.get(id).unwrap().first_session_open_after(moment).unwrap();
        let asia = ASIA.map(session).into_iter().min().unwrap();
        for (place, found, expected) in [("New York", session("XNYS"), &row[1]), ("Asia", asia, &row[2])] {
            if found.to_string() == *expected {
                met += 1;
            } else {
                differences.push(format!("{}: {place} {found}, by hand {expected}", event.id));
            }
        }
    }
    assert!(differences.is_empty(), "{met} met\n{}", differences.join("\n"));
}
