//! Errors of training: `cargo run --release -p narrows-calibration --example training -- MEASURED_DIR [rows|fit FILE]`

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use narrows_calibration::chips::Roster;
use narrows_calibration::group::fit_all;
use narrows_calibration::kernels::Measured;
use narrows_calibration::table::Table;
use narrows_calibration::training::fitting::{data_file, fit_frameworks};
use narrows_calibration::training::{Prepared, TrainingContext, prepare};
use narrows_catalog::{DataFile, read_chips, read_places};
use narrows_perf::kernels::attention::Prefill;
use narrows_perf::kernels::collective::Collective;
use narrows_perf::kernels::elementwise::Elementwise;
use narrows_perf::kernels::exchange::Exchange;
use narrows_perf::kernels::gemm::Gemm;
use narrows_perf::model::Models;
use narrows_perf::network::Networks;
use narrows_perf::training::step::{ModelPasses, step_time};
use narrows_perf::training::{Limits, Operator, Parameters, Slice, Step, TrainingConstants, search};
use narrows_perf::{Calibration, ConstantSet, Families};

fn files(folder: &str) -> Vec<DataFile<'static>> {
    narrows_data::folder(folder).map(|file| DataFile { path: file.path, text: file.text }).collect()
}

/// Constants of the kernels of a step fitted here, on some of the rows and without any error
/// estimate, for a study while none are on file. Kept in a folder.
fn fit_here(measured: &Path, kept: &Path, roster: &mut Roster<'_>) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(kept)?;
    quick::<Gemm>(&measured.join("gemm.csv"), 8, kept, roster)?;
    quick::<Prefill>(&measured.join("attention_prefill.csv"), 6, kept, roster)?;
    quick::<Collective>(&measured.join("collectives.csv"), 2, kept, roster)?;
    quick::<Exchange>(&measured.join("moe_all_to_all_deepep.csv"), 1, kept, roster)?;
    quick::<Elementwise>(&measured.join("elementwise_and_layer_parts.csv"), 2, kept, roster)?;
    Ok(())
}

fn quick<K: Measured>(
    file: &Path,
    every: usize,
    kept: &Path,
    roster: &mut Roster<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let table = Table::read(File::open(file)?)?;
    let mut of_chip = std::collections::BTreeMap::<&str, usize>::new();
    for row in table.iter() {
        *of_chip.entry(row.text("chip")).or_default() += 1;
    }
    let kept_rows = table.iter().enumerate().filter(|(at, row)| {
        at.is_multiple_of(every) || of_chip.get(row.text("chip")).is_some_and(|count| *count < 300)
    });
    let rows: Vec<_> = kept_rows.filter_map(|(_, row)| K::read(row, roster).ok()).collect();
    let mut text = String::new();
    for fit in fit_all::<K>(&rows) {
        let chips: Vec<String> =
            fit.chips.iter().filter_map(|name| Some(format!("\"{}\"", roster.find(name).ok()?.id))).collect();
        text += &format!(
            "[[fit]]\nkernel = \"{}\"\nvariant = \"{}\"\nscheme = \"{}\"\nfamily = \"{}\"\nchips = [{}]\nrows = 1\nknown = {{ median = 0.1, p90 = 0.3 }}\n[fit.constants]\n",
            K::NAME,
            fit.key.variant,
            fit.key.scheme,
            fit.key.family,
            chips.join(", ")
        );
        for (spec, value) in K::Constants::SPECS.iter().zip(&fit.values) {
            text += &format!("{} = {value:.6}\n", spec.name);
        }
    }
    eprintln!("{}", K::NAME);
    std::fs::write(kept.join(format!("{}.toml", K::NAME)), text)?;
    Ok(())
}

fn read_kept(kept: &Path) -> Result<Calibration, Box<dyn std::error::Error>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(kept)? {
        let path = entry?.path();
        texts.push((path.display().to_string(), std::fs::read_to_string(&path)?));
    }
    Ok(Calibration::read(texts.iter().map(|(path, text)| DataFile { path, text }))?)
}

fn print_row(
    prepared: &Prepared,
    constants: &TrainingConstants,
    fitted: f64,
    known: f64,
    unseen: f64,
) -> Result<(), String> {
    let case = &prepared.case;
    let plan = &case.plan;
    let step = prepared.step(constants)?;
    let percent = |seconds: f64| 100.0 * seconds / step.seconds;
    let error = |value: f64| 100.0 * (value / case.observed - 1.0);
    print!(
        "    {} {:22} {:14} {}{} n={} tp{} pp{} v{} cp{} ep{} mbs{} m{} s{} {:?} {:?} {:?} {:.0}GB: {:9.3} {:9.3} {:+6.1}% known {:+6.1}% unseen {:+6.1}% |",
        case.id,
        case.model.id,
        case.chip,
        case.framework.name(),
        if case.searched { "*" } else { "" },
        plan.chips,
        plan.tensor,
        plan.pipeline,
        plan.virtual_stages,
        plan.context,
        plan.expert,
        plan.micro_batch,
        plan.micro_batches(),
        plan.sequence,
        plan.precision,
        plan.sharding,
        plan.recomputation,
        step.memory.total() * 1e-9,
        fitted,
        case.observed,
        error(fitted),
        error(known),
        error(unseen)
    );
    for operator in Operator::ALL {
        let share = percent(step.time.parts.of(operator).seconds());
        if share > 0.5 {
            print!(" {} {share:.0}", operator.words());
        }
    }
    println!(" bubble {:.0}", percent(step.time.bubble_s));
    Ok(())
}

/// How fast a step and a search are computed.
fn speed(case: &Prepared) -> Result<(), String> {
    let constants = TrainingConstants::default();
    let means = case.means(&constants);
    let (model, plan) = (&case.case.model, &case.case.plan);
    let each = |times: u32, work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..times).for_each(|_| work());
        start.elapsed().as_secs_f64() / f64::from(times) * 1e6
    };
    let whole = each(2000, &mut || {
        let _ = std::hint::black_box(Step::unlimited(model, std::hint::black_box(plan), means));
    });
    let parameters = Parameters::of(model);
    let passes = ModelPasses::of(model, means, Slice::from(plan));
    let kept = each(20_000, &mut || {
        let _ =
            std::hint::black_box(step_time(model, &parameters, std::hint::black_box(plan), means, &passes));
    });
    println!("{}: {whole:.1} us a step, {kept:.2} us with shapes kept", case.case.id);
    let start = Instant::now();
    let found =
        search(model, plan, means, &Limits::default(), &mut |_, _| {}).map_err(|error| error.to_string())?;
    println!(
        "  search: {:.2} s, {} seen, {} valid, {:?}, {:?}, best {:.2} s tp{} pp{} ep{} mbs{} {:?} {:?} {:?}",
        start.elapsed().as_secs_f64(),
        found.seen,
        found.valid,
        found.rejected,
        found.binding,
        found.best.seconds,
        found.best.plan.tensor,
        found.best.plan.pipeline,
        found.best.plan.expert,
        found.best.plan.micro_batch,
        found.best.plan.schedule,
        found.best.plan.recomputation,
        found.best.plan.sharding
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [measured, rest @ ..] = arguments.as_slice() else {
        return Err("training MEASURED_DIR [rows|fit FILE]".into());
    };
    let measured = Path::new(measured);
    let mut place_files = files("places");
    place_files.sort_by_key(|file| !file.path.ends_with("/places.toml"));
    let places = read_places(place_files)?;
    let chips = read_chips(files("chips"), &places)?;
    let families =
        files("perf").into_iter().find(|file| file.path.ends_with("families.toml")).ok_or("no families")?;
    let families = Families::read(families)?;
    let models = Models::read(files("models"))?;
    let networks = Networks::read(files("networks"))?;
    let mut roster = Roster::new(&chips, &families);
    let calibration = match std::env::var("KEPT") {
        Ok(kept) => {
            let kept = Path::new(&kept);
            if !kept.exists() {
                fit_here(measured, kept, &mut roster)?;
            }
            read_kept(kept)?
        }
        Err(_) => Calibration::read(
            files("calibration").into_iter().filter(|file| !file.path.ends_with("training.toml")),
        )?,
    };
    let context = TrainingContext { models: &models, calibration: &calibration, networks: &networks };
    if let Some(at) = rest.iter().position(|word| word == "gemm") {
        let chip = roster.find(rest.get(at + 1).ok_or("gemm CHIP")?)?.clone();
        let machine =
            narrows_perf::Machine::new(&chip, &calibration, &families, narrows_perf::Software::Training);
        for size in [1024.0, 4096.0, 8192.0, 16384.0_f64] {
            let shape =
                narrows_perf::kernels::gemm::GemmShape::new(size, size, size, narrows_perf::Scheme::Bf16);
            let time = machine.gemm(&shape);
            let rate = machine.accelerator.rate(narrows_perf::Arithmetic::Bf16);
            println!("{size}: {:.3} of peak {time:?}", 2.0 * size.powi(3) / time.seconds() / rate);
        }
        return Ok(());
    }
    let table = Table::read(File::open(measured.join("e2e.csv"))?)?;
    let mut cases = Vec::new();
    for row in table.iter().filter(|row| row.text("kind") == "train") {
        match prepare(row, &context, &mut roster) {
            Ok(case) => {
                if !case.case.unknown.is_empty() {
                    println!("{}: not understood: {:?}", case.case.id, case.case.unknown);
                }
                cases.push(case);
            }
            Err(error) => {
                println!("{} {} {}: {error}", row.text("id"), row.text("model"), row.text("parallelism"))
            }
        }
    }
    if rest.iter().any(|word| word == "speed") {
        for case in cases.iter().filter(|case| matches!(case.case.id.as_str(), "e0400" | "e0181" | "e0179")) {
            speed(case)?;
        }
        return Ok(());
    }
    let rows = rest.iter().any(|word| word == "rows");
    if rest.iter().any(|word| word == "plain") {
        for case in &cases {
            let constants = TrainingConstants::default();
            let value = case.predict(&constants)?;
            print_row(case, &constants, value, value, value)?;
        }
        return Ok(());
    }
    let fits = fit_frameworks(&cases);
    for fit in &fits {
        print!("{}:", fit.framework.name());
        for (spec, value) in TrainingConstants::SPECS.iter().zip(&fit.values) {
            print!(" {}={value:.3}", spec.name);
        }
        println!();
        for (chip, [own, known, unseen]) in fit.errors() {
            println!(
                "  {chip:28} {:4} fitted {:5.1} {:5.1} {:+6.1} | known {:5.1} {:5.1} | unseen {:5.1} {:5.1} {:+6.1}",
                own.count,
                100.0 * own.median,
                100.0 * own.p90,
                100.0 * own.bias,
                100.0 * known.median,
                100.0 * known.p90,
                100.0 * unseen.median,
                100.0 * unseen.p90,
                100.0 * unseen.bias
            );
        }
        if rows {
            let constants = TrainingConstants::from_values(&fit.values);
            for one in &fit.predictions {
                print_row(one.case, &constants, one.fitted, one.known, one.unseen.unwrap_or(f64::NAN))?;
            }
        }
    }
    if let Some(at) = rest.iter().position(|word| word == "fit") {
        std::fs::write(rest.get(at + 1).ok_or("fit FILE")?, data_file(&fits))?;
    }
    Ok(())
}
