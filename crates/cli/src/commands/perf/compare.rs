//! `narrows perf compare`

use std::io::{self, Write};

use narrows::Workbench;
use narrows::operations::{ComparedChip, PerfCompareAnswer, PerfCompareRequest, Task, compare};
use narrows::performance::chip_choice::ChipChoice;

use super::{counted, model_choice, short};
use crate::Stop;
use crate::arguments::{CompareCommand, Format};
use crate::commands::{print_csv, print_json, progress_bar};
use crate::text::{self, FAINT, HEADING, heading, paragraph};

pub(super) fn run(workbench: &Workbench, command: &CompareCommand, format: Format) -> Result<u8, Stop> {
    let request = PerfCompareRequest {
        model: model_choice(&command.model)?,
        chips: command.chips.iter().map(|name| ChipChoice::named(name)).collect(),
        train_count: command.train_count,
        serve_count: command.serve_count,
        input: command.input,
        output: command.output,
        output_token_s: command.tpot,
    };
    let bar = progress_bar();
    let answer = compare(workbench, &request, &mut |chip| {
        if let Some(bar) = &bar {
            bar.set_message(chip.to_owned());
            bar.inc(1);
        }
    })?;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => csv(&answer)?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

/// The tasks of a chip with their names and precisions.
fn tasks(chip: &ComparedChip) -> [(&'static str, &str, &Task); 3] {
    [
        ("training", &chip.precision, &chip.training),
        ("prefill", &chip.serving_precision, &chip.prefill),
        ("decoding", &chip.serving_precision, &chip.decoding),
    ]
}

fn csv(answer: &PerfCompareAnswer) -> Result<(), Stop> {
    let header = [
        "chip",
        "task",
        "precision",
        "tokens_per_s_per_chip",
        "low",
        "high",
        "ratio",
        "tokens_per_s_per_1000_usd",
        "calibration",
        "why_not",
    ];
    let optional = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
    let rows = answer.chips.iter().flat_map(|chip| {
        tasks(chip).map(|(name, precision, task)| {
            let mut row = vec![chip.chip.clone(), name.to_owned(), precision.to_owned()];
            match task {
                Task::Done { per_chip, ratio, per_thousand_usd } => {
                    row.extend(
                        [per_chip.value, per_chip.low, per_chip.high].map(|value| format!("{value:.4}")),
                    );
                    row.extend([
                        optional(*ratio),
                        optional(*per_thousand_usd),
                        chip.calibration.clone(),
                        String::new(),
                    ]);
                }
                Task::Impossible(why) => {
                    row.extend([const { String::new() }; 5]);
                    row.extend([chip.calibration.clone(), why.clone()]);
                }
            }
            row
        })
    });
    print_csv(&header, rows)
}

fn print(out: &mut dyn Write, answer: &PerfCompareAnswer) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}", answer.model_name)?;
    let (input, output) = answer.lengths;
    paragraph(
        out,
        0,
        &format!(
            "training on {} chips; serving on {} with prompts of {} and answers of {} tokens, at most {} ms per \
             output token; tokens a second and chip, ratios to the first, tokens a second for 1,000 US dollars of chips",
            counted(answer.train_count),
            answer.serve_count,
            short(input),
            short(output),
            short(answer.output_token_s * 1e3)
        ),
    )?;
    for (at, title) in ["training", "prefill", "decoding"].into_iter().enumerate() {
        heading(out, title)?;
        let rows = answer.chips.iter().filter_map(|chip| {
            let (_, precision, task) = *tasks(chip).get(at)?;
            let Task::Done { per_chip, ratio, per_thousand_usd } = task else { return None };
            Some(vec![
                chip.chip.clone(),
                precision.to_owned(),
                short(per_chip.value),
                format!("{}-{}", short(per_chip.low), short(per_chip.high)),
                ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
                per_thousand_usd.map(short).unwrap_or_default(),
                chip.calibration.clone(),
            ])
        });
        let header = ["chip", "in", "tokens/s", "range", "ratio", "/1000 $", "constants"];
        writeln!(out, "{}", text::table(&header, &[2, 3, 4, 5], &[0, 1, 3, 6], rows))?;
        for chip in &answer.chips {
            if let Some((_, _, Task::Impossible(why))) = tasks(chip).get(at) {
                text::item(out, 2, "·", &format!("{}: {why}", chip.chip))?;
            }
        }
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}
