//! `ripple sectors`: output of the sectors of the asker's own table, day by day after shocks.

use narrows_market::ripple::input_output::{Day, Parameters, Shock, simulate};
use narrows_market::ripple::sector_table::{SectorTable, TableError};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::workbench::Workbench;

/// Output of sectors after shocks.
pub struct RippleSectors;

/// What `ripple sectors` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RippleSectorsRequest {
    /// The input-output table.
    pub table: CsvText,
    /// The shocks; none leaves everything at rest.
    #[serde(default)]
    pub shocks: Option<CsvText>,
    /// How many days.
    #[serde(default = "a_year")]
    pub days: usize,
    /// How sectors react.
    #[serde(default)]
    pub parameters: Parameters,
    /// Whether the answer has every day of every industry.
    #[serde(default)]
    pub by_industry: bool,
}

const fn a_year() -> usize {
    365
}

/// A CSV file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvText {
    /// What errors call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What `ripple sectors` answers. Money is in the unit of the table, per day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RippleSectorsAnswer {
    /// How many industries the table has.
    pub industries: usize,
    /// How many shocks there are.
    pub shocks: usize,
    /// How sectors react.
    pub parameters: Parameters,
    /// Output at rest.
    pub at_rest: f64,
    /// Lowest output over output at rest.
    pub lowest: f64,
    /// The first day on which it was lowest; `None` without days.
    pub lowest_day: Option<usize>,
    /// Output lost over all days, in the unit of the table.
    pub lost: f64,
    /// Output of the last day over output at rest.
    pub last: f64,
    /// Final demand that was ordered and not met over all days, in the unit of the table.
    pub unmet: f64,
    /// Totals by day.
    pub days: Vec<Day>,
    /// By industry, the hardest hit first.
    pub by_industry: Vec<IndustryLoss>,
}

/// What an industry loses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndustryLoss {
    /// `region:sector`.
    pub industry: String,
    /// Output at rest, per day.
    pub at_rest: f64,
    /// Lowest output over output at rest; one where nothing is made at rest.
    pub lowest: f64,
    /// The first day on which it was lowest.
    pub lowest_day: Option<usize>,
    /// Output lost over all days.
    pub lost: f64,
    /// Output by day, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<f64>,
}

impl Operation for RippleSectors {
    const NAME: &'static str = "ripple sectors";
    const SUMMARY: &'static str =
        "Output of the sectors of your own input-output table, day by day after a loss of capital or a cap.";
    type Request = RippleSectorsRequest;
    type Answer = RippleSectorsAnswer;

    fn run(_: &Workbench, request: &RippleSectorsRequest) -> Result<RippleSectorsAnswer, Failure> {
        let within = |file: &CsvText| {
            let name = file.name.clone();
            move |error: TableError| failure(&error).within(&name)
        };
        let table = SectorTable::read(request.table.text.as_bytes()).map_err(within(&request.table))?;
        let shocks = match &request.shocks {
            Some(file) => Shock::read(&table, file.text.as_bytes()).map_err(within(file))?,
            None => Vec::new(),
        };
        let run =
            simulate(&table, &request.parameters, &shocks, request.days).map_err(|error| failure(&error))?;
        let at_rest: Vec<f64> =
            table.outputs().iter().map(|output| output / request.parameters.days_of_table).collect();
        let total: f64 = at_rest.iter().sum();
        let outputs: Vec<f64> = run.days.iter().map(|day| day.output).collect();
        let all = Series::new(total, &outputs);
        let mut by_industry = Vec::new();
        for (at, (industry, rest)) in table.industries().zip(&at_rest).enumerate() {
            let daily = (0..request.days).filter_map(|day| run.on(day).get(at).copied());
            let daily: Vec<f64> = daily.collect();
            let series = Series::new(*rest, &daily);
            by_industry.push(IndustryLoss {
                industry: industry.to_owned(),
                at_rest: *rest,
                lowest: series.lowest,
                lowest_day: series.day,
                lost: series.lost,
                output: if request.by_industry { daily } else { Vec::new() },
            });
        }
        by_industry.sort_by(|one, two| two.lost.total_cmp(&one.lost));
        Ok(RippleSectorsAnswer {
            industries: by_industry.len(),
            shocks: shocks.len(),
            parameters: request.parameters.clone(),
            at_rest: total,
            lowest: all.lowest,
            lowest_day: all.day,
            lost: all.lost,
            last: outputs.last().map_or(1.0, |last| if total > 0.0 { last / total } else { 1.0 }),
            unmet: run.days.iter().map(|day| day.final_unmet).sum(),
            days: run.days,
            by_industry,
        })
    }
}

/// What became of an output over days.
struct Series {
    lowest: f64,
    day: Option<usize>,
    lost: f64,
}

impl Series {
    fn new(at_rest: f64, daily: &[f64]) -> Self {
        let lowest = daily.iter().copied().enumerate().min_by(|one, two| one.1.total_cmp(&two.1));
        let share = |output: f64| if at_rest > 0.0 { output / at_rest } else { 1.0 };
        Self {
            lowest: lowest.map_or(1.0, |(_, output)| share(output)),
            day: lowest.map(|(day, _)| day),
            lost: daily.iter().map(|output| at_rest - output).sum(),
        }
    }
}

fn failure(error: &TableError) -> Failure {
    let kind = match error {
        TableError::Unknown { .. } => FailureKind::UnknownName,
        _ => FailureKind::Input,
    };
    Failure { kind, message: error.to_string() }
}
