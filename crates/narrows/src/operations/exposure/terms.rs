//! What a part costs and brings: given, or on record by the day, each with where it comes from.

use jiff::civil::Date;
use narrows_market::exposure::record::{PartFigure, RestrictedPart};
use narrows_market::exposure::recovery::{self, RecoveryPoint};
use serde::Serialize;

use super::build::BuildRequest;
use super::outlook::percents;
use crate::failure::Failure;
use crate::workbench::Workbench;

/// Longest time, in quarters.
const MOST_QUARTERS: f64 = 40.0;

/// A figure that was computed with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TakenFigure {
    /// The value.
    pub value: f64,
    /// Least of what the record has.
    pub low: f64,
    /// Most.
    pub high: f64,
    /// Where it comes from, in words.
    pub from: String,
    /// Page that it comes from, if it is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What the number to build hangs on, apart from the rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermsAnswer {
    /// What one sells for, in dollars.
    pub price: TakenFigure,
    /// What one costs, in dollars.
    pub cost: TakenFigure,
    /// What a stranded part brings, a share of its cost.
    pub salvage: TakenFigure,
    /// Share of the revenue that the fee takes.
    pub fee: f64,
    /// Share of demand that licences let through.
    pub licensed: f64,
    /// Parts wanted in the season, least and most.
    pub demand: (f64, f64),
    /// Quarters from the order to the delivery.
    pub lead: f64,
    /// Quarters until the next day of decision.
    pub wait: f64,
    /// Quarters in which demand arises.
    pub season: f64,
    /// Rate at which later profit counts less, per year.
    pub discount: f64,
}

impl TermsAnswer {
    /// The same at either end of each figure that the record has as a range.
    pub(super) fn ends(&self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        let ranged = |figure: &TakenFigure| figure.low < figure.high;
        let dollars = |value: f64| format!("{value:.0} USD");
        if ranged(&self.price) {
            for end in [self.price.low, self.price.high] {
                let price = TakenFigure { value: end, ..self.price.clone() };
                all.push((format!("price {}", dollars(end)), Self { price, ..self.clone() }));
            }
        }
        if ranged(&self.cost) {
            for end in [self.cost.low, self.cost.high] {
                let cost = TakenFigure { value: end, ..self.cost.clone() };
                all.push((format!("cost {}", dollars(end)), Self { cost, ..self.clone() }));
            }
        }
        if ranged(&self.salvage) {
            for end in [self.salvage.low, self.salvage.high] {
                let salvage = TakenFigure { value: end, ..self.salvage.clone() };
                let name = format!("salvage {} of the cost", percents(end, end));
                all.push((name, Self { salvage, ..self.clone() }));
            }
        }
        all
    }
}

/// All terms, or the one that must be given.
pub(super) fn terms_of(
    workbench: &Workbench,
    request: &BuildRequest,
    part: &RestrictedPart,
    fee: f64,
    assumed: &mut Vec<String>,
) -> Result<TermsAnswer, Failure> {
    let missing = |what: &str, option: &str| {
        Failure::input(format!("{what} is not on record for {} and must be given ({option})", part.id))
    };
    let lead = request.lead.ok_or_else(|| missing("the time from order to delivery", "`--lead QUARTERS`"))?;
    let demand =
        request.demand.ok_or_else(|| missing("the number of parts wanted", "`--demand LOW,HIGH`"))?;
    let price = match request.price {
        Some(price) => given(price),
        None => of_record(&part.price, request.on).ok_or_else(|| missing("the price", "`--price USD`"))?,
    };
    let cost = match (request.cost, request.margin) {
        (Some(_), Some(_)) => {
            return Err(Failure::input("both cost and margin are given; expected one of them"));
        }
        (Some(cost), None) => given(cost),
        (None, Some(margin)) if (0.0..1.0).contains(&margin) => {
            let of = |price: f64| price * (1.0 - margin);
            TakenFigure {
                value: of(price.value),
                low: of(price.value),
                high: of(price.value),
                from: format!("margin of {} on the price, as given", percents(margin, margin)),
                source: None,
            }
        }
        (None, Some(margin)) => {
            return Err(Failure::input(format!(
                "the margin is {margin}; expected a share from zero to below one"
            )));
        }
        (None, None) => of_record(&part.cost, request.on)
            .ok_or_else(|| missing("the cost", "`--cost USD` or `--margin SHARE`"))?,
    };
    let salvage = match request.salvage {
        Some(salvage) => given(salvage),
        None => salvage_of_record(workbench, request.on)?,
    };
    let licensed = match request.rule.licensed {
        Some((low, high)) => f64::midpoint(low, high),
        None => 0.5,
    };
    assumed.push(match request.rule.licensed {
        Some((low, high)) => format!("licences let {} through, as given: the middle", percents(low, high)),
        None => "licences let half of demand through: no figure is on record; for none and all see below"
            .to_owned(),
    });
    for (what, quarters) in [("lead time", Some(lead)), ("wait", request.wait), ("season", request.season)] {
        if quarters.is_some_and(|quarters| !(0.0..=MOST_QUARTERS).contains(&quarters)) {
            let found = quarters.unwrap_or_default();
            return Err(Failure::input(format!(
                "the {what} is {found}; expected 0 to {MOST_QUARTERS} quarters"
            )));
        }
    }
    let or = |given: Option<f64>, default: f64, what: &str, assumed: &mut Vec<String>| match given {
        Some(given) => given,
        None => {
            assumed.push(format!("{what}: a choice, not on record"));
            default
        }
    };
    let wait = or(request.wait, 1.0, "the next decision comes in 1 quarter (`--wait`)", assumed);
    let season =
        or(request.season, 4.0, "demand arises over 4 quarters from the delivery (`--season`)", assumed);
    let discount =
        or(request.discount, 0.0, "later profit counts as much as earlier (`--discount`)", assumed);
    assumed
        .push("any demand in the range is as likely as any other, and does not hang on the rule".to_owned());
    assumed.push("the state on the day of delivery holds for the season".to_owned());
    Ok(TermsAnswer { price, cost, salvage, fee, licensed, demand, lead, wait, season, discount })
}

fn given(value: f64) -> TakenFigure {
    TakenFigure { value, low: value, high: value, from: "as given".to_owned(), source: None }
}

/// The figure known last by a day, or else one without a day.
fn of_record(figures: &[PartFigure], on: Date) -> Option<TakenFigure> {
    let known = figures.iter().filter(|figure| figure.known.is_none_or(|known| known <= on));
    let figure = known.max_by_key(|figure| figure.known)?;
    let when =
        figure.known.map_or_else(|| "on record without a day".to_owned(), |known| format!("known {known}"));
    let (low, high) = (figure.range.low, figure.range.high);
    let middle = if low < high { "middle of the range, " } else { "" };
    Some(TakenFigure {
        value: f64::midpoint(low, high),
        low,
        high,
        from: format!("{middle}{when} ({})", figure.certainty),
        source: Some(figure.source.clone()),
    })
}

/// The share of stock that was not lost in the end, over the cases known by a day.
fn salvage_of_record(workbench: &Workbench, on: Date) -> Result<TakenFigure, Failure> {
    let points = recovery::points(workbench.exposures()?, on);
    let Some(range) = recovery::range(&points, RecoveryPoint::recovered) else {
        return Err(Failure::input(
            "what a stranded part brings was not known of any by then and must be given (`--salvage SHARE`, a share \
             of its cost)",
        ));
    };
    let names: Vec<String> = points
        .iter()
        .map(|point| {
            format!("{} {} {}", point.firm, point.part, percents(point.recovered(), point.recovered()))
        })
        .collect();
    let which = if points.len() == 1 { "the one case" } else { "middle of the cases" };
    Ok(TakenFigure {
        value: f64::midpoint(range.low, range.high),
        low: range.low,
        high: range.high,
        from: format!("{which} of charges known by then: {} not lost (computed)", names.join(", ")),
        source: None,
    })
}
