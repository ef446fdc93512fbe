//! What buyers in the country under the rule would have taken in a quarter.

use jiff::civil::Date;

use super::super::money::{Bounds, Usd};
use super::super::period::{FiscalPeriod, Part};
use super::super::record::{Basis, Figure, FirmRecord, Kind, Measure, sum};
use super::Estimate;

/// Quarters on record over which the range of demand is taken.
const QUARTERS_BACK: usize = 4;
/// Days of a quarter.
const QUARTER_DAYS: f64 = 91.0;

/// What is known of demand on a day.
pub(super) struct Wanted<'a> {
    record: &'a FirmRecord,
    on: Date,
    part: Option<&'a str>,
    basis: Option<&'a Basis>,
    run_rate: Option<Estimate>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(
        record: &'a FirmRecord,
        on: Date,
        part: Option<&'a str>,
        basis: Option<&str>,
        assumed: &mut Vec<String>,
        left_out: &mut Vec<String>,
    ) -> Self {
        let has_figure = |basis: &&Basis| {
            let of_it = |figure: &Figure| figure.basis.as_ref() == Some(&basis.id);
            record.standing(Measure::ChinaRevenue, on).any(of_it)
                || record.standing(Measure::ChinaShare, on).any(of_it)
        };
        let basis = match basis {
            Some(id) => record.basis(id),
            None => record.bases.iter().find(has_figure),
        };
        for other in record.bases.iter().filter(has_figure) {
            if basis.is_some_and(|basis| basis.id != other.id) {
                left_out.push(format!("figures by {}: another series, never joined", other.name));
            }
        }
        let mut wanted = Self { record, on, part, basis, run_rate: None };
        wanted.run_rate = wanted.by_quarters().or_else(|| wanted.by_china(assumed));
        wanted
    }

    pub(super) const fn basis(&self) -> Option<&'a Basis> {
        self.basis
    }

    /// Sales wanted in a quarter; `under_way` is its last day if the day of the question lies in it.
    pub(super) fn in_quarter(&self, period: FiscalPeriod, under_way: Option<Date>) -> Option<Estimate> {
        let own = self
            .figure(Measure::LostSales, period, None)
            .map(|figure| (figure, "the firm's figure of lost sales in the quarter"))
            .or_else(|| {
                let outlook = self.figure(Measure::RestrictedRevenue, period, Some(Kind::Guided));
                outlook.map(|figure| (figure, "the firm's outlook of what could ship in the quarter"))
            });
        if let Some((figure, how)) = own {
            return Some(Estimate {
                range: figure.usd()?,
                central: figure.value.map(Usd),
                how: how.to_owned(),
            });
        }
        let whole = self.spread_of_year(period).or_else(|| self.run_rate.clone())?;
        let Some(end) = under_way else { return Some(whole) };
        let left = (f64::from((end - self.on).get_days()) / QUARTER_DAYS).clamp(0.0, 1.0);
        Some(Estimate {
            range: Bounds { low: whole.range.low * left, high: whole.range.high },
            central: whole.central.map(|amount| amount * left),
            how: format!("{}; {:.0}% of the quarter's days are left", whole.how, left * 100.0),
        })
    }

    /// Sales that the firm says it lost in a quarter, or the even part of what it says it lost in a year.
    pub(super) fn lost(&self, period: FiscalPeriod) -> Option<Estimate> {
        let own = self.figure(Measure::LostSales, period, None).and_then(|figure| {
            Some(Estimate {
                range: figure.usd()?,
                central: figure.value.map(Usd),
                how: "the firm's figure of lost sales in the quarter".to_owned(),
            })
        });
        own.or_else(|| self.spread_of_year(period))
    }

    /// Sales of a quarter in which nothing holds them back.
    pub(super) const fn run_rate(&self) -> Option<&Estimate> {
        self.run_rate.as_ref()
    }

    fn of_part(&self, measure: Measure) -> impl Iterator<Item = &'a Figure> {
        let part = self.part;
        self.record
            .standing(measure, self.on)
            .filter(move |figure| part.is_some() && figure.part.as_deref() == part)
    }

    fn figure(&self, measure: Measure, period: FiscalPeriod, kind: Option<Kind>) -> Option<&'a Figure> {
        let fits = |figure: &&Figure| figure.period == period && kind.is_none_or(|kind| figure.kind == kind);
        self.of_part(measure).filter(fits).max_by_key(|figure| figure.known)
    }

    /// A figure of lost sales for a year, over the quarters that had not ended when it became known.
    fn spread_of_year(&self, period: FiscalPeriod) -> Option<Estimate> {
        let years = self
            .of_part(Measure::LostSales)
            .filter(|figure| figure.period.part == Part::Year && figure.period.holds(period));
        let mut total = Bounds::point(Usd(0.0));
        let mut central = Usd(0.0);
        let mut how = Vec::new();
        for figure in years {
            let ahead = self.quarters_ahead(figure);
            if !ahead.contains(&period) {
                continue;
            }
            let count = ahead.len() as f64;
            let (range, amount) = (figure.usd()?, figure.central_usd()?);
            total = Bounds { low: total.low, high: total.high + range.high };
            central = central + amount * (1.0 / count);
            how.push(format!("{} of {}", millions(amount), figure.period));
        }
        (!how.is_empty()).then(|| Estimate {
            range: total,
            central: Some(central),
            how: format!(
                "lost sales that the firm foresaw ({}), spread evenly over the quarters left; at most all in one",
                how.join(" and "),
            ),
        })
    }

    /// Quarters of a year that had not ended when a figure of it became known.
    fn quarters_ahead(&self, figure: &Figure) -> Vec<FiscalPeriod> {
        let last = figure.period.last_quarter_number();
        let quarters = (last - 3..=last).filter_map(FiscalPeriod::quarter_of_number);
        quarters
            .filter(|quarter| {
                let end = self.record.end_of(*quarter);
                end.zip(figure.known).is_some_and(|(end, known)| known <= end)
            })
            .collect()
    }

    /// What was sold and what was lost in quarters on record.
    fn by_quarters(&self) -> Option<Estimate> {
        let mut quarters: Vec<(FiscalPeriod, Usd, Usd)> = Vec::new();
        for sold in self.of_part(Measure::RestrictedRevenue).filter(|figure| figure.kind == Kind::Booked) {
            let lost = self.figure(Measure::LostSales, sold.period, None);
            let is_free = self.record.period(sold.period).is_some_and(|period| !period.constrained);
            let (Some(sold_usd), true) = (sold.central_usd(), sold.period.is_quarter()) else { continue };
            // What was sold while a rule held sales back does not tell what was wanted.
            if let Some(lost) = lost.and_then(Figure::central_usd).or(is_free.then_some(Usd(0.0))) {
                quarters.push((sold.period, sold_usd, lost));
            }
        }
        quarters.sort_by_key(|(period, ..)| std::cmp::Reverse(*period));
        quarters.truncate(QUARTERS_BACK);
        let (latest, sold, lost) = *quarters.first()?;
        let both =
            quarters.iter().map(|(_, sold, lost)| Bounds::point(*sold + *lost)).reduce(Bounds::hull)?;
        Some(Estimate {
            range: both,
            central: Some(sold + lost),
            how: format!(
                "sold and lost in {latest} ({} and {}), range over {} on record",
                millions(sold),
                millions(lost),
                if quarters.len() == 1 {
                    "the one quarter".to_owned()
                } else {
                    format!("{} quarters", quarters.len())
                },
            ),
        })
    }

    /// Between nothing and all sales to the country under the rule of the latest period, on one basis.
    fn by_china(&self, assumed: &mut Vec<String>) -> Option<Estimate> {
        let basis = self.basis?;
        let ours: Vec<&Figure> = self
            .record
            .standing(Measure::ChinaRevenue, self.on)
            .filter(|figure| figure.kind == Kind::Booked && figure.basis.as_ref() == Some(&basis.id))
            .filter(|figure| figure.usd().is_some())
            .collect();
        let latest = ours
            .iter()
            .max_by_key(|figure| (figure.period.last_quarter_number(), figure.period.is_quarter()))?;
        let quarters = f64::from(latest.period.quarters());
        let (most, how) = match last_quarter_of_year(latest, &ours) {
            _ if latest.period.is_quarter() => {
                (latest.usd()?.high, format!("all sales to the country under the rule of {}", latest.period))
            }
            Some(rest) => (
                rest,
                format!(
                    "all sales to the country under the rule of {} less its first three quarters",
                    latest.period
                ),
            ),
            None => (
                latest.usd()?.high * (1.0 / quarters),
                format!("an even part of all sales to the country under the rule of {}", latest.period),
            ),
        };
        assumed.push(format!(
            "how much of these sales the rule reaches is not on record by then: between nothing and all, by {}",
            basis.name
        ));
        Some(Estimate {
            range: Bounds { low: Usd(0.0), high: most },
            central: None,
            how: format!("between nothing and {how} ({})", millions(most)),
        })
    }
}

/// The fourth quarter from a year and three quarters on its basis.
fn last_quarter_of_year(year: &Figure, all: &[&Figure]) -> Option<Usd> {
    if year.period.part != Part::Year {
        return None;
    }
    let first_three: Vec<&Figure> = all
        .iter()
        .copied()
        .filter(|figure| figure.period.is_quarter() && year.period.holds(figure.period))
        .filter(|figure| figure.period.last_quarter_number() < year.period.last_quarter_number())
        .collect();
    if first_three.len() != 3 {
        return None;
    }
    let mut together = vec![year];
    together.extend(&first_three);
    // The guard of bases stands in `sum`.
    sum(&together).ok()?;
    let rest = year.central_usd()? - Usd(sum(&first_three).ok()?.low);
    (rest >= Usd(0.0)).then_some(rest)
}

fn millions(amount: Usd) -> String {
    format!("USD {:.0} million", amount.0 / 1e6)
}
