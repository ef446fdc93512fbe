//! Reading of published training results, and what they are predicted to be.

#![expect(clippy::unwrap_used, reason = "test code: a panic is the report")]

use std::io::Cursor;

use narrows_calibration::chips::Roster;
use narrows_calibration::table::Table;
use narrows_calibration::training::layout::Layout;
use narrows_calibration::training::{TrainingContext, predict_training, prepare};
use narrows_catalog::{Chips, DataFile, read_chips, read_places};
use narrows_perf::model::Models;
use narrows_perf::network::Networks;
use narrows_perf::training::{Recomputation, Schedule, Sharding};
use narrows_perf::{Calibration, Families, Scheme};

const HEADER: &str = "id,kind,model,chip,n_chips,precision,parallelism,batch,seq_in,seq_out,metric,value,unit,source_url,notes";

fn files(folder: &str) -> Vec<DataFile<'static>> {
    narrows_data::folder(folder).map(|file| DataFile { path: file.path, text: file.text }).collect()
}

struct World {
    chips: Chips,
    families: Families,
    models: Models,
    networks: Networks,
    calibration: Calibration,
}

impl World {
    fn read() -> Self {
        let mut places = files("places");
        places.sort_by_key(|file| !file.path.ends_with("/places.toml"));
        let places = read_places(places).unwrap();
        let families = files("perf").into_iter().find(|file| file.path.ends_with("families.toml")).unwrap();
        Self {
            chips: read_chips(files("chips"), &places).unwrap(),
            families: Families::read(families).unwrap(),
            models: Models::read(files("models")).unwrap(),
            networks: Networks::read(files("networks")).unwrap(),
            calibration: Calibration::read(files("calibration")).unwrap(),
        }
    }

    fn each<T>(
        &self,
        rows: &str,
        mut with: impl FnMut(narrows_calibration::table::Row<'_>, &TrainingContext<'_>, &mut Roster<'_>) -> T,
    ) -> Vec<T> {
        let table = Table::read(Cursor::new(format!("{HEADER}\n{rows}"))).unwrap();
        let mut roster = Roster::new(&self.chips, &self.families);
        let context = TrainingContext {
            models: &self.models,
            calibration: &self.calibration,
            networks: &self.networks,
        };
        table.iter().map(|row| with(row, &context, &mut roster)).collect()
    }
}

#[test]
fn layouts_in_every_style_are_read() {
    let nemo = Layout::read("TP=4;PP=8;CP=1;VP=5;EP=n/a;FSDP=0;MBS=1");
    assert_eq!(
        (nemo.tensor, nemo.pipeline, nemo.context, nemo.virtual_stages, nemo.expert, nemo.micro_batch),
        (Some(4), Some(8), Some(1), Some(5), None, Some(1))
    );
    assert_eq!((nemo.sharding, nemo.unknown.len()), (None, 0));
    let other_precision = Layout::read("TP=1 (2);PP=1 (4);CP=1;VP=1 (5);EP=1;FSDP=64 (0);MBS=2");
    assert_eq!((other_precision.tensor, other_precision.pipeline), (Some(1), Some(1)));
    assert_eq!(
        (other_precision.sharding, other_precision.shard_ranks),
        (Some(Sharding::Parameters), Some(64))
    );
    let foundry = Layout::read("fsdp=SHARD_GRAD_OP; act_ckpt=True; mbs=12; ga=3");
    assert_eq!(foundry.sharding, Some(Sharding::Gradients));
    assert_eq!(foundry.recomputation, Some(Recomputation::Full));
    assert_eq!((foundry.micro_batch, foundry.accumulation), (Some(12), Some(3)));
    let prose = Layout::read("PP=16;EP=64 (8 nodes);ZeRO-1 DP; TP=1; DualPipe");
    assert_eq!((prose.pipeline, prose.expert, prose.tensor), (Some(16), Some(64), Some(1)));
    assert_eq!((prose.sharding, prose.schedule), (Some(Sharding::Optimizer), Some(Schedule::DualPipe)));
    let early = Layout::read("TP=8;PP=8;DP=1;SP=1;recompute=selective");
    assert_eq!(early.sequence_parallel, Some(true));
    assert_eq!(early.recomputation, Some(Recomputation::Selective));
    let tpu = Layout::read("TP=12;FSDP=256;pods=2");
    assert_eq!((tpu.tensor, tpu.shard_ranks, tpu.unknown.len()), (Some(12), Some(256), 0));
    let dies = Layout::read("EP=32 (16 NPU x 2 dies);TP=8;PP=16;VPP=2");
    assert_eq!((dies.expert, dies.virtual_stages, dies.unknown.len()), (Some(32), Some(2), 0));
}

#[test]
fn what_is_not_understood_is_reported() {
    let layout = Layout::read("TP=2;colour=red;WARP=9");
    assert_eq!(layout.tensor, Some(2));
    assert_eq!(layout.unknown, ["colour=red", "WARP=9"]);
    assert!(Layout::read("").is_empty());
}

const ROWS: &str = "\
a,train,MPT-7b,A100-SXM-80G,8,bf16,fsdp=FULL_SHARD; act_ckpt=False; mbs=6; ga=2,96,2048,,mfu,64,percent,https://github.com/mosaicml/llm-foundry,
b,train,LLAMA3_70B,H100-SXM,64,FP8,TP=4;PP=8;CP=1;VP=5;EP=n/a;FSDP=0;MBS=1,256,8192,,tokens_per_s_per_gpu,1664,tokens/s/gpu,,NeMo 26.04
c,train,DeepSeek-V3 671B,H800-SXM,2048,fp8,PP=16;EP=64 (8 nodes);ZeRO-1 DP; TP=1; DualPipe,15360,4096,,gpu_hours_per_trillion_tokens,180000,H800 GPU-hours,https://arxiv.org/abs/2412.19437,
d,train,Llama-3.1-405B,H100-SXM,8192,bf16,TP=8;CP=1;PP=16;DP=64,16M tokens,8192,,mfu,43,percent,https://arxiv.org/abs/2407.21783,
e,train,LLaMA2-7B,Ascend-910B,8,bf16,,,,,tokens_per_s_per_npu,2884,tokens/s/npu,https://github.com/Ascend/MindSpeed-LLM,
f,train,22B,A100-SXM-80G,8,fp16,TP=8;PP=1;DP=1;recompute=full,4,2048,,iteration_time,1.42,s,https://arxiv.org/abs/2205.05198,
g,train,Qwen3_30B_a3B (tokendrop),B200-SXM,8,,TP=1;PP=1;CP=1;VP=1;EP=8;FSDP=0;MBS=1,512,4096,,tokens_per_s_per_gpu,18066,tokens/s/gpu,,NeMo 25.09
h,train,PaLM 540B,TPU-v4,6144,bf16,TP=12;FSDP=256;pods=2,2048,2048,,mfu,46.2,percent,,
i,train,Llama-3-8B,H20,16,mxfp8,zero bubble; TP=2; PP=2; something new,64,4096,,tflops_per_chip,100,TFLOP/s,,";

#[test]
fn every_style_of_row_is_predicted() {
    let world = World::read();
    let predicted = world.each(ROWS, |row, context, roster| {
        (row.text("id").to_owned(), row.number("value").unwrap(), predict_training(row, context, roster))
    });
    for (id, value, predicted) in predicted {
        let predicted = predicted.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(predicted.is_finite() && predicted > 0.0, "{id}: {predicted}");
        // The sense of the unit, not the accuracy: constants are fitted elsewhere.
        let ratio = predicted / value;
        assert!((0.02..20.0).contains(&ratio), "{id}: {predicted} for {value}");
    }
}

#[test]
fn rows_become_the_plans_they_describe() {
    let world = World::read();
    let prepared = world.each(ROWS, |row, context, roster| prepare(row, context, roster).unwrap());
    let plan = |id: &str| prepared.iter().find(|one| one.case.id == id).unwrap().case.plan;
    let llama = plan("d");
    assert_eq!(
        (llama.global_batch, llama.replicas(), llama.micro_batches()),
        (2048, 64, 32 / llama.micro_batch)
    );
    let deepseek = plan("c");
    assert_eq!((deepseek.schedule, deepseek.sharding), (Schedule::DualPipe, Sharding::Optimizer));
    assert_eq!((deepseek.expert, deepseek.replicas()), (64, 128));
    let qwen = plan("g");
    assert!(qwen.drops_tokens);
    assert_eq!(qwen.precision, Scheme::Fp8);
    let mpt = plan("a");
    assert_eq!((mpt.sharding, mpt.micro_batches()), (Sharding::Parameters, 2));
    // The chip has no 8-bit floating point, or it has: what it runs is what it can.
    let h20 = prepared.iter().find(|one| one.case.id == "i").unwrap();
    assert_eq!(h20.case.unknown, ["something new"]);
    assert_eq!(h20.case.plan.schedule, Schedule::ZeroBubble);
    assert!(prepared.iter().find(|one| one.case.id == "e").unwrap().case.searched);
}

#[test]
fn rows_without_meaning_say_why() {
    let world = World::read();
    let errors = world.each(
        "\
a,train,No such model,H100-SXM,8,bf16,,8,2048,,mfu,40,percent,,
b,train,MPT-7b,No such chip,8,bf16,,8,2048,,mfu,40,percent,,
c,train,MPT-7b,H100-SXM,8,bf16,,8,2048,,colour,40,percent,,
d,train,LLaMA2-7B,H100-SXM,8,bf16,TP=7;PP=1,8,2048,,mfu,40,percent,,",
        |row, context, roster| predict_training(row, context, roster).unwrap_err(),
    );
    assert!(errors[0].contains("unknown model"), "{}", errors[0]);
    assert!(errors[1].contains("No such chip"), "{}", errors[1]);
    assert!(errors[2].contains("unknown metric `colour`"), "{}", errors[2]);
    assert!(errors[3].contains("expected a divisor of the 32 heads"), "{}", errors[3]);
}
