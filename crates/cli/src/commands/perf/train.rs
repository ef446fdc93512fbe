//! `narrows perf train`

use std::io::{self, Write};

use narrows::Workbench;
use narrows::operations::{Layout, PerfTrainAnswer, PerfTrainRequest, train};

use super::{causes, chip_choice, counted, model_choice, percent, ranged, short};
use crate::Stop;
use crate::arguments::{Format, TrainCommand};
use crate::commands::{print_csv, print_json, progress_bar};
use crate::text::{self, FAINT, HEADING, heading, paragraph};

pub(super) fn run(workbench: &Workbench, command: &TrainCommand, format: Format) -> Result<u8, Stop> {
    let request = PerfTrainRequest {
        model: model_choice(&command.model)?,
        chip: chip_choice(&command.chip)?,
        count: command.count,
        tokens: command.tokens,
        precision: Some(command.precision.clone()),
        sequence: command.sequence,
        global_batch: command.global_batch,
        layout: Layout {
            tensor: command.tp,
            pipeline: command.pp,
            context: command.cp,
            expert: command.ep,
            data: command.dp,
            virtual_stages: command.vp,
            micro_batch: command.micro_batch,
            zero: command.zero,
            schedule: command.schedule.clone(),
            recompute: command.recompute.clone(),
        },
        network: command.network.clone(),
        price_per_chip_hour: command.price_per_chip_hour,
        failures_per_chip_day: command.failures_per_chip_day,
        strict: command.strict,
    };
    let bar = progress_bar();
    let mut progress = |seen: usize, valid: usize| {
        if let Some(bar) = &bar {
            bar.set_message(format!("{valid} executions possible of {seen} seen"));
            bar.tick();
        }
    };
    let answer = train(workbench, &request, &mut progress)?;
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

fn csv(answer: &PerfTrainAnswer) -> Result<(), Stop> {
    let header = [
        "model",
        "chip",
        "count",
        "precision",
        "tp",
        "pp",
        "cp",
        "ep",
        "vp",
        "micro_batch",
        "global_batch",
        "step_s",
        "tokens_per_s_per_chip",
        "low",
        "high",
        "mfu",
        "days",
        "chip_hours",
        "energy_kwh",
        "memory_gb",
        "calibration",
    ];
    let plan = answer.step.plan;
    let number = |value: f64| format!("{value:.4}");
    let run = |part: fn(&narrows::performance::Run) -> f64| {
        answer.run.as_ref().map(part).map(number).unwrap_or_default()
    };
    let mut row =
        vec![answer.model.clone(), answer.chip.clone(), plan.chips.to_string(), answer.precision.clone()];
    row.extend(
        [
            plan.tensor,
            plan.pipeline,
            plan.context,
            plan.expert,
            plan.virtual_stages,
            plan.micro_batch,
            plan.global_batch,
        ]
        .map(|count| count.to_string()),
    );
    let rate = answer.tokens_per_s_per_chip;
    row.extend(
        [answer.step.seconds, rate.value, rate.low, rate.high, answer.step.model_utilization].map(number),
    );
    row.extend([run(|run| run.days), run(|run| run.chip_hours), run(|run| run.energy_kwh)]);
    row.extend([number(answer.memory.total() / 1e9), answer.calibration.clone()]);
    print_csv(&header, [row])
}

fn print(out: &mut dyn Write, answer: &PerfTrainAnswer) -> io::Result<()> {
    let plan = answer.step.plan;
    writeln!(
        out,
        "{HEADING}{} on {} x {}{HEADING:#}",
        answer.model_name,
        counted(plan.chips),
        answer.chip_name
    )?;
    let (total, active) = answer.parameters;
    let parameters = if (total - active).abs() > 0.02 * total {
        format!("{} billion parameters, {} active", short(total / 1e9), short(active / 1e9))
    } else {
        format!("{} billion parameters", short(total / 1e9))
    };
    paragraph(out, 0, &format!("{parameters}; {}; {}", answer.precision, answer.network))?;
    if let Some(asked) = &answer.replaced {
        paragraph(
            out,
            0,
            &format!("the chip has no arithmetic for {asked}: computed as {}", answer.precision),
        )?;
    }
    writeln!(out)?;
    let rows = [
        ("step", format!("{} s", ranged(answer.step_s))),
        ("tokens per second and chip", ranged(answer.tokens_per_s_per_chip)),
        (
            "model flops utilization",
            format!(
                "{} ({} to {}) of the 16-bit rate",
                percent(answer.model_utilization.value),
                percent(answer.model_utilization.low),
                percent(answer.model_utilization.high)
            ),
        ),
        ("hardware flops utilization", percent(answer.step.hardware_utilization)),
    ];
    for (name, value) in rows {
        writeln!(out, "  {name:<28}{value}")?;
    }
    if let (Some(run), Some(days)) = (answer.run, answer.days) {
        writeln!(out, "  {:<28}{} days", "run", ranged(days))?;
        let cost = run.cost.map(|cost| format!("; {} US dollars", short(cost))).unwrap_or_default();
        paragraph(
            out,
            30,
            &format!(
                "{} chip-hours, {} MWh at rated power{cost}; {} of the time is goodput",
                short(run.chip_hours),
                short(run.energy_kwh / 1e3),
                percent(run.goodput)
            ),
        )?;
    }
    heading(out, "How it runs")?;
    paragraph(out, 2, &plan_words(&plan))?;
    if let Some(search) = &answer.search {
        let text = format!(
            "the fastest of {} executions that are possible, of {} seen; {} do not fit into memory; what binds: {}",
            counted(search.valid),
            counted(search.seen),
            counted(search.rejected.memory),
            search.binding.words()
        );
        paragraph(out, 2, &text)?;
        for step in &search.runners_up {
            let text = format!("{} s: {}", short(step.seconds), plan_words(&step.plan));
            text::item(out, 2, "·", &text)?;
        }
    }
    heading(out, "Where the time goes")?;
    let rows = answer.operators.iter().map(|operator| {
        let share = percent(operator.seconds / answer.step.seconds);
        let why =
            if operator.operator == "bubble" { "waiting".to_owned() } else { causes(operator.parts, 0.0) };
        vec![operator.operator.clone(), format!("{} s", short(operator.seconds)), share, why]
    });
    writeln!(out, "{}", text::table(&["part", "time", "share", "cause"], &[1, 2], &[0, 1, 2], rows))?;
    heading(out, "Memory of the fullest chip")?;
    let parts = answer.memory.parts();
    let rows = parts.iter().filter(|(_, bytes)| *bytes > 0.0).map(|(name, bytes)| {
        vec![(*name).to_owned(), format!("{} GB", short(bytes / 1e9)), percent(bytes / answer.memory.total())]
    });
    let sum = vec!["in all".to_owned(), format!("{} GB", short(answer.memory.total() / 1e9)), String::new()];
    writeln!(out, "{}", text::table(&["part", "size", "share"], &[1, 2], &[0, 1, 2], rows.chain([sum])))?;
    writeln!(out)?;
    paragraph(out, 0, &format!("constants: {}", answer.calibration))?;
    for assumed in &answer.assumed {
        paragraph(out, 0, &format!("assumed: {assumed}"))?;
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn plan_words(plan: &narrows::performance::Plan) -> String {
    let mut words = vec![
        format!("TP {}", plan.tensor),
        format!("PP {}", plan.pipeline),
        format!("DP {}", plan.replicas()),
    ];
    for (name, degree) in [("CP", plan.context), ("EP", plan.expert), ("VP", plan.virtual_stages)] {
        if degree > 1 {
            words.push(format!("{name} {degree}"));
        }
    }
    words.push(format!("micro batch {}", plan.micro_batch));
    words.push(format!("global batch {} of {} tokens", plan.global_batch, plan.sequence));
    words.push(format!("ZeRO {}", plan.sharding.stage()));
    words.push(plan.schedule.words().to_owned());
    words.push(format!("recomputation {}", plan.recomputation.words()));
    words.join(", ")
}
