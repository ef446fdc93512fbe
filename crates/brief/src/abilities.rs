//! What the chip does for some models, made ready for the page: rows of chips, and in each
//! row a task a cell, with its place on a scale that a column shares.

use narrows::operations::{AbilityComparison, BriefAnswer, ComparedChip, PerfCompareAnswer, Task};
use narrows::{Decimal, figure_kind};

/// The section of the page.
pub(crate) struct Abilities<'a> {
    /// In words, the figure for want of which nothing can be said.
    pub(crate) lacks: Option<String>,
    pub(crate) comparisons: Vec<Comparison<'a>>,
}

pub(crate) struct Comparison<'a> {
    pub(crate) beside: &'a str,
    pub(crate) models: Vec<Model<'a>>,
    pub(crate) left_out: Vec<String>,
}

pub(crate) struct Model<'a> {
    pub(crate) name: &'a str,
    /// How many chips do what.
    pub(crate) setting: String,
    pub(crate) chips: Vec<Row<'a>>,
}

pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) is_subject: bool,
    /// Precision, and what the constants rest on.
    pub(crate) basis: String,
    pub(crate) price: Option<String>,
    pub(crate) cells: Vec<Cell<'a>>,
}

pub(crate) struct Cell<'a> {
    /// Name of the task, or of several that fail alike.
    pub(crate) task: String,
    /// Columns that it takes.
    pub(crate) span: usize,
    pub(crate) shown: Result<Done, &'a str>,
}

/// A rate as text, and its places on the scale in percent.
pub(crate) struct Done {
    pub(crate) value: String,
    pub(crate) ratio: String,
    pub(crate) low: String,
    pub(crate) high: String,
    pub(crate) per_price: Option<String>,
    pub(crate) at: String,
    pub(crate) low_at: String,
    pub(crate) span: String,
    pub(crate) first: Option<String>,
}

/// Columns of the table.
const TASKS: [&str; 3] = ["Training", "Prefill", "Decoding"];

const fn tasks(chip: &ComparedChip) -> [&Task; 3] {
    [&chip.training, &chip.prefill, &chip.decoding]
}

impl<'a> Abilities<'a> {
    pub(crate) fn new(answer: &'a BriefAnswer) -> Option<Self> {
        let abilities = answer.abilities.as_ref()?;
        let subject = &answer.chip.chip.id;
        Some(Self {
            lacks: abilities.lacks.as_deref().map(figure_words),
            comparisons: abilities.comparisons.iter().map(|it| comparison(it, subject)).collect(),
        })
    }
}

fn figure_words(name: &str) -> String {
    figure_kind(name).map_or_else(|| name.to_owned(), |kind| kind.title.to_owned())
}

fn comparison<'a>(comparison: &'a AbilityComparison, subject: &str) -> Comparison<'a> {
    let left_out = comparison.left_out.iter().map(|chip| {
        let figures: Vec<String> = chip.lacks.iter().map(|figure| figure_words(figure)).collect();
        format!("{} ({})", chip.id, figures.join(", "))
    });
    Comparison {
        beside: &comparison.beside,
        models: comparison.models.iter().map(|answer| model(answer, subject)).collect(),
        left_out: left_out.collect(),
    }
}

fn model<'a>(answer: &'a PerfCompareAnswer, subject: &str) -> Model<'a> {
    let scales: [Scale; 3] = std::array::from_fn(|task| {
        Scale::new(answer.chips.iter().filter_map(|chip| tasks(chip).get(task).copied()))
    });
    let (input, output) = answer.lengths;
    Model {
        name: &answer.model_name,
        setting: format!(
            "Training on {} chips; serving on {}: taking in prompts of {} tokens (prefill), and writing answers of {} \
             with at most {} ms a token (decoding).",
            amount(answer.train_count as f64),
            answer.serve_count,
            amount(input),
            amount(output),
            amount(answer.output_token_s * 1e3),
        ),
        chips: answer.chips.iter().map(|chip| row(chip, subject, &scales)).collect(),
    }
}

fn row<'a>(chip: &'a ComparedChip, subject: &str, scales: &[Scale; 3]) -> Row<'a> {
    let mut cells: Vec<Cell<'a>> = Vec::new();
    for ((name, task), scale) in TASKS.iter().zip(tasks(chip)).zip(scales) {
        let shown = scale.place(task);
        match (cells.last_mut(), &shown) {
            // Serving that fails does so for one reason, which is said once.
            (Some(before), Err(why)) if before.shown.as_ref().err() == Some(why) => {
                before.span += 1;
                before.task = format!("{}, {}", before.task, name.to_lowercase());
            }
            _ => cells.push(Cell { task: (*name).to_owned(), span: 1, shown }),
        }
    }
    let mut basis = vec![chip.precision.to_uppercase()];
    if chip.serving_precision != chip.precision {
        basis.push(format!("serving in {}", chip.serving_precision.to_uppercase()));
    }
    if !chip.calibration.is_empty() {
        basis.push(chip.calibration.clone());
    }
    let price = chip.price_usd.map(|(low, high)| {
        let high = if low < high { format!(" to {}", rounded(high, 0)) } else { String::new() };
        format!("${}{high}", rounded(low, 0))
    });
    Row { name: &chip.name, is_subject: chip.chip == subject, basis: basis.join(", "), price, cells }
}

/// A scale from zero to the highest end of a range in its column.
struct Scale {
    top: f64,
    first: Option<f64>,
}

impl Scale {
    fn new<'a>(column: impl Iterator<Item = &'a Task>) -> Self {
        let rates: Vec<_> = column.map(Task::per_chip).collect();
        Self {
            top: rates.iter().flatten().map(|rate| rate.high).fold(f64::MIN_POSITIVE, f64::max),
            first: rates.first().copied().flatten().map(|rate| rate.value),
        }
    }

    fn place<'a>(&self, task: &'a Task) -> Result<Done, &'a str> {
        let percent = |rate: f64| format!("{:.1}", (rate / self.top * 100.0).clamp(0.0, 100.0));
        match task {
            Task::Done { per_chip, ratio, per_thousand_usd } => Ok(Done {
                value: amount(per_chip.value),
                ratio: ratio.map(|ratio| format!("× {ratio:.2}")).unwrap_or_default(),
                low: amount(per_chip.low),
                high: amount(per_chip.high),
                per_price: per_thousand_usd.map(amount),
                at: percent(per_chip.value),
                low_at: percent(per_chip.low),
                span: percent(per_chip.high - per_chip.low),
                first: self.first.map(percent),
            }),
            Task::Impossible(why) => Err(why),
        }
    }
}

/// Three significant digits, or all of the whole part.
fn amount(value: f64) -> String {
    let places = (2.0 - value.abs().max(1e-6).log10().floor()).clamp(0.0, 6.0);
    rounded(value, places as usize)
}

fn rounded(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    text.parse::<Decimal>().map_or(text, Decimal::grouped)
}

#[cfg(test)]
mod tests {
    use narrows::performance::Range;

    use super::*;

    fn done(value: f64, ratio: Option<f64>) -> Task {
        Task::Done {
            per_chip: Range { value, low: value / 2.0, high: value * 2.0 },
            ratio,
            per_thousand_usd: None,
        }
    }

    fn chip(id: &str, training: Task, prefill: Task, decoding: Task) -> ComparedChip {
        ComparedChip {
            chip: id.to_owned(),
            name: format!("Invented {id}"),
            precision: "bf16".to_owned(),
            serving_precision: "fp8".to_owned(),
            calibration: "spec alone".to_owned(),
            price_usd: Some((1000.0, 2500.0)),
            training,
            prefill,
            decoding,
        }
    }

    fn answer() -> PerfCompareAnswer {
        let full = || Task::Impossible("8 GB too much".to_owned());
        PerfCompareAnswer {
            model: "whale".to_owned(),
            model_name: "Whale".to_owned(),
            train_count: 1024,
            serve_count: 16,
            lengths: (4096.0, 1024.0),
            output_token_s: 0.05,
            chips: vec![
                chip("eel", done(100.0, Some(1.0)), done(40.0, Some(1.0)), done(10.0, Some(1.0))),
                chip("cod", done(400.0, Some(4.0)), full(), full()),
            ],
            data_version: String::new(),
        }
    }

    #[test]
    fn a_column_shares_a_scale_from_zero_to_its_highest_end() {
        let answer = answer();
        let model = model(&answer, "cod");
        let places = |row: usize| {
            let done = model.chips.get(row)?.cells.first()?.shown.as_ref().ok()?;
            Some([&done.low_at, &done.at, &done.span, done.first.as_ref()?].map(String::clone))
        };
        assert_eq!(places(0), Some(["6.2", "12.5", "18.8", "12.5"].map(str::to_owned)));
        assert_eq!(places(1), Some(["25.0", "50.0", "75.0", "12.5"].map(str::to_owned)));
        assert_eq!(model.chips.iter().map(|row| row.is_subject).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn tasks_that_fail_alike_are_told_once() {
        let answer = answer();
        let model = model(&answer, "eel");
        let cells: Vec<_> = model
            .chips
            .iter()
            .map(|row| {
                row.cells
                    .iter()
                    .map(|cell| (cell.task.as_str(), cell.span, cell.shown.as_ref().err().copied()))
                    .collect::<Vec<_>>()
            })
            .collect();
        let whole = |task| (task, 1, None);
        assert_eq!(
            cells,
            [
                TASKS.map(whole).to_vec(),
                vec![whole("Training"), ("Prefill, decoding", 2, Some("8 GB too much"))],
            ]
        );
    }

    #[test]
    fn amounts_have_three_digits_or_more() {
        let texts = [0.0, 0.0123, 1.5, 79.44, 493.6, 1507.2, 24_192.0].map(amount);
        assert_eq!(texts, ["0", "0.0123", "1.5", "79.4", "494", "1,507", "24,192"]);
    }
}
