//! Measured servers: what a row says was run, what the engine predicts for it, and the few
//! constants of software that are fitted to them.

pub mod fitting;
pub mod published;
pub mod request;

use narrows_perf::model::{Model, Models};
use narrows_perf::network::{Domain, Networks};
use narrows_perf::serving::disaggregated::Disaggregated;
use narrows_perf::serving::profile::{Lengths, Overheads, Profile};
use narrows_perf::serving::steady::{Load, Steady};
use narrows_perf::serving::{Parallelism, Worker, host};
use narrows_perf::{Calibration, Families, Machine, Software};

use crate::chips::Roster;
use crate::table::{Row, Table};
pub use request::{Request, Side};

/// Everything that a prediction of a server rests on.
pub struct Context<'a> {
    /// Models by name.
    pub models: &'a Models,
    /// How chips are joined.
    pub networks: &'a Networks,
    /// Chips by name.
    pub roster: Roster<'a>,
    /// Constants of kernels and of software.
    pub calibration: &'a Calibration,
}

/// What the engine says of a measured server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Mean time to first token, in milliseconds.
    pub ttft_ms: f64,
    /// Mean time per output token, in milliseconds.
    pub tpot_ms: f64,
    /// Output tokens a second, of the whole server.
    pub output_tokens_per_s: f64,
    /// Input tokens a second, of the whole server, cached ones included.
    pub input_tokens_per_s: f64,
    /// Chips of the whole server.
    pub chips: f64,
}

/// Whether a table holds measured servers.
#[must_use]
pub fn is_serving(table: &Table) -> bool {
    ["model_path", "backend", "silicon_ttft_ms", "silicon_tpot_ms"].iter().all(|column| table.has(column))
}

/// Steps of the workers of a server, ready for any constants of software.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What was run.
    pub request: Request,
    /// Load of one server.
    pub load: Load,
    /// The worker, or the one that decodes.
    pub decode: Profile,
    /// The one that takes in prompts, where that is another.
    pub prefill: Option<Profile>,
    /// Bytes of cache handed from one to the other.
    pub handed_bytes: f64,
    /// Family of the chip, by index.
    pub family: usize,
    /// Id of the chip in the catalogue.
    pub chip: String,
    /// Bytes a second at which caches are handed over.
    pub handing_bandwidth: f64,
}

impl Context<'_> {
    /// The families of chips.
    #[must_use]
    pub fn families(&self) -> &Families {
        self.roster.families()
    }

    /// Computes the steps of a request's workers.
    ///
    /// # Errors
    /// The model or chip is unknown, or the model does not fit.
    pub fn prepare(&mut self, request: Request) -> Result<Prepared, String> {
        let model = self.models.find(&request.model).map_err(|error| error.to_string())?.model;
        let calibration = self.calibration;
        let families = self.roster.families();
        let specification = self.roster.find(&request.chip)?.clone();
        let machine = Machine::new(&specification, calibration, families, request.software);
        let network = self.networks.of_chip(&specification, families);
        let domain = network.domain().ok_or("the network has no tiers")?;
        let request = request.with_domain(domain.chips);
        let lengths = Lengths { input: request.input, output: request.output, cached: request.cached };
        let decode = profile(&model, &machine, domain, &request, &request.decode, lengths)?;
        let prefill = match &request.prefill {
            Some(side) => {
                let lengths = Lengths { output: 1.0, ..lengths };
                Some(profile(&model, &machine, domain, &request, side, lengths)?)
            }
            None => None,
        };
        let load = Load { concurrency: request.concurrency, lengths, rounds: request.rounds };
        Ok(Prepared {
            load,
            decode,
            prefill,
            handed_bytes: model.cache_bytes(request.cache_scheme, request.input),
            family: specification.accelerator.family,
            chip: specification.id.clone(),
            handing_bandwidth: domain.fabric_bandwidth,
            request,
        })
    }

    /// Predicts a row of measured servers.
    ///
    /// # Errors
    /// Why there is no prediction.
    pub fn predict_silicon(&mut self, row: Row<'_>) -> Result<Prediction, String> {
        let request = Request::read(row, self.models)?;
        let prepared = self.prepare(request)?;
        let overheads = self.overheads(&prepared);
        Ok(prepared.predict(&overheads))
    }

    /// Constants of software for a prepared request.
    #[must_use]
    pub fn overheads(&self, prepared: &Prepared) -> Overheads {
        self.constants(&prepared.request.variants(), prepared.family, &prepared.chip)
    }

    /// Constants of the first group that was fitted for the family, or for the nearest one.
    fn constants(&self, variants: &[&str], family: usize, chip: &str) -> Overheads {
        host::resolve(self.calibration, variants, self.roster.families(), family, chip).constants
    }
}

fn profile(
    model: &Model,
    machine: &Machine,
    domain: Domain,
    request: &Request,
    side: &Side,
    lengths: Lengths,
) -> Result<Profile, String> {
    let mut deployment = side.deployment;
    deployment.parallelism = request::divisible(model, deployment.parallelism);
    let concurrency = (request.concurrency / side.workers.max(1.0)).max(1.0);
    let made = |deployment| {
        let worker = Worker::new(model, machine, domain, deployment).map_err(|error| error.to_string())?;
        Ok::<_, String>(Profile::new(&worker, lengths, concurrency, side.policy))
    };
    let refused = match made(deployment)? {
        Ok(profile) => return Ok(profile),
        Err(refused) => refused,
    };
    // It ran, so the row leaves out how many chips a worker had: the fewest that do, or a
    // wide worker for many clients.
    let chips = refused.smallest.ok_or_else(|| refused.to_string())?;
    let many = request.concurrency > request::FEW_CLIENTS;
    let wide = if domain.chips > request::RACK { 32 } else { chips };
    deployment.parallelism =
        if many { Parallelism::data_expert(chips.max(wide)) } else { Parallelism::tensor(chips) };
    deployment.parallelism = request::divisible(model, deployment.parallelism);
    made(deployment)?.map_err(|_| refused.to_string())
}

impl Prepared {
    /// What clients see under given constants.
    #[must_use]
    pub fn predict(&self, overheads: &Overheads) -> Prediction {
        let (steady, chips) = match self.sides(overheads) {
            None => (self.together(overheads), self.decode.chips * self.request.decode.workers),
            Some(both) => (both.steady(&self.load, overheads).steady, both.chips()),
        };
        Prediction {
            ttft_ms: 1e3 * steady.first_token_s,
            tpot_ms: 1e3 * steady.output_token_s,
            output_tokens_per_s: steady.output_tokens_per_s,
            input_tokens_per_s: steady.input_tokens_per_s,
            chips,
        }
    }

    /// Servers without workers for prompts alone share the clients.
    fn together(&self, overheads: &Overheads) -> Steady {
        let workers = self.request.decode.workers;
        let load = Load { concurrency: (self.load.concurrency / workers).max(1.0), ..self.load };
        let mut steady = self.decode.steady(&load, overheads);
        steady.requests_per_s *= workers;
        steady.output_tokens_per_s *= workers;
        steady.input_tokens_per_s *= workers;
        steady
    }

    fn sides(&self, overheads: &Overheads) -> Option<Disaggregated<'_>> {
        let prefill = self.prefill.as_ref()?;
        let mut both = Disaggregated {
            prefill,
            prefill_workers: self.request.prefill.map_or(1.0, |side| side.workers),
            decode: &self.decode,
            decode_workers: self.request.decode.workers,
            handed_bytes: self.handed_bytes,
            handing_bandwidth: self.handing_bandwidth,
        };
        if both.prefill_workers < 1.0 {
            // Whoever sets up a server takes as many as keep up with decoding.
            let sequences = (self.load.concurrency / both.decode_workers).min(self.decode.capacity);
            let ratio = both.matched_ratio(sequences.max(1.0), self.load.lengths.output, overheads);
            both.prefill_workers = (ratio * both.decode_workers).ceil().max(1.0);
        }
        Some(both)
    }
}

/// The software of a table's word.
#[must_use]
pub fn software(word: &str) -> Software {
    let word = word.to_ascii_lowercase();
    if word.contains("vllm") {
        Software::Vllm
    } else if word.contains("sglang") {
        Software::Sglang
    } else {
        Software::TensorRtLlm
    }
}
