//! `narrows ripple`

use std::collections::BTreeMap;
use std::io::{self, Write};

use narrows::operations::{
    Assumed, EventReactions, GivenAssumptions, Ground, Ripple, RippleAnswer, RippleQuarter, RippleRequest,
    Supplier, SupplierReaction,
};
use narrows::ripple::Band;
use narrows::{Date, Failure, Operation, Workbench};

use crate::Stop;
use crate::arguments::{CutArguments, Format, RippleCommand, RippleSubcommand};
use crate::commands::market::{exposure, ripple_sectors};
use crate::commands::{print_csv, print_json};
use crate::text::{self, FAINT, HEADING, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &RippleCommand, format: Format) -> Result<u8, Stop> {
    if let Some(RippleSubcommand::Sectors(command)) = &command.sectors {
        return ripple_sectors::run(workbench, command, format);
    }
    let request = request(command)?;
    let answer = Ripple::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, csv_rows(&answer))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

fn request(command: &RippleCommand) -> Result<RippleRequest, Failure> {
    let CutArguments { until, on, quarters, demand, cost_share, events, return_kind, .. } = &command.of_cut;
    let (Some(cut), Some(from)) = (command.cut.clone(), command.from) else {
        return Err(Failure::input("expected `--cut MAKER:PART:PLACE` and `--from DATE`, or `sectors FILE`"));
    };
    Ok(RippleRequest {
        maker: cut.maker,
        part: cut.part,
        buyer: cut.buyer,
        from,
        until: *until,
        on: *on,
        quarters: *quarters,
        demand: *demand,
        cost_share: *cost_share,
        assumptions: assumptions(&command.of_cut)?,
        events: events.clone(),
        return_kind: *return_kind,
    })
}

fn assumptions(given: &CutArguments) -> Result<GivenAssumptions, Failure> {
    let (mut reroute, mut reroute_of) = (None, BTreeMap::new());
    for one in &given.reroute {
        let twice = match &one.good {
            Some(good) => reroute_of.insert(good.clone(), one.share),
            None => reroute.replace(one.share),
        };
        if twice.is_some() {
            let of = one.good.as_ref().map(|good| format!(" of {good}")).unwrap_or_default();
            return Err(Failure::input(format!("the share{of} sold to others is given twice")));
        }
    }
    Ok(GivenAssumptions {
        lead_days: given.lead,
        restart_days: given.restart,
        reroute,
        reroute_of,
        redeploy: given.redeploy,
        discount: given.discount,
        delay_quarters: given.delay,
    })
}

const CSV: [&str; 10] = ["firm", "name", "tier", "figure", "unit", "period", "end", "low", "middle", "high"];

/// One row for each firm, figure and quarter.
fn csv_rows(answer: &RippleAnswer) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut add =
        |[firm, name, tier]: [&str; 3], figure: &str, unit: &str, quarter: &RippleQuarter, band: Band| {
            let start = [firm, name, tier, figure, unit, quarter.period.as_str()].map(str::to_owned);
            let digits = if unit == "usd" { 0 } else { 6 };
            let numbers = [band.low, band.middle, band.high].map(|value| format!("{value:.digits$}"));
            rows.push(start.into_iter().chain([quarter.last.to_string()]).chain(numbers).collect());
        };
    let maker = [answer.maker.as_str(), answer.maker_name.as_str(), "0"];
    for quarter in &answer.quarters {
        let effect = &quarter.effect;
        for (figure, band) in [
            ("wanted", quarter.wanted),
            ("lost_sales", effect.lost_sales),
            ("sold", effect.sold),
            ("redeployed", effect.redeployed),
            ("stranded", effect.stranded),
            ("avoided", effect.avoided),
        ] {
            add(maker, figure, "usd", quarter, band);
        }
    }
    for good in &answer.goods {
        let whom = ["", good.good.as_deref().unwrap_or("not on record"), ""];
        for (figure, bands) in [("freed", &good.freed), ("rerouted", &good.rerouted), ("lost", &good.lost)] {
            answer
                .quarters
                .iter()
                .zip(bands)
                .for_each(|(quarter, band)| add(whom, figure, "usd", quarter, *band));
        }
    }
    for supplier in &answer.suppliers {
        let tier = supplier.effect.tier.to_string();
        let whom = [supplier.effect.id.as_str(), supplier.name.as_str(), tier.as_str()];
        for (quarter, band) in answer.quarters.iter().zip(supplier.effect.by_bill.iter().flatten()) {
            add(whom, "lost_by_bill", "usd", quarter, *band);
        }
        for (quarter, band) in answer.quarters.iter().zip(supplier.effect.by_share.iter().flatten()) {
            if let Some(band) = band {
                add(whom, "lost_by_share", "share_of_own_sales", quarter, *band);
            }
        }
    }
    rows
}

fn print(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    let RippleAnswer { maker, maker_name, part, buyer, buyer_name, from, until, on, .. } = answer;
    writeln!(
        out,
        "{HEADING}{maker_name} sells no {part} to {buyer_name} ({buyer}){HEADING:#}  {FAINT}{maker}{FAINT:#}"
    )?;
    let day = |day: &Date| day.to_string();
    let end = until.as_ref().map_or_else(|| "on".to_owned(), |until| format!("until {until}"));
    let known = on
        .as_ref()
        .map_or_else(|| "all that is on record".to_owned(), |on| format!("what was known on {on}"));
    writeln!(out, "from {} {end}, by {known}", day(from))?;
    paragraph(
        out,
        0,
        "Each figure is the middle, with the least and the most in brackets; the ends of different lines do not add up.",
    )?;
    print_maker(out, answer)?;
    print_goods(out, answer)?;
    print_suppliers(out, answer)?;
    answer.reactions.iter().try_for_each(|reactions| print_reactions(out, answer, reactions))?;
    if answer.reactions.is_empty() {
        heading(out, "What shares did")?;
        paragraph(out, 0, "no event of the record lies near these days; name one with --event")?;
    }
    print_told(out, answer)?;
    print_assumed(out, answer)?;
    if !answer.left_out.is_empty() {
        heading(out, "Suppliers that cannot be counted")?;
        for left in &answer.left_out {
            item(out, 0, "-", &format!("{}: {}", left.name, left.reason))?;
        }
    }
    if !answer.not_on_record.is_empty() {
        heading(out, "Not on record")?;
        answer.not_on_record.iter().try_for_each(|missing| item(out, 0, "-", missing))?;
    }
    print_sources(out, answer)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn print_maker(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    heading(out, &format!("{}, billion USD at selling prices", answer.maker_name))?;
    let billions = |band: Band| banded(band, |usd| decimals(usd / 1e9, 2));
    let rows = answer.quarters.iter().map(|quarter| {
        let effect = &quarter.effect;
        vec![
            quarter.period.clone(),
            quarter.last.to_string(),
            billions(quarter.wanted),
            billions(effect.lost_sales),
            billions(effect.sold),
        ]
    });
    let header = ["quarter", "ends", "wanted", "lost sales", "sold to the buyer"];
    writeln!(out, "{}", text::table(&header, &[2, 3, 4], &[0, 1, 2, 3, 4], rows))?;
    writeln!(out)?;
    let rows = answer.quarters.iter().map(|quarter| {
        let effect = &quarter.effect;
        vec![
            quarter.period.clone(),
            billions(effect.redeployed),
            billions(effect.stranded),
            billions(effect.avoided),
        ]
    });
    let header = ["quarter", "sold elsewhere", "in stock, at cost", "bought less, at cost"];
    writeln!(out, "{}", text::table(&header, &[1, 2, 3], &[0, 1, 2, 3], rows))?;
    // A reason that several quarters share is told once.
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for quarter in &answer.quarters {
        match told.iter_mut().find(|(how, _)| *how == quarter.how) {
            Some((_, periods)) => periods.push(&quarter.period),
            None => told.push((&quarter.how, vec![&quarter.period])),
        }
    }
    for (how, periods) in told {
        item(out, 0, "-", &format!("wanted in {}: {how}", periods.join(", ")))?;
    }
    Ok(())
}

fn print_goods(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    if answer.goods.is_empty() {
        return Ok(());
    }
    heading(out, "Freed by kind of good, all quarters, million USD at cost")?;
    let millions = |bands: &[Band]| banded(bands.iter().copied().sum(), |usd| text::grouped(usd / 1e6));
    let rows = answer.goods.iter().map(|good| {
        let name = good.good.clone().unwrap_or_else(|| "not on record".to_owned());
        vec![name, millions(&good.freed), millions(&good.rerouted), millions(&good.lost)]
    });
    let header = ["good", "bought less", "sold to others", "lost"];
    writeln!(out, "{}", text::table(&header, &[1, 2, 3], &[0, 1, 2, 3], rows))
}

fn print_suppliers(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    heading(out, "What suppliers lose")?;
    if answer.suppliers.is_empty() {
        return paragraph(out, 0, "nobody on record sells to the maker");
    }
    let mut rows = Vec::new();
    for supplier in &answer.suppliers {
        let mut name = (supplier.name.clone(), supplier.effect.tier.to_string());
        for (at, quarter) in answer.quarters.iter().enumerate() {
            let billed = supplier.effect.by_bill.as_ref().and_then(|all| all.get(at)).copied();
            let share = supplier.effect.by_share.as_ref().map(|all| all.get(at).copied().flatten());
            let is_hit = |band: Option<Band>| band.is_some_and(|band| band.high > 0.0);
            if !is_hit(billed) && !is_hit(share.flatten()) && share != Some(None) {
                continue;
            }
            let billed = billed.map(|band| banded(band, |usd| text::grouped(usd / 1e6))).unwrap_or_default();
            let share = match share {
                Some(Some(band)) => percent(band),
                Some(None) => "sales unknown".to_owned(),
                None => String::new(),
            };
            let (name, tier) = std::mem::take(&mut name);
            rows.push(vec![name, tier, quarter.period.clone(), billed, share]);
        }
        let (name, tier) = name;
        if !name.is_empty() {
            rows.push(vec![name, tier, "none".to_owned(), String::new(), String::new()]);
        }
    }
    let header = ["firm", "tier", "quarter", "by the bill", "of its own sales"];
    writeln!(out, "{}", text::table(&header, &[1, 3, 4], &[1, 2, 3, 4], rows))?;
    paragraph(
        out,
        0,
        "Tier 1 sells to the maker. By the bill, million USD: what is paid for one part, times parts not made. Of \
         its own sales: by the shares of sales on record that go to customers who are hit. Empty: not on record. \
         Quarters without a loss are not shown.",
    )
}

fn print_reactions(out: &mut dyn Write, answer: &RippleAnswer, event: &EventReactions) -> io::Result<()> {
    heading(out, if event.is_end { "What shares did at the end" } else { "What shares did" })?;
    paragraph(out, 0, &event.title)?;
    writeln!(out, "{FAINT}{}{FAINT:#}", event.id)?;
    let signed = |value: f64| format!("{:+.1}%", 100.0 * value);
    let shown = event.rows.iter().filter_map(|row| {
        let share = row.share.as_ref()?;
        let mut cells = vec![
            row.name.clone(),
            if event.is_end { String::new() } else { predicted(answer, row) },
            share.ticker.clone(),
            share.day0.map(|day| day.to_string()).unwrap_or_default(),
            share.raw_return.map(signed).unwrap_or_default(),
        ];
        cells.extend(match &share.abnormal {
            Some(abnormal) => {
                [signed(abnormal.car), format!("{:.1}", abnormal.t), text::probability(abnormal.p, 2)]
            }
            None => ["none".to_owned(), String::new(), String::new()],
        });
        Some(cells)
    });
    let header = ["firm", "network", "ticker", "day 0", "raw", "abnormal", "t", "p"];
    writeln!(out, "{}", text::table(&header, &[1, 4, 5, 6, 7], &[1, 2, 3, 4, 5, 6, 7], shown))?;
    if !event.is_end {
        let words =
            "Network: the mean loss of its own sales over the quarters shown, else dollars by the bill.";
        paragraph(out, 0, words)?;
    }
    for row in &event.rows {
        let mut told: Vec<String> = Vec::new();
        told.extend(row.not_counted.as_ref().map(|why| format!("not counted: {why}")));
        told.extend(row.no_share.clone());
        told.extend(row.published.as_ref().map(|told| {
            format!("the press had {} of the {} ({}) {}", told.words(), told.of, told.certainty, told.source)
        }));
        if row.share.is_some() {
            // Beside a share with quotes the press is told only where it says what quotes do not.
            told.truncate(usize::from(row.not_counted.is_some()));
        }
        if !told.is_empty() {
            item(out, 0, "-", &format!("{}: {}", row.name, told.join("; ")))?;
        }
        let faults = row.share.iter().flat_map(|share| share.fault.iter().chain(&share.notes));
        faults.into_iter().try_for_each(|note| item(out, 0, "-", &format!("{}: {note}", row.name)))?;
    }
    if !event.without.is_empty() {
        item(out, 0, "-", &format!("without quotes: {}", event.without.join(", ")))?;
    }
    let others = event.confounders.iter().map(|other| other.what.clone());
    let is_told = |id: &str| event.confounders.iter().any(|other| other.event.as_deref() == Some(id));
    let overlapping = event.overlapping.iter().filter(|other| !is_told(&other.id));
    let all: Vec<String> = others.chain(overlapping.map(|other| other.title.clone())).collect();
    if !all.is_empty() {
        item(out, 0, "-", &format!("then also: {}", all.join("; ")))?;
    }
    Ok(())
}

/// What the network says of a firm: the mean loss of its own sales, else dollars by the bill.
fn predicted(answer: &RippleAnswer, row: &SupplierReaction) -> String {
    if row.firm == answer.maker {
        return "the maker".to_owned();
    }
    let Some(supplier) = answer.suppliers.iter().find(|it| it.effect.id == row.firm) else {
        return "not counted".to_owned();
    };
    let Supplier { total_by_bill, mean_by_share, .. } = supplier;
    match (mean_by_share, total_by_bill) {
        (Some(share), _) => format!("-{}%", decimals(share.middle * 100.0, 1)),
        (None, Some(billed)) => format!("-${}m", text::grouped(billed.middle / 1e6)),
        (None, None) => "not known".to_owned(),
    }
}

fn print_told(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    if answer.told.is_empty() {
        return Ok(());
    }
    heading(out, "What the maker told, billion USD")?;
    answer.told.iter().try_for_each(|figure| item(out, 0, "-", &exposure::figure_line(figure)))
}

fn print_assumed(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    heading(out, "Taken for granted")?;
    for Assumed { name, value, ground } in &answer.assumed {
        let words = match ground {
            Ground::Given => "given".to_owned(),
            Ground::Assumed => "assumed: nothing on record tells it".to_owned(),
            Ground::Computed(how) => how.clone(),
            Ground::OnRecord { certainty, source, .. } => format!("{certainty}, {source}"),
        };
        item(out, 0, "-", &format!("{}: {value} ({words})", option_words(name)))?;
        if name == "redeploy" && matches!(ground, Ground::Computed(_)) {
            print_recovery(out, answer)?;
        }
    }
    Ok(())
}

/// What became of charges, from which the share sold elsewhere comes.
fn print_recovery(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    for point in &answer.recovery {
        let billions = |usd: narrows::exposure::Usd| decimals(usd.0 / 1e9, 2);
        let line = format!(
            "{} {}: {} foreseen, {} booked, {} released: {:.0}%",
            point.firm,
            point.part,
            billions(point.guided),
            billions(point.booked),
            billions(point.released),
            point.released_share() * 100.0,
        );
        item(out, 2, "-", &line)?;
    }
    Ok(())
}

/// What an assumption is, with the option that changes it.
fn option_words(name: &str) -> String {
    let words = match name {
        "lead_days" => "from order to sale, --lead",
        "restart_days" => "from the end of the rule to new parts, --restart",
        "reroute" => "freed goods that suppliers sell to others, --reroute",
        "discount" => "discount elsewhere, --discount",
        "redeploy" => "stranded stock that is sold elsewhere, --redeploy",
        "delay_quarters" => "later by each step upstream, --delay",
        "cost_share" => "cost over price, --cost-share",
        other => return format!("{other}, --reroute"),
    };
    words.to_owned()
}

fn print_sources(out: &mut dyn Write, answer: &RippleAnswer) -> io::Result<()> {
    if answer.sources.is_empty() {
        return Ok(());
    }
    heading(out, "What the network rests on")?;
    for source in &answer.sources {
        let note = source.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
        let line =
            format!("{} ({}, {}){note} {}", source.what, source.period, source.certainty, source.source);
        item(out, 0, "-", &line)?;
    }
    Ok(())
}

fn decimals(value: f64, digits: usize) -> String {
    text::decimals(value, digits)
}

fn percent(band: Band) -> String {
    banded(band, |share| format!("{}%", decimals(share * 100.0, 2)))
}

/// The middle, with the ends in brackets where they read differently.
fn banded(band: Band, words: impl Fn(f64) -> String) -> String {
    let (low, middle, high) = (words(band.low), words(band.middle), words(band.high));
    if low == high { middle } else { format!("{middle} ({low} to {high})") }
}
