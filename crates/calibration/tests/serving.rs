//! Measured servers: rows are read as they were meant, and all that can be are predicted.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use narrows_calibration::chips::Roster;
use narrows_calibration::serving::fitting::read;
use narrows_calibration::serving::request::divisible;
use narrows_calibration::serving::{Context, Request, published};
use narrows_calibration::table::Table;
use narrows_catalog::{Chips, DataFile, read_chips, read_places};
use narrows_perf::model::Models;
use narrows_perf::network::Networks;
use narrows_perf::serving::Parallelism;
use narrows_perf::{Calibration, Families, Scheme};

struct Data {
    chips: Chips,
    families: Families,
    models: Models,
    networks: Networks,
    calibration: Calibration,
}

fn files(folder: &str) -> Vec<DataFile<'static>> {
    narrows_data::folder(folder).map(|file| DataFile { path: file.path, text: file.text }).collect()
}

fn data() -> Data {
    let mut place_files = files("places");
    place_files.sort_by_key(|file| !file.path.ends_with("/places.toml"));
    let places = read_places(place_files).expect("places");
    let perf = files("perf");
    let families = perf.iter().find(|file| file.path.ends_with("families.toml")).expect("families");
    Data {
        chips: read_chips(files("chips"), &places).expect("chips"),
        families: Families::read(*families).expect("families"),
        models: Models::read(files("models")).expect("models"),
        networks: Networks::read(files("networks")).expect("networks"),
        calibration: Calibration::read(files("calibration")).expect("constants"),
    }
}

impl Data {
    fn context(&self) -> Context<'_> {
        Context {
            models: &self.models,
            networks: &self.networks,
            roster: Roster::new(&self.chips, &self.families),
            calibration: &self.calibration,
        }
    }
}

const HEADER: &str = "chip,backend,model_path,precision,mode,isl,osl,concurrency,gemm_quant_mode,moe_quant_mode,\
    batch_size,tp_size,pp_size,attention_dp_size,moe_tp_size,moe_ep_size,prefill_num_workers,prefill_tp_size,\
    prefill_attention_dp_size,prefill_moe_tp_size,prefill_moe_ep_size,decode_batch_size,decode_num_workers,\
    decode_tp_size,decode_attention_dp_size,decode_moe_tp_size,decode_moe_ep_size,silicon_ttft_ms,silicon_tpot_ms,origin";

fn request(data: &Data, row: &str, domain: usize) -> Request {
    let table = Table::read(format!("{HEADER}\n{row}\n").as_bytes()).expect("a table");
    let row = table.iter().next().expect("a row");
    Request::read(row, &data.models).expect("a request").with_domain(domain)
}

#[test]
fn rows_are_read_as_they_were_meant() {
    let data = data();
    let plain = request(
        &data,
        "H100-SXM,vllm,meta-llama/Llama-3.1-70B,fp8,agg,8192,1024,16,fp8,fp8,16,4,1,1,4,1,,,,,,,,,,,,1,1,public",
        8,
    );
    assert_eq!(plain.decode.deployment.parallelism, Parallelism::tensor(4));
    assert!((plain.input - 0.9 * 8192.0).abs() < 1e-9, "lengths are random from four fifths");
    assert!((plain.rounds - 10.0).abs() < 1e-9);
    // Eight chips named once for each kind of division.
    let doubled = request(
        &data,
        "H200-SXM,trtllm,deepseek-ai/DeepSeek-R1,fp8,agg,1024,8192,256,fp8,fp8,4,1,1,64,8,8,,,,,,,,,,,,1,1,public",
        8,
    );
    assert_eq!(doubled.decode.deployment.parallelism, Parallelism::data_expert(8));
    assert_eq!(doubled.decode.deployment.weights, Scheme::Fp8Block);
    // All chips of a rack named as one worker: four for prompts and four times eight.
    let rack = request(
        &data,
        "GB200,trtllm,deepseek-ai/DeepSeek-R1,fp4,agg,1024,1024,16,nvfp4,nvfp4,16,36,1,1,36,1,,,,,,,,,,,,1,1,public",
        72,
    );
    assert_eq!(rack.decode.deployment.parallelism, Parallelism::tensor_expert(8));
    assert!((rack.decode.workers - 4.0).abs() < 1e-9);
    assert!(rack.prefill.is_some());
    // Clients over batch tell the number of workers.
    let several = request(
        &data,
        "GB200,trtllm,nvidia/Qwen3-32B-NVFP4,fp4,agg,15000,500,448,nvfp4,nvfp4,14,2,1,1,1,1,,,,,,,,,,,,1,1,NVIDIA in-house",
        72,
    );
    assert!((several.decode.workers - 32.0).abs() < 1e-9);
    assert!((several.input - 15000.0).abs() < 1e-9, "lengths are exact");
}

#[test]
fn divisions_that_a_model_does_not_allow_are_put_right() {
    let data = data();
    let model = data.models.find("llama-3.1-70b").expect("known").model;
    let odd = Parallelism { tensor: 24, pipeline: 1, attention_data: 1, expert_tensor: 24, expert: 1 };
    assert_eq!(divisible(&model, odd).tensor, 8);
    assert_eq!(divisible(&model, odd).chips(), 24);
}

#[test]
fn shipped_rows_are_predicted() {
    let data = data();
    let mut context = data.context();
    let shipped = files("measured");
    let find = |name: &str| {
        let file = shipped.iter().find(|file| file.path.ends_with(name));
        file.map(|file| Table::read(file.text.as_bytes()).expect("a table"))
    };
    if let Some(table) = find("e2e_serving_silicon.csv") {
        let (served, skipped) = read(&table, &mut context);
        assert!(served.len() * 50 >= table.rows.len() * 49, "{skipped:?}");
        for row in &served {
            let said = row.prepared.predict(&context.overheads(&row.prepared));
            assert!(said.ttft_ms.is_finite() && said.ttft_ms > 0.0, "{:?}", row.prepared.request);
            assert!(said.tpot_ms.is_finite() && said.tpot_ms > 0.0, "{:?}", row.prepared.request);
            assert!(said.output_tokens_per_s > 0.0 && said.chips >= 1.0);
        }
    }
    if let Some(table) = find("e2e.csv") {
        assert!(published::is_published(&table));
        let kinds = ["serve", "prefill", "decode"];
        for row in table.iter().filter(|row| kinds.contains(&row.text("kind"))) {
            match context.predict_published(row) {
                Ok(said) => assert!(said.is_finite() && said > 0.0, "{}", row.text("id")),
                Err(reason) => assert!(!reason.is_empty()),
            }
        }
    }
}
