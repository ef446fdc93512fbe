//! `ripple` on the embedded data and on a network of the user's own.
#![expect(clippy::unwrap_used, reason = "test code: a panic is the report")]

use narrows::operations::{
    CsvText, GivenAssumptions, Ripple, RippleAnswer, RippleRequest, RippleSectors, RippleSectorsRequest,
};
use narrows::{Date, Failure, FailureKind, Operation, OverlayFile, Workbench};

fn request(maker: &str, part: &str, from: Date) -> RippleRequest {
    RippleRequest {
        maker: maker.to_owned(),
        part: part.to_owned(),
        buyer: "CN".to_owned(),
        from,
        until: None,
        on: None,
        quarters: None,
        demand: None,
        cost_share: None,
        assumptions: GivenAssumptions::default(),
        events: Vec::new(),
        return_kind: None,
    }
}

const CUT: Date = Date::constant(2025, 4, 15);

fn leading_case() -> RippleAnswer {
    let workbench = Workbench::new(Vec::new());
    let until = Some(Date::constant(2025, 7, 15));
    Ripple::run(&workbench, &RippleRequest { until, ..request("NVIDIA", "h20", CUT) }).unwrap()
}

/// Firms of which the press told in the event: those of the article.
#[test]
fn every_firm_that_the_press_named_is_in_the_answer() {
    let workbench = Workbench::new(Vec::new());
    let answer = leading_case();
    let shares = &answer.reactions[0];
    let event = workbench.events().unwrap().find(&shares.id).unwrap();
    assert!(event.moves.len() >= 5);
    for told in &event.moves {
        let row = shares.rows.iter().find(|row| row.firm == told.firm).unwrap();
        let counted = answer.suppliers.iter().any(|supplier| supplier.effect.id == told.firm);
        assert_eq!(counted, row.not_counted.is_none(), "{}: counted, or with a reason", told.firm);
        assert_eq!(row.share.is_some(), row.no_share.is_none(), "{}: a share, or a reason", told.firm);
        assert_eq!(row.published.as_ref(), Some(told));
        if let Some(share) = &row.share {
            assert!(share.raw_return.is_some() && share.abnormal.is_some(), "{}", told.firm);
            // The press rounds and may speak of a moment in the session: the sign must agree.
            assert!(share.raw_return.unwrap() < 0.0, "{}: {:?}", told.firm, share.raw_return);
        }
    }
    let without: Vec<&str> =
        shares.rows.iter().filter(|row| row.share.is_none()).map(|row| row.firm.as_str()).collect();
    assert_eq!(without, ["asm-international"]);
    assert_eq!(answer.reactions.len(), 2, "the end of the rule is on record too");
}

/// What was foreseen, booked and sold elsewhere lies in the bands of the model, which knows none of
/// them as such.
#[test]
fn what_the_maker_told_lies_in_the_bands() {
    let answer = leading_case();
    let first = &answer.quarters[0].effect;
    assert!((first.lost_sales.middle - 2.5e9).abs() < 1.0);
    let second = &answer.quarters[1].effect;
    assert!((answer.quarters[1].wanted.middle - 8e9).abs() < 1.0);
    let stranded = second.stranded;
    assert!(stranded.low < 4.5e9 && 4.5e9 < stranded.high, "booked: {stranded:?}");
    let elsewhere = second.redeployed;
    assert!(elsewhere.low < 0.65e9 && 0.65e9 < elsewhere.high, "sold elsewhere: {elsewhere:?}");
}

#[test]
fn knowledge_of_a_day_uses_nothing_from_later() {
    let workbench = Workbench::new(Vec::new());
    let on = Some(Date::constant(2025, 4, 16));
    let answer = Ripple::run(&workbench, &RippleRequest { on, ..request("nvidia", "H20", CUT) }).unwrap();
    assert!(answer.recovery.is_empty());
    assert!(answer.told.iter().all(|figure| figure.known <= on));
    assert!(answer.quarters[0].wanted.low < 1.0, "how much of the sales to China it was, nobody had told");
    let early = Some(Date::constant(2020, 1, 1));
    let failure = Ripple::run(&workbench, &RippleRequest { on: early, ..request("nvidia", "H20", CUT) });
    assert_eq!(failure.unwrap_err().kind, FailureKind::BeforeCoverage);
}

const ACME_FIRMS: &str = r#"
certainty = "estimate"
source = "invented"

[[firm]]
id = "acme"
name = "Acme"
headquarters = "US"

[[firm]]
id = "smith"
name = "Smith"
headquarters = "JP"
"#;

const ACME_EXPOSURE: &str = r#"
firm = "acme"

[calendar]
quarter = "FY2025Q1"
end = 2025-03-31
rule = "months"
"#;

const ACME_SUPPLY: &str = r#"
[[edge]]
supplier = "acme"
customer = "china-customers"
product = "X1"
good = "chips"

[[edge.estimate]]
period = "2025"
certainty = "estimate"
source = "invented"

[[edge]]
supplier = "smith"
customer = "acme"
product = "dies"
good = "wafers"

[[edge.estimate]]
share_of_supplier_revenue = [0.4, 0.6]
period = "2025"
certainty = "estimate"
source = "invented"

[[bill]]
customer = "acme"
item = "X1"
unit_cost_usd = 100
period = "2025"
certainty = "estimate"
source = "invented"

[[bill.part]]
supplier = "smith"
product = "dies"
good = "wafers"
share = [0.5, 0.5]
"#;

fn overlay(supply: &str) -> Workbench {
    let files = [("firms", ACME_FIRMS), ("exposure", ACME_EXPOSURE), ("supply", supply)];
    Workbench::new(
        files
            .map(|(folder, text)| OverlayFile {
                path: format!("{folder}/acme.toml"),
                shown: format!("mine/{folder}/acme.toml"),
                text: text.to_owned(),
            })
            .to_vec(),
    )
}

fn acme(workbench: &Workbench) -> Result<RippleAnswer, Failure> {
    let given = RippleRequest {
        demand: Some((1e9, 1e9)),
        cost_share: Some((0.5, 0.5)),
        quarters: Some(4),
        assumptions: GivenAssumptions {
            lead_days: Some(0),
            reroute: Some((0.0, 0.0)),
            ..GivenAssumptions::default()
        },
        ..request("Acme", "X1", Date::constant(2025, 4, 1))
    };
    Ripple::run(workbench, &given)
}

#[test]
fn a_network_of_the_user_s_own_is_followed() {
    let workbench = overlay(ACME_SUPPLY);
    workbench.check_everything().unwrap();
    let answer = acme(&workbench).unwrap();
    let smith = &answer.suppliers[0];
    assert_eq!(smith.effect.id, "smith");
    assert!((smith.total_by_bill.unwrap().middle - 4.0 * 0.25e9).abs() < 1.0);
    assert!(smith.mean_by_share.is_none(), "sales of the maker are not on record");
    assert!(answer.reactions.is_empty());
    // Without a demand of the asker's own nothing is on record to go by.
    let bare = Ripple::run(&workbench, &request("Acme", "X1", Date::constant(2025, 4, 1)));
    assert!(bare.unwrap_err().message.contains("give the demand of a quarter"));
}

#[test]
fn wrong_files_of_the_user_are_bad_input_with_line_and_field() {
    for (wrong, says) in [
        (
            ACME_SUPPLY.replace("\"smith\"", "\"smyth\""),
            "mine/supply/acme.toml:14: edge[1].supplier: neither a firm nor a group has the id `smyth`; did you mean `smith`?",
        ),
        (
            ACME_SUPPLY.replace("[0.4, 0.6]", "[0.4, 1.6]"),
            "mine/supply/acme.toml:20: edge[1].estimate[0].share_of_supplier_revenue",
        ),
    ] {
        let failure = overlay(&wrong).check_everything().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Input);
        assert!(failure.message.contains(says), "{}", failure.message);
    }
    let nowhere = format!("{ACME_SUPPLY}\n[[group]]\nid = \"g\"\nname = \"G\"\nplace = \"XQ\"\n");
    let failure = overlay(&nowhere).check_everything().unwrap_err();
    assert!(failure.message.contains("the group `g`: no place has the code `XQ`"), "{}", failure.message);
    let greedy = ACME_SUPPLY.replace(
        "[[bill]]",
        "[[edge]]\nsupplier = \"smith\"\ncustomer = \"acme\"\nproduct = \"more\"\ngood = \"wafers\"\n\n\
         [[edge.estimate]]\nshare_of_supplier_revenue = [0.8, 0.9]\nperiod = \"2025\"\n\
         certainty = \"estimate\"\nsource = \"invented\"\n\n[[bill]]",
    );
    let failure = acme(&overlay(&greedy)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Input);
    assert!(failure.message.contains("of the sales of `smith`"), "{}", failure.message);
}

fn sectors(table: &str, shocks: &str) -> Result<narrows::operations::RippleSectorsAnswer, Failure> {
    let text = |name: &str, text: &str| CsvText { name: name.to_owned(), text: text.to_owned() };
    let request = RippleSectorsRequest {
        table: text("table.csv", table),
        shocks: Some(text("shocks.csv", shocks)),
        days: 30,
        parameters: Default::default(),
        by_industry: true,
    };
    RippleSectors::run(&Workbench::new(Vec::new()), &request)
}

const TABLE: &str = "region,sector,a:one,a:two,final:all,output\na,one,1,2,7,10\na,two,3,1,4,8\n";

#[test]
fn sectors_answer_and_refuse() {
    let answer = sectors(TABLE, "kind,industry,share,from\nfinal_demand,a:one,0.5,3\n").unwrap();
    assert!(answer.lowest < 1.0 && answer.lost > 0.0 && answer.days.len() == 30);
    let lost: f64 = answer.by_industry.iter().map(|it| it.lost).sum();
    assert!((lost - answer.lost).abs() < 1e-9);
    assert_eq!(answer.by_industry[0].output.len(), 30);
    let rest = sectors(TABLE, "kind,industry,share,from\n").unwrap();
    assert!((rest.lowest - 1.0).abs() < 1e-12 && rest.lost.abs() < 1e-9);
    for (shocks, says) in [
        ("kind,industry,share\n", "shocks.csv: column `from`: is missing"),
        (
            "kind;industry;share;from\n",
            "shocks.csv: column `kind;industry;share;from`: expected kind, industry",
        ),
        ("kind,industry,shere,from\n", "did you mean `share`?"),
        ("kind,kind,industry,share,from\n", "column `kind`: stands twice"),
        (
            "kind,industry,share,from\nfire,a:one,0.5,3\n",
            "line 2, column `kind`: expected one of capital, final_demand, edge, found `fire`",
        ),
        (
            "kind,industry,share,from\nfinal_demand,a:on,0.5,3\n",
            "line 2, column `industry`: no industry `a:on` in the table; did you mean `a:one`?",
        ),
        (
            "kind,industry,share,from\nfinal_demand,a:one,1.5,3\n",
            "line 2, column `share`: expected a share between 0 and 1, found `1.5`",
        ),
        ("kind,industry,share,from\nfinal_demand,a:one,NaN,3\n", "found `NaN`"),
        ("kind,industry,share,from\nfinal_demand,a:one,0.5,-3\n", "line 2, column `from`: expected a day"),
        (
            "kind,industry,share,from,until\nfinal_demand,a:one,0.5,3,3\n",
            "line 2, column `until`: expected a day after 3, or nothing, found `3`",
        ),
        (
            "kind,industry,share,from,recovery\nfinal_demand,a:one,0.5,3,9\n",
            "column `recovery`: expected nothing",
        ),
        (
            "kind,industry,share,from\ncapital,a:one,0.5,3\n",
            "column `recovery`: expected a number of days above zero, found ``",
        ),
        (
            "kind,industry,share,from,until,recovery\ncapital,a:one,0.5,3,1,9\n",
            "column `until`: expected a day no earlier than 3",
        ),
        ("kind,industry,share,from\nedge,a:one,0.5,3\n", "column `buyer`: no industry ``"),
        (
            "kind,industry,buyer,share,from\nfinal_demand,a:one,a:two,0.5,3\n",
            "column `buyer`: expected nothing",
        ),
        ("kind,industry,share,from\nedge,a:one\n", "shocks.csv: line 2"),
    ] {
        let failure = sectors(TABLE, shocks).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Input, "{shocks}");
        assert!(failure.message.contains(says), "{shocks}: {}", failure.message);
    }
    let failure = sectors("region,sector\n", "").unwrap_err();
    assert!(failure.message.starts_with("table.csv: column `output`: is missing"), "{}", failure.message);
}
