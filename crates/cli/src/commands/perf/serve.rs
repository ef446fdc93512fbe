//! `narrows perf serve`

use std::io::{self, Write};

use narrows::Workbench;
use narrows::operations::{GivenParallelism, PerfServeAnswer, PerfServeRequest, constraint_words, serve};
use narrows::performance::{Execution, Parallelism, Percentiles, Range};

use super::{causes, chip_choice, counted, model_choice, percent, ranged, short};
use crate::Stop;
use crate::arguments::{Format, ServeCommand};
use crate::commands::{print_csv, print_json, progress_bar};
use crate::text::{self, FAINT, HEADING, heading, paragraph};

pub(super) fn run(workbench: &Workbench, command: &ServeCommand, format: Format) -> Result<u8, Stop> {
    let given = GivenParallelism {
        tensor: command.tp,
        pipeline: command.pp,
        attention_data: command.attention_dp,
        expert: command.ep,
    };
    let request = PerfServeRequest {
        model: model_choice(&command.model)?,
        chip: chip_choice(&command.chip)?,
        count: command.count,
        input: command.input,
        output: command.output,
        cached: command.cached,
        first_token_s: command.ttft,
        output_token_s: command.tpot,
        concurrency: command.concurrency,
        parallelism: Some(given).filter(|given| *given != GivenParallelism::default()),
        precision: command.precision.clone(),
        expert_precision: command.expert_precision.clone(),
        cache_precision: command.cache_precision.clone(),
        disaggregate: command.disaggregate,
        software: Some(command.software.clone()),
        network: command.network.clone(),
        price_per_chip_hour: command.price_per_chip_hour,
        simulate: command.simulate,
        strict: command.strict,
    };
    let bar = progress_bar();
    let mut progress = |seen: usize| {
        if let Some(bar) = &bar {
            bar.set_message(format!("{seen} executions seen"));
            bar.tick();
        }
    };
    let answer = serve(workbench, &request, &mut progress)?;
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

fn csv(answer: &PerfServeAnswer) -> Result<(), Stop> {
    let header = [
        "model",
        "chip",
        "chips",
        "precision",
        "software",
        "workers",
        "clients",
        "ttft_s",
        "ttft_low",
        "ttft_high",
        "tpot_s",
        "tpot_low",
        "tpot_high",
        "output_tokens_per_s_per_chip",
        "low",
        "high",
        "prefill_tokens_per_s_per_chip",
        "joules_per_output_token",
        "memory_gb",
        "calibration",
    ];
    let execution = &answer.execution;
    let number = |value: f64| format!("{value:.6}");
    let range = |range: Range| [range.value, range.low, range.high].map(number);
    let mut row = vec![
        answer.model.clone(),
        answer.chip.clone(),
        execution.chips.to_string(),
        answer.precision.clone(),
        answer.software.clone(),
        execution.workers.to_string(),
        execution.clients.to_string(),
    ];
    row.extend(
        [answer.first_token_s, answer.output_token_s, answer.output_tokens_per_s_per_chip]
            .into_iter()
            .flat_map(range),
    );
    row.extend([
        number(answer.prefill_tokens_per_s_per_chip.value),
        number(answer.joules_per_output_token),
        number(answer.memory.used() / 1e9),
        answer.calibration.clone(),
    ]);
    print_csv(&header, [row])
}

fn print(out: &mut dyn Write, answer: &PerfServeAnswer) -> io::Result<()> {
    let execution = &answer.execution;
    let title = format!("{} on {} x {}", answer.model_name, counted(answer.count), answer.chip_name);
    writeln!(out, "{HEADING}{title}{HEADING:#}")?;
    paragraph(out, 0, &format!("{}; {}; {}", answer.precision, answer.software, answer.network))?;
    if let Some(asked) = &answer.replaced {
        paragraph(
            out,
            0,
            &format!("the chip has no arithmetic for {asked}: computed as {}", answer.precision),
        )?;
    }
    writeln!(out)?;
    let mut rows = vec![
        ("time to first token", format!("{} ms", ranged(answer.first_token_s.times(1e3)))),
        ("time per output token", format!("{} ms", ranged(answer.output_token_s.times(1e3)))),
        ("output tokens/s and chip", ranged(answer.output_tokens_per_s_per_chip)),
        ("input tokens/s and chip", ranged(answer.input_tokens_per_s_per_chip)),
        ("prefill alone, tokens/s/chip", ranged(answer.prefill_tokens_per_s_per_chip)),
        ("output tokens/s in all", short(execution.steady.output_tokens_per_s)),
        ("rated power", format!("{} J for an output token", short(answer.joules_per_output_token))),
    ];
    if let Some(millions) = answer.million_output_tokens_per_usd {
        rows.push(("for a US dollar", format!("{} million output tokens", ranged(millions))));
    }
    for (name, value) in rows {
        writeln!(out, "  {name:<30}{value}")?;
    }
    if let Some(replayed) = answer.replayed {
        let line = |of: Percentiles| {
            format!(
                "mean {}, p50 {}, p90 {}, p99 {} ms",
                short(of.mean * 1e3),
                short(of.p50 * 1e3),
                short(of.p90 * 1e3),
                short(of.p99 * 1e3)
            )
        };
        heading(out, &format!("Replayed: {} requests, {} steps", replayed.requests, replayed.steps))?;
        writeln!(out, "  time to first token    {}", line(replayed.first_token_s))?;
        writeln!(out, "  time per output token  {}", line(replayed.output_token_s))?;
    }
    heading(out, "How it runs")?;
    paragraph(out, 2, &execution_words(execution))?;
    if let Some(search) = &answer.search {
        let text = format!(
            "the most output per chip of {} executions that fit, of {} seen; what binds: the {}",
            counted(search.valid),
            counted(search.seen),
            constraint_words(search.binding)
        );
        paragraph(out, 2, &text)?;
        for other in &search.runners_up {
            let text = format!(
                "{} tokens/s and chip at {} ms: {}",
                short(other.per_chip),
                short(other.steady.output_token_s * 1e3),
                execution_words(other)
            );
            text::item(out, 2, "·", &text)?;
        }
    }
    heading(out, "Where the time of a decoding step goes")?;
    let whole: f64 = answer.operators.iter().map(|operator| operator.seconds).sum();
    let rows = answer.operators.iter().map(|operator| {
        vec![
            operator.operator.clone(),
            format!("{} ms", short(operator.seconds * 1e3)),
            percent(operator.seconds / whole),
            causes(operator.parts, 0.0),
        ]
    });
    writeln!(out, "{}", text::table(&["part", "time", "share", "cause"], &[1, 2], &[0, 1, 2], rows))?;
    heading(out, "Memory of the fullest chip")?;
    let memory = answer.memory;
    let parts = [
        ("dense weights", memory.dense_weights),
        ("experts", memory.expert_weights),
        ("embedding and head", memory.vocabulary_weights),
        ("workspace", memory.workspace),
        ("cache", memory.cache),
        ("in all", memory.used()),
        ("usable", memory.usable),
    ];
    let rows = parts
        .into_iter()
        .filter(|(_, bytes)| *bytes > 0.0)
        .map(|(name, bytes)| vec![name.to_owned(), format!("{} GB", short(bytes / 1e9))]);
    writeln!(out, "{}", text::table(&["part", "size"], &[1], &[0, 1], rows))?;
    writeln!(out)?;
    paragraph(
        out,
        0,
        &format!("memory lets in {} sequences of this length on a worker", short(answer.capacity.floor())),
    )?;
    paragraph(out, 0, &format!("constants: {}", answer.calibration))?;
    for assumed in &answer.assumed {
        paragraph(out, 0, &format!("assumed: {assumed}"))?;
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn execution_words(execution: &Execution) -> String {
    let several =
        |count: usize, what: &str| format!("{} {what}{}", counted(count), if count == 1 { "" } else { "s" });
    let workers = |count: usize| several(count, "worker");
    let mut words = match execution.prefill {
        Some(prefill) => format!(
            "{} for prompts ({}), {} for decoding ({})",
            workers(execution.prefill_workers),
            division(&prefill),
            workers(execution.workers),
            division(&execution.parallelism)
        ),
        None => format!("{} ({})", workers(execution.workers), division(&execution.parallelism)),
    };
    words.push_str(&format!(
        ", {}, {} at once",
        several(execution.chips, "chip"),
        several(execution.clients.round() as usize, "request")
    ));
    words
}

fn division(parallelism: &Parallelism) -> String {
    let mut words = vec![format!("TP {}", parallelism.tensor)];
    for (name, degree) in [
        ("PP", parallelism.pipeline),
        ("attention DP", parallelism.attention_data),
        ("EP", parallelism.expert),
    ] {
        if degree > 1 {
            words.push(format!("{name} {degree}"));
        }
    }
    words.join(", ")
}
