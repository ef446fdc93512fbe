//! A cut of one buyer: what the maker buys less is what others lose, and who depends on whom.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use narrows_catalog::DataFile;
use narrows_market::exposure::money::Bounds;
use narrows_market::ripple::cut::{
    Absent, Assumptions, Band, CutFault, CutPart, Demand, DemandQuarter, Ripple, ripple,
};
use narrows_market::ripple::network::{Bill, BillPart, Edge, Group, Member, Network, ShareEstimate};
use narrows_quantity::Certainty;
use proptest::prelude::*;

const MAKER: &str = "maker";

fn bounds(low: f64, high: f64) -> Bounds<f64> {
    Bounds { low, high }
}

fn edge(supplier: &str, customer: &str, good: &str, share: Option<Bounds<f64>>) -> Edge {
    Edge {
        supplier: supplier.to_owned(),
        customer: customer.to_owned(),
        product: format!("{good} of {supplier}"),
        good: good.to_owned(),
        items: Vec::new(),
        capital: false,
        estimates: vec![ShareEstimate {
            share_of_supplier_revenue: share,
            share_of_customer_cost: None,
            period: "2025".to_owned(),
            certainty: Certainty::Estimate,
            source: "invented".to_owned(),
            note: None,
        }],
    }
}

fn bill(parts: &[(&str, &str, f64)]) -> Bill {
    let part = |(supplier, good, share): &(&str, &str, f64)| BillPart {
        supplier: (*supplier).to_owned(),
        product: (*good).to_owned(),
        good: (*good).to_owned(),
        share: Bounds::point(*share),
        note: None,
    };
    Bill {
        customer: MAKER.to_owned(),
        item: "part".to_owned(),
        unit_cost_usd: 1_000.0,
        period: "2025".to_owned(),
        certainty: Certainty::Estimate,
        source: "invented".to_owned(),
        note: None,
        yield_loss: None,
        parts: parts.iter().map(part).collect(),
        stands_for: Vec::new(),
    }
}

fn group(id: &str, members: &[(&str, f64)]) -> (String, Group) {
    let member = |(firm, share): &(&str, f64)| Member {
        firm: (*firm).to_owned(),
        share: Bounds::point(*share),
        period: "2025".to_owned(),
        certainty: Certainty::Estimate,
        source: "invented".to_owned(),
    };
    let group = Group {
        id: id.to_owned(),
        name: format!("the {id}"),
        place: None,
        of_exposures: false,
        note: None,
        members: members.iter().map(member).collect(),
    };
    (id.to_owned(), group)
}

/// A foundry, two makers of memory, a maker of machines for them, and a house without a name.
fn network() -> Network {
    let mut machines = edge("tools", "memory-makers", "machines", Some(bounds(0.4, 0.4)));
    machines.capital = true;
    Network {
        edges: vec![
            edge("foundry", MAKER, "wafers", Some(bounds(0.2, 0.3))),
            edge("one", MAKER, "memory", Some(bounds(0.25, 0.25))),
            edge("gas", "foundry", "gases", Some(bounds(0.5, 0.5))),
            edge("lights", "strangers", "lamps", Some(bounds(0.9, 0.9))),
            edge("boards", MAKER, "boards", None),
            machines,
        ],
        bills: vec![bill(&[("foundry", "wafers", 0.4), ("memory-makers", "memory", 0.5)])],
        timings: Vec::new(),
        groups: BTreeMap::from([group("memory-makers", &[("one", 0.75), ("two", 0.25)])]),
        names: Vec::new(),
    }
}

fn quarters(from: Date, until: Option<Date>, wanted: Band, count: usize) -> Demand {
    let mut first = date(from.year(), (from.month() - 1) / 3 * 3 + 1, 1);
    let quarters = (0..count).map(|_| {
        let next = first + 3.months();
        let quarter =
            DemandQuarter { first, last: next.yesterday().unwrap(), wanted, maker_sales: Some(10e9) };
        first = next;
        quarter
    });
    Demand { from, until, quarters: quarters.collect() }
}

fn sure() -> Assumptions {
    Assumptions { reroute: (0.0, 0.0), redeploy: (0.0, 0.0), discount: (0.0, 0.0), ..Assumptions::default() }
}

fn cut(network: &Network, demand: &Demand, assumptions: &Assumptions) -> Ripple {
    let part = CutPart { maker: MAKER, item: "PART", cost_share: Band::point(0.25) };
    ripple(network, part, demand, assumptions, &[]).unwrap()
}

fn year(until: Option<Date>) -> Demand {
    quarters(date(2025, 4, 1), until, Band::point(1e9), 8)
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

fn middle(bands: &[Band]) -> f64 {
    bands.iter().map(|band| band.middle).sum()
}

/// What a supplier loses in all, by the bill and by its share.
fn lost(found: &Ripple, id: &str) -> (Band, Band) {
    let supplier = found.suppliers.iter().find(|supplier| supplier.id == id).unwrap();
    let by_bill = supplier.by_bill.iter().flatten().copied().sum();
    (by_bill, supplier.by_share.iter().flatten().flatten().copied().sum())
}

#[test]
fn the_days_of_a_cut_without_end() {
    // 180 days from April reach the 28th of September: two of the 92 days of that quarter are dry.
    let found = cut(&network(), &year(None), &sure());
    let maker = &found.maker;
    assert!(maker.iter().all(|quarter| close(quarter.lost_sales.middle, 1e9)));
    assert!(close(maker[0].stranded.middle, 0.25e9));
    assert!(close(maker[1].avoided.middle, 0.25e9 * 3.0 / 92.0), "{}", maker[1].avoided.middle);
    assert!(close(maker[2].avoided.middle, 0.25e9));
    assert!(close(maker[7].stranded.middle, maker[1].stranded.middle), "nothing more is stranded");
    let (foundry, share) = lost(&found, "foundry");
    assert!(close(foundry.middle, 0.4 * found.maker.iter().map(|it| it.avoided.middle).sum::<f64>()));
    // A tenth of the maker's sales; 20 to 30% of the foundry's go to it; 6 + 3/92 quarters.
    let quarters = 6.0 + 3.0 / 92.0;
    assert!(close(share.low, 0.2 * 0.1 * quarters) && close(share.high, 0.3 * 0.1 * quarters));
    let (_, gas) = lost(&found, "gas");
    assert!(close(gas.high, 0.5 * share.high));
    // Machines: between nothing and 40%, of which three quarters are for the one that is hit.
    let (_, tools) = lost(&found, "tools");
    assert!(close(tools.low, 0.0) && close(tools.high, 0.4 * 0.75 * 0.25 * 0.1 * quarters));
}

#[test]
fn a_reversal_sells_stock_first_and_parts_come_back_after_the_restart() {
    let found = cut(&network(), &year(Some(date(2025, 10, 1))), &sure());
    let maker = &found.maker;
    assert!(close(maker[1].sold.middle, 0.0));
    assert!(close(maker[2].sold.middle, 1e9), "out of stock");
    assert!(maker[3].sold.middle > 0.9e9 && maker[4].lost_sales.middle > 0.9e9);
    // 270 days from October end on the 28th of June: from July on all is as before.
    for quarter in &maker[5..] {
        assert!(close(quarter.lost_sales.middle, 0.0) && close(quarter.avoided.middle, 0.0));
    }
}

#[test]
fn nothing_is_hit_by_no_cut() {
    let demand = quarters(date(2025, 4, 1), None, Band::default(), 4);
    let found = cut(&network(), &demand, &Assumptions::default());
    assert!(found.maker.iter().all(|quarter| *quarter == Default::default()));
    for supplier in &found.suppliers {
        let all = supplier.by_bill.iter().flatten().chain(supplier.by_share.iter().flatten().flatten());
        assert!(all.copied().all(|band| band == Band::default()), "{}", supplier.id);
    }
    assert_eq!(found.suppliers.len(), 5, "they are named all the same");
}

#[test]
fn who_cannot_be_counted_is_named_with_the_reason() {
    let part = CutPart { maker: MAKER, item: "part", cost_share: Band::point(0.25) };
    let asked = ["lights", "nobody", "boards", "one", MAKER];
    let found = ripple(&network(), part, &year(None), &sure(), &asked).unwrap();
    let words = |absent: &Absent| {
        let why: Vec<String> = absent.why.iter().map(|one| one.words(&str::to_uppercase)).collect();
        format!("{}: {}", absent.firm, why.join("; "))
    };
    assert_eq!(
        found.asked.iter().map(words).collect::<Vec<_>>(),
        [
            "lights: its sales on record go to STRANGERS, whom the cut does not reach",
            "nobody: no sale of it is on record",
            "boards: sells boards of boards to MAKER; no share of its sales is on record",
        ]
    );
    assert_eq!(found.left_out.len(), 1);
    assert_eq!(found.left_out[0].firm, "boards");
}

#[test]
fn an_edge_for_another_part_does_not_count() {
    let mut network = network();
    network.edges[1].items = vec!["other".to_owned()];
    let found = cut(&network, &year(None), &sure());
    let one = found.suppliers.iter().find(|supplier| supplier.id == "one").unwrap();
    assert!(one.by_share.is_none() && one.by_bill.is_some());
}

#[test]
fn sales_that_are_not_on_record_are_not_zero() {
    let mut demand = year(None);
    demand.quarters[3].maker_sales = None;
    let found = cut(&network(), &demand, &sure());
    let foundry = found.suppliers.iter().find(|supplier| supplier.id == "foundry").unwrap();
    let shares = foundry.by_share.as_ref().unwrap();
    assert!(shares[3].is_none() && shares[4].is_some());
}

#[test]
fn each_step_feels_it_a_quarter_later() {
    let now = cut(&network(), &year(None), &sure());
    let later = cut(&network(), &year(None), &Assumptions { delay_quarters: 1, ..sure() });
    let of = |found: &Ripple, id: &str| {
        let supplier = found.suppliers.iter().find(|supplier| supplier.id == id).unwrap().clone();
        supplier.by_share.unwrap()
    };
    for (id, steps) in [("foundry", 1), ("gas", 2), ("tools", 2)] {
        let (now, later) = (of(&now, id), of(&later, id));
        assert_eq!(now[..8 - steps], later[steps..], "{id}");
        assert!(later[..steps].iter().all(|band| *band == Some(Band::default())), "{id}");
    }
    let billed = |found: &Ripple| found.suppliers[0].by_bill.clone().unwrap();
    assert_eq!(billed(&now)[..7], billed(&later)[1..]);
}

#[test]
fn rerouting_of_one_good_leaves_the_others() {
    let plain = cut(&network(), &year(None), &sure());
    let reroute_of = BTreeMap::from([("memory".to_owned(), (1.0, 1.0))]);
    let found = cut(&network(), &year(None), &Assumptions { reroute_of, ..sure() });
    assert_eq!(lost(&plain, "foundry"), lost(&found, "foundry"));
    let (bill, share) = lost(&found, "one");
    assert!(close(bill.high, 0.0) && close(share.high, 0.0));
    let memory = found.goods.iter().find(|good| good.good.as_deref() == Some("memory")).unwrap();
    assert_eq!(memory.freed, memory.rerouted);
    let reroute_of = BTreeMap::from([("memroy".to_owned(), (1.0, 1.0))]);
    let part = CutPart { maker: MAKER, item: "part", cost_share: Band::point(0.25) };
    let assumptions = Assumptions { reroute_of, ..sure() };
    let fault = ripple(&network(), part, &year(None), &assumptions, &[]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "no good `memroy` is in the bill of the part; it has boards, memory, wafers"
    );
}

#[test]
fn impossible_questions_are_named() {
    let ask = |change: &dyn Fn(&mut Demand, &mut Assumptions, &mut f64)| {
        let (mut demand, mut assumptions, mut cost) = (year(None), sure(), 0.25);
        change(&mut demand, &mut assumptions, &mut cost);
        let part = CutPart { maker: MAKER, item: "part", cost_share: Band::point(cost) };
        ripple(&network(), part, &demand, &assumptions, &[]).unwrap_err().to_string()
    };
    assert_eq!(
        ask(&|_, assumptions, _| assumptions.reroute = (0.5, 0.2)),
        "the share sold to others is 0.5 to 0.2; expected two shares from zero to one, the lesser first"
    );
    assert!(ask(&|_, assumptions, _| assumptions.redeploy = (f64::NAN, 1.0)).contains("NaN"));
    assert!(ask(&|_, assumptions, _| assumptions.discount = (0.0, 1.1)).starts_with("the discount"));
    assert!(ask(&|_, assumptions, _| assumptions.lead_days = 4_000).starts_with("the lead is 4000 days"));
    assert!(ask(&|_, assumptions, _| assumptions.delay_quarters = 41).starts_with("the delay"));
    assert!(ask(&|_, _, cost| *cost = 1.5).starts_with("the cost over the price"));
    assert!(
        ask(&|demand, _, _| demand.until = Some(demand.from)).contains("expected a day after 2025-04-01")
    );
    assert!(ask(&|demand, _, _| demand.from = date(2025, 7, 1)).starts_with("the day of the cut"));
    assert!(ask(&|demand, _, _| demand.quarters[1].wanted.low = -1.0).starts_with("the demand"));
    assert!(ask(&|demand, _, _| demand.quarters[1].maker_sales = Some(0.0)).starts_with("the maker's sales"));
    assert!(
        ask(&|demand, _, _| demand.quarters.retain(|quarter| quarter.first != date(2025, 7, 1)))
            .contains("expected 2025-07-01")
    );
}

#[test]
fn a_firm_that_sells_more_than_all_is_named() {
    let mut network = network();
    network.edges.push(edge("foundry", "one", "wafers", Some(bounds(0.9, 0.95))));
    let part = CutPart { maker: MAKER, item: "part", cost_share: Band::point(0.25) };
    let fault = ripple(&network, part, &year(None), &sure(), &[]).unwrap_err();
    assert!(matches!(fault, CutFault::Shares { ref firm, .. } if firm == "foundry"), "{fault}");
    // Where only the ends of ranges are too much, they are brought down.
    network.edges.last_mut().unwrap().estimates[0].share_of_supplier_revenue = Some(bounds(0.1, 0.95));
    let found = cut(&network, &year(None), &sure());
    let (_, foundry) = lost(&found, "foundry");
    assert!(foundry.low <= foundry.middle && foundry.middle <= foundry.high);
}

fn read(text: &str) -> String {
    Network::read([DataFile { path: "supply/x.toml", text }]).unwrap_err().to_string()
}

#[test]
fn bad_files_are_refused_with_line_and_field() {
    let source = "period = \"2025\"\ncertainty = \"press\"\nsource = \"x\"\n";
    let edge = "[[edge]]\nsupplier = \"a\"\ncustomer = \"b\"\nproduct = \"p\"\ngood = \"g\"\n";
    let estimate = |share: &str| {
        read(&format!("{edge}[[edge.estimate]]\nshare_of_supplier_revenue = {share}\n{source}"))
    };
    let shares = "expected two shares between zero and one, the lesser first";
    for wrong in ["[0.3, 0.2]", "[-0.1, 0.2]", "[0.1, 1.2]"] {
        let said = estimate(wrong);
        assert!(said.starts_with("supply/x.toml:7") && said.contains(shares), "{wrong}: {said}");
    }
    assert!(estimate("\"much\"").contains("share_of_supplier_revenue"));
    assert!(read(edge).contains("an edge needs at least one source"));
    assert!(read(&edge.replace("\"b\"", "\"a\"")).contains("a firm does not sell to itself"));
    let bill = format!("[[bill]]\ncustomer = \"a\"\nitem = \"i\"\nunit_cost_usd = 0\n{source}");
    assert!(read(&bill).contains("expected a number above zero"));
    let part = "[[bill.part]]\nsupplier = \"b\"\nproduct = \"p\"\ngood = \"g\"\nshare = [0.6, 0.7]\n";
    let twice = format!("{}{part}{part}", bill.replace("= 0", "= 1"));
    assert!(read(&twice).contains("the shares add up to 1.300; expected at most one"));
    let group = "[[group]]\nid = \"g\"\nname = \"n\"\n";
    assert!(read(&format!("{group}{group}")).contains("the group `g` stands twice"));
    assert!(read(&format!("{group}of_exposures = true\n")).contains("expected a group with a `place`"));
    assert!(read(&format!("{group}colour = \"red\"\n")).contains("colour"));
    assert!(read("[[edge]\n").starts_with("supply/x.toml"));
    let network = Network::read([DataFile {
        path: "supply/x.toml",
        text: &format!("{edge}[[edge.estimate]]\n{source}"),
    }])
    .unwrap();
    let unknown = network.check(|id| id == "a", &["a"]).unwrap_err().to_string();
    assert!(unknown.starts_with("supply/x.toml:3") && unknown.contains("has the id `b`"), "{unknown}");
    let timing = "[[timing]]\ncustomer = \"a\"\nitem = \"i\"\ncertainty = \"press\"\nsource = \"x\"\n";
    assert!(read(timing).contains("expected `lead_days`, `restart_days` or both"));
    for wrong in ["1.5", "-1", "100000"] {
        let said = read(&format!("{timing}lead_days = {wrong}\n"));
        assert!(said.contains("expected a whole number of days, at most 3660"), "{said}");
    }
}

/// A network of firms `n0`, `n1`, ... and the maker, with shares that add up to at most one.
fn any_network() -> impl Strategy<Value = Network> {
    (3_usize..9).prop_flat_map(|size| {
        let link = (0..size, 0..=size, 0.0_f64..1.0, 0.0_f64..0.3, any::<bool>());
        prop::collection::vec(link, 1..30).prop_map(move |links| {
            let mut left = vec![0.95_f64; size];
            let name = |at: usize| if at == size { MAKER.to_owned() } else { format!("n{at}") };
            let mut network = Network::default();
            for (from, to, part, more, capital) in links {
                let low = left[from] * part * 0.7;
                let high = (low + more * left[from]).min(left[from]);
                if from == to || high <= 0.0 {
                    continue;
                }
                left[from] -= high;
                let mut edge = edge(&name(from), &name(to), "goods", Some(bounds(low, high)));
                edge.capital = capital;
                network.edges.push(edge);
            }
            network
        })
    })
}

/// Sums over all paths to the maker, of any length, by adding up powers.
fn by_powers(network: &Network, share: impl Fn(&Edge) -> f64) -> BTreeMap<String, f64> {
    let mut total = BTreeMap::new();
    let mut now = BTreeMap::from([(MAKER.to_owned(), 1.0)]);
    for _ in 0..4_000 {
        let mut next: BTreeMap<String, f64> = BTreeMap::new();
        for edge in &network.edges {
            let hit = now.get(&edge.customer).copied().unwrap_or(0.0);
            *next.entry(edge.supplier.clone()).or_default() += share(edge) * hit;
        }
        for (firm, loss) in &next {
            *total.entry(firm.clone()).or_insert(0.0) += loss;
        }
        now = next;
    }
    total
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_the_maker_buys_less_is_what_others_lose(
        wanted in 1.0_f64..1e10,
        cost in 0.0_f64..1.0,
        reroute in (0.0_f64..1.0, 0.0_f64..1.0),
        redeploy in (0.0_f64..1.0, 0.0_f64..1.0),
        memory in 0.0_f64..1.0,
        days in 1_i32..700,
        lead in 0_u32..400,
        restart in 0_u32..400,
        shares in prop::collection::vec(0.0_f64..0.3, 3),
    ) {
        let pair = |(one, other): (f64, f64)| (one.min(other), one.max(other));
        let assumptions = Assumptions {
            reroute: pair(reroute),
            reroute_of: BTreeMap::from([("memory".to_owned(), (memory, memory))]),
            redeploy: pair(redeploy),
            lead_days: lead,
            restart_days: restart,
            ..Assumptions::default()
        };
        let mut network = network();
        network.bills = vec![bill(&[
            ("foundry", "wafers", shares[0]),
            ("memory-makers", "memory", shares[1]),
            ("houses", "test", shares[2]),
        ])];
        let from = date(2025, 4, 15);
        let demand = quarters(from, Some(from + days.days()), Band::point(wanted), 12);
        let part = CutPart { maker: MAKER, item: "part", cost_share: Band::point(cost) };
        let found = ripple(&network, part, &demand, &assumptions, &[]).unwrap();
        let avoided: f64 = found.maker.iter().map(|quarter| quarter.avoided.middle).sum();
        let freed: f64 = found.goods.iter().map(|good| middle(&good.freed)).sum();
        let rerouted: f64 = found.goods.iter().map(|good| middle(&good.rerouted)).sum();
        let nobody = found.goods.iter().find(|good| good.good.is_none()).map_or(0.0, |good| middle(&good.lost));
        let suppliers: f64 = found.suppliers.iter().flat_map(|it| &it.by_bill).map(|it| middle(it)).sum();
        prop_assert!(close(avoided, freed));
        prop_assert!(close(avoided, suppliers + rerouted + nobody), "{avoided} {suppliers} {rerouted} {nobody}");
        // Parts: what is not sold was not made, or lies in stock, or went elsewhere.
        let sum = |of: fn(&narrows_market::ripple::cut::MakerQuarter) -> Band| -> f64 {
            found.maker.iter().map(|quarter| of(quarter).middle).sum()
        };
        let lost = sum(|quarter| quarter.lost_sales);
        let elsewhere = sum(|quarter| quarter.redeployed) / 0.75;
        if cost > 1e-6 {
            let stock = found.maker[11].stranded.middle / cost;
            prop_assert!(close(lost, avoided / cost + stock + elsewhere), "{lost} {avoided} {stock} {elsewhere}");
        }
        for quarter in &found.maker {
            for band in [quarter.lost_sales, quarter.sold, quarter.redeployed, quarter.stranded, quarter.avoided] {
                prop_assert!(band.low >= -1e-6 && band.low <= band.middle * (1.0 + 1e-12) + 1e-6);
                prop_assert!(band.middle <= band.high * (1.0 + 1e-12) + 1e-6);
            }
            prop_assert!(close(quarter.lost_sales.middle + quarter.sold.middle, wanted));
        }
    }

    #[test]
    fn the_solution_is_the_sum_of_all_paths(network in any_network()) {
        // The maker loses a tenth of its sales in every quarter, at once.
        let demand = quarters(date(2025, 4, 1), None, Band::point(1e9), 1);
        let found = cut(&network, &demand, &Assumptions { lead_days: 0, ..sure() });
        let low = by_powers(&network, |edge| if edge.capital { 0.0 } else { edge.share().unwrap().low });
        let high = by_powers(&network, |edge| edge.share().unwrap().high);
        for supplier in &found.suppliers {
            let band = supplier.by_share.as_ref().unwrap()[0].unwrap();
            prop_assert!((band.low - 0.1 * low[&supplier.id]).abs() < 1e-9, "{}", supplier.id);
            prop_assert!((band.high - 0.1 * high[&supplier.id]).abs() < 1e-9, "{}", supplier.id);
            prop_assert!(band.low <= band.middle + 1e-15 && band.middle <= band.high + 1e-15);
            prop_assert!(band.high <= 0.1, "nobody loses a greater share than the maker");
        }
        // Those who are not there have no path to the maker.
        for (firm, loss) in &high {
            let is_there = found.suppliers.iter().any(|supplier| supplier.id == *firm);
            prop_assert!(is_there || *loss == 0.0, "{firm} {loss}");
        }
    }

    #[test]
    fn removing_an_edge_changes_those_who_sell_through_it_and_nobody_else(
        network in any_network(),
        at in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!network.edges.is_empty());
        let demand = quarters(date(2025, 4, 1), None, Band::point(1e9), 1);
        let now = Assumptions { lead_days: 0, ..sure() };
        let before = cut(&network, &demand, &now);
        let mut without = network.clone();
        let gone = without.edges.remove(at.index(network.edges.len()));
        let after = cut(&without, &demand, &now);
        // Who sells to the supplier of the edge, along whatever way.
        let mut upstream = vec![gone.supplier.clone()];
        while let Some(more) = network.edges.iter().find(|edge| {
            upstream.contains(&edge.customer) && !upstream.contains(&edge.supplier) && edge.supplier != MAKER
        }) {
            upstream.push(more.supplier.clone());
        }
        let reaches = gone.customer == MAKER
            || before.suppliers.iter().any(|supplier| supplier.id == gone.customer);
        let loss = |found: &Ripple, id: &str| {
            let supplier = found.suppliers.iter().find(|supplier| supplier.id == id);
            supplier.map_or(0.0, |supplier| supplier.by_share.as_ref().unwrap()[0].unwrap().high)
        };
        for supplier in &before.suppliers {
            let (was, is) = (loss(&before, &supplier.id), loss(&after, &supplier.id));
            prop_assert!(is <= was + 1e-12, "{}", supplier.id);
            if !upstream.contains(&supplier.id) {
                prop_assert!((is - was).abs() < 1e-12, "{}", supplier.id);
            }
        }
        if reaches {
            // By the greatest share: an edge of no weight carries nothing.
            let weight = gone.share().unwrap().high * loss(&before, &gone.customer).max(f64::from(u8::from(gone.customer == MAKER)) * 0.1);
            prop_assert!(weight < 1e-12 || loss(&after, &gone.supplier) < loss(&before, &gone.supplier));
        }
    }

    #[test]
    fn more_demand_a_longer_rule_and_less_rerouting_never_cost_suppliers_less(
        wanted in 1.0_f64..1e10,
        more in 1.0_f64..2.0,
        days in 1_i32..500,
        longer in 0_i32..200,
        reroute in 0.0_f64..1.0,
        less in 0.0_f64..1.0,
    ) {
        let ask = |wanted: f64, days: i32, reroute: f64| {
            let from = date(2025, 5, 10);
            let demand = quarters(from, Some(from + days.days()), Band::point(wanted), 12);
            let found = cut(&network(), &demand, &Assumptions { reroute: (reroute, reroute), ..sure() });
            let (bill, share) = lost(&found, "foundry");
            (bill.middle, share.middle)
        };
        let base = ask(wanted, days, reroute);
        for other in [
            ask(wanted * more, days, reroute),
            ask(wanted, days + longer, reroute),
            ask(wanted, days, reroute * less),
        ] {
            prop_assert!(other.0 >= base.0 - 1e-6 * base.0.abs() && other.1 >= base.1 - 1e-9);
        }
    }
}
