//! `exposure build`: how many of a cut-down part to build when the rule may turn before it is
//! delivered.

use jiff::civil::Date;
use narrows_market::policy::chain::Distribution;
use narrows_market::policy::fault::Fault;
use narrows_market::policy::forecast::{Forecast, Probability};
use narrows_market::policy::outlook::{DRAWS, is_shut};
use narrows_market::policy::random::Stream;
use narrows_market::policy::state::{Rule, Terms};
use narrows_market::policy::stock::{Batch, Decision, Delivery, Demand, Trial, Wait, Waiting};
use serde::{Deserialize, Serialize};

use super::outlook::part_of;
use super::terms::{TermsAnswer, terms_of};
use super::tree::{RuleRequest, Tree, TreeAnswer, failure};
use super::{check_coverage, latest_part, named};
use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// Years of a quarter.
const QUARTER: f64 = 0.25;

/// Histories for each draw of the hazards.
const HISTORIES: usize = 50;

/// How many parts to build.
pub struct ExposureBuild;

/// What `exposure build` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRequest {
    /// The firm: id, name or ticker.
    pub firm: String,
    /// Day of which the knowledge is.
    pub on: Date,
    /// Part under the rule; the one of the latest figure if none.
    #[serde(default)]
    pub part: Option<String>,
    /// Quarters from the order to the delivery.
    #[serde(default)]
    pub lead: Option<f64>,
    /// Parts wanted in the season, least and most.
    #[serde(default)]
    pub demand: Option<(f64, f64)>,
    /// What one sells for, in dollars; the latest figure on record if none.
    #[serde(default)]
    pub price: Option<f64>,
    /// What one costs its maker, in dollars; the latest figure on record if none.
    #[serde(default)]
    pub cost: Option<f64>,
    /// What is left of the price after the cost, a share of it: in the place of the cost.
    #[serde(default)]
    pub margin: Option<f64>,
    /// What a stranded part brings, a share of its cost; from the cases known by then if none.
    #[serde(default)]
    pub salvage: Option<f64>,
    /// Quarters until the next day of decision, for the value of waiting; one if none.
    #[serde(default)]
    pub wait: Option<f64>,
    /// Quarters in which demand arises, from the first delivery; four if none.
    #[serde(default)]
    pub season: Option<f64>,
    /// Rate at which later profit counts less, per year; none if none.
    #[serde(default)]
    pub discount: Option<f64>,
    /// The rule.
    #[serde(default)]
    pub rule: RuleRequest,
}

/// A number, with what it is and what comes of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// What is otherwise.
    pub what: String,
    /// The best number then.
    pub best: Decision,
}

/// A number tried out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tried {
    /// Units.
    pub units: f64,
    /// Expected profit in closed form, in dollars.
    pub expected_profit: f64,
    /// The same as simulated.
    pub simulated: Trial,
}

/// What `exposure build` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuildAnswer {
    /// Id of the firm.
    pub firm: String,
    /// Its name.
    pub name: String,
    /// Day of which the knowledge is.
    pub on: Date,
    /// Part.
    pub part: String,
    /// The rule that may turn.
    pub rule: TreeAnswer,
    /// Price, cost, salvage and the rest, each with where it comes from.
    pub terms: TermsAnswer,
    /// The number to build and what it hangs on.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// What the answer supposes, in words.
    pub assumed: Vec<String>,
    /// Seed of the draws.
    pub seed: u64,
    /// What identifies the data.
    pub data_version: String,
}

/// The number to build and what it hangs on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Numbers {
    /// States on the day of delivery, each with its probability.
    pub states: Vec<(Rule, Probability)>,
    /// Probability that nothing can be sold on that day.
    pub shut: Probability,
    /// The number that brings most.
    pub best: Decision,
    /// The same number by single draws of the hazards: what few turns leave open of it.
    pub spread: Probability,
    /// Probability of a bar above which not even the first part pays; none if sales are barred
    /// in every state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even: Option<f64>,
    /// Probability of a bar at which the whole batch just pays; none if nothing is built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even_of_batch: Option<f64>,
    /// Half of the best number, that number, and one half more, in closed form and simulated;
    /// none if nothing is built.
    pub tried: Vec<Tried>,
    /// What building later is worth.
    pub waiting: Waiting,
    /// The best number if one thing were otherwise.
    pub otherwise: Vec<Alternative>,
    /// Histories drawn for each number.
    pub histories: usize,
    /// Draws of the hazards.
    pub hazard_draws: usize,
}

impl Operation for ExposureBuild {
    const NAME: &'static str = "exposure build";
    const SUMMARY: &'static str = "How many of a part to build when the rule may turn before it is delivered, and what waiting is worth.";
    type Request = BuildRequest;
    type Answer = BuildAnswer;

    fn run(workbench: &Workbench, request: &BuildRequest) -> Result<BuildAnswer, Failure> {
        let (firm, record) = named(workbench, &request.firm)?;
        check_coverage(record, request.on)?;
        let part = latest_part(workbench, record, request.on, request.part.as_deref())?;
        let part = part_of(record, part.as_deref(), request.on)?;
        let tree = Tree::grow(workbench, part, request.on, &request.rule)?;
        let mut assumed = tree.answer.assumed.clone();
        let figures = terms_of(workbench, request, part, tree.fee, &mut assumed)?;
        let question = Question::ask(request, &tree, &figures)?;
        Ok(BuildAnswer {
            firm: firm.id.clone(),
            name: firm.name.clone(),
            on: request.on,
            part: part.id.clone(),
            numbers: question.answer(&figures).map_err(|fault| failure(&fault))?,
            rule: tree.answer,
            terms: figures,
            assumed,
            seed: request.rule.seed(),
            data_version: workbench.data_version(),
        })
    }
}

/// Everything that the number hangs on.
struct Question {
    forecast: Forecast,
    stream: Stream,
    today: Rule,
    lead_years: f64,
    demand: Demand,
    terms: Terms,
    wait: Wait,
    draws: usize,
}

impl Question {
    fn ask(request: &BuildRequest, tree: &Tree, figures: &TermsAnswer) -> Result<Self, Failure> {
        let draws = request.rule.draws();
        if !(DRAWS.0..=DRAWS.1).contains(&draws) {
            let (low, high) = DRAWS;
            return Err(failure(&Fault::Count { what: "draws", low, high, value: draws }));
        }
        let set = || -> Result<Self, Fault> {
            let mut stream = Stream::new(request.rule.seed());
            Ok(Self {
                forecast: Forecast::drawn(&tree.hazards, draws / HISTORIES, &mut stream)?,
                stream,
                today: tree.answer.today,
                lead_years: figures.lead * QUARTER,
                demand: Demand::range(figures.demand.0, figures.demand.1)?,
                terms: Terms::new(figures.licensed, tree.fee)?,
                wait: Wait {
                    decision_years: figures.wait * QUARTER,
                    lead_years: figures.lead * QUARTER,
                    season_years: figures.season * QUARTER,
                    discount_rate: figures.discount,
                },
                draws,
            })
        };
        set().map_err(|fault| failure(&fault))
    }

    /// A part at other prices, sold under these states.
    fn batch(&self, figures: &TermsAnswer, deliveries: Vec<Delivery>) -> Result<Batch, Fault> {
        let (cost, price) = (figures.cost.value, figures.price.value);
        Batch::new(cost, price, figures.salvage.value, self.demand, deliveries)
    }

    fn answer(mut self, figures: &TermsAnswer) -> Result<Numbers, Fault> {
        let by_chain = self.forecast.by_chain(self.today, self.lead_years)?;
        let states = Distribution::mean(&by_chain);
        let batch = self.batch(figures, Delivery::under(&states, &self.terms))?;
        let best = batch.best();
        let mut tried = Vec::new();
        for units in [0.5, 1.0, 1.5].map(|part| best.units * part) {
            let sample = (self.draws, &mut self.stream);
            let from = (self.today, self.lead_years);
            let simulated = Trial::of(&batch, units, &self.forecast, from, &self.terms, sample)?;
            tried.push(Tried { units, expected_profit: batch.expected_profit(units), simulated });
        }
        let best_under = |states: &Distribution| -> Result<f64, Fault> {
            Ok(batch.with_deliveries(Delivery::under(states, &self.terms))?.best().units)
        };
        let spread = Probability::over(by_chain.iter().map(best_under).collect::<Result<_, Fault>>()?);
        let of = |chosen: &dyn Fn(Rule) -> bool| {
            Probability::over(by_chain.iter().map(|states| states.sum(chosen)).collect())
        };
        let possible = states.iter().filter(|(_, probability)| *probability > 0.0);
        Ok(Numbers {
            states: possible.map(|(rule, _)| (rule, of(&|other| other == rule))).collect(),
            shut: of(&is_shut),
            best,
            spread,
            break_even: batch.break_even_bar(),
            break_even_of_batch: batch.break_even_bar_of(best.units),
            tried: if best.units > 0.0 { tried } else { Vec::new() },
            waiting: self.wait.value(&batch, &self.forecast, self.today, &self.terms)?,
            otherwise: self.otherwise(figures, &batch, &states)?,
            histories: self.draws,
            hazard_draws: self.forecast.chains().len(),
        })
    }

    /// The best number if one thing were otherwise.
    fn otherwise(
        &self,
        figures: &TermsAnswer,
        batch: &Batch,
        states: &Distribution,
    ) -> Result<Vec<Alternative>, Fault> {
        let mut all = Vec::new();
        let mut add = |what: String, batch: Batch| all.push(Alternative { what, best: batch.best() });
        let open = vec![Delivery { probability: 1.0, kept_share: 1.0, sold_share: 1.0 }];
        add("no rule at all".to_owned(), batch.with_deliveries(open)?);
        for (what, licensed) in [("licences let nothing through", 0.0), ("licences let all through", 1.0)] {
            let terms = self.terms.with_licensed(licensed)?;
            add(what.to_owned(), batch.with_deliveries(Delivery::under(states, &terms))?);
        }
        let deliveries = || Delivery::under(states, &self.terms);
        for (name, change) in figures.ends() {
            add(name, self.batch(&change, deliveries())?);
        }
        Ok(all)
    }
}
