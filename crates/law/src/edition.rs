//! [`Edition`]: the provisions in force on a day, compiled into one circuit.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use narrows_condition::{
    Circuit, CircuitError, Condition, Dictionary, Domain, FactId, GateId, Literal, Settled, Test,
};

use crate::instrument::{Definition, Effect};
use crate::status::StatusId;
use crate::timeline::InForce;

/// The position of a provision in its edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProvisionId(pub(crate) u32);

impl ProvisionId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The law of one day, view and day of knowledge.
#[derive(Debug)]
pub struct Edition {
    provisions: Vec<InForce>,
    circuit: Circuit,
    pub(crate) outline: Outline<GateId>,
    pub(crate) domains: Arc<[Domain]>,
    /// Tests that are settled by the transaction, in the order of the circuit.
    contextual: Vec<Test>,
}

/// What the phases of a determination look at, gate by gate.
#[derive(Debug, Clone)]
pub(crate) struct Outline<G> {
    /// Classes that requirements may look at; what is a label only decides nothing.
    pub(crate) classes: Vec<(ProvisionId, G)>,
    /// An exclusion and the gate "it holds and takes out a caught class that would hold".
    pub(crate) exclusions: Vec<(ProvisionId, G)>,
    /// A requirement, the gate "it applies", and its own status.
    pub(crate) requirements: Vec<(ProvisionId, G, StatusId)>,
    pub(crate) exemptions: Vec<(ProvisionId, G)>,
    pub(crate) exceptions: Vec<ExceptionGate<G>>,
    pub(crate) reviews: Vec<ReviewGate<G>>,
    pub(crate) prohibitions: Vec<(ProvisionId, G, StatusId)>,
    pub(crate) practices: Vec<(ProvisionId, G, Vec<ProvisionId>, StatusId)>,
}

#[derive(Debug, Clone)]
pub(crate) struct ExceptionGate<G> {
    pub(crate) provision: ProvisionId,
    pub(crate) holds: G,
    pub(crate) discharges: Vec<ProvisionId>,
    pub(crate) status: StatusId,
}

#[derive(Debug, Clone)]
pub(crate) struct ReviewGate<G> {
    pub(crate) provision: ProvisionId,
    pub(crate) holds: G,
    pub(crate) of: Vec<ProvisionId>,
    pub(crate) cases: Vec<(G, StatusId)>,
    pub(crate) otherwise: StatusId,
}

impl<G> Default for Outline<G> {
    fn default() -> Self {
        Self {
            classes: Vec::new(),
            exclusions: Vec::new(),
            requirements: Vec::new(),
            exemptions: Vec::new(),
            exceptions: Vec::new(),
            reviews: Vec::new(),
            prohibitions: Vec::new(),
            practices: Vec::new(),
        }
    }
}

impl<G: Copy> Outline<G> {
    /// All gates, in a fixed order.
    fn gates(&self) -> Vec<G> {
        let mut gates = Vec::new();
        self.clone().map(&mut |gate| {
            gates.push(gate);
            gate
        });
        gates
    }

    /// The same outline over other gates, visited in the order of [`Outline::gates`].
    pub(crate) fn map<H>(self, image: &mut impl FnMut(G) -> H) -> Outline<H> {
        Outline {
            classes: self.classes.into_iter().map(|(id, gate)| (id, image(gate))).collect(),
            exclusions: self.exclusions.into_iter().map(|(id, gate)| (id, image(gate))).collect(),
            requirements: self
                .requirements
                .into_iter()
                .map(|(id, gate, status)| (id, image(gate), status))
                .collect(),
            exemptions: self.exemptions.into_iter().map(|(id, gate)| (id, image(gate))).collect(),
            exceptions: self
                .exceptions
                .into_iter()
                .map(|exception| ExceptionGate {
                    provision: exception.provision,
                    holds: image(exception.holds),
                    discharges: exception.discharges,
                    status: exception.status,
                })
                .collect(),
            reviews: self
                .reviews
                .into_iter()
                .map(|review| ReviewGate {
                    provision: review.provision,
                    holds: image(review.holds),
                    of: review.of,
                    cases: review.cases.into_iter().map(|(gate, status)| (image(gate), status)).collect(),
                    otherwise: review.otherwise,
                })
                .collect(),
            prohibitions: self
                .prohibitions
                .into_iter()
                .map(|(id, gate, status)| (id, image(gate), status))
                .collect(),
            practices: self
                .practices
                .into_iter()
                .map(|(id, gate, of, status)| (id, image(gate), of, status))
                .collect(),
        }
    }
}

/// Tests that the word of a key holds.
const MOST_TESTS: usize = 64;

impl Edition {
    /// Compiles provisions in force, which must be in the order of their ids.
    ///
    /// # Errors
    /// [`CircuitError`] if a comparison leaves exact arithmetic.
    pub(crate) fn compile(provisions: Vec<InForce>, dictionary: &Dictionary) -> Result<Self, CircuitError> {
        let mut compiler = Compiler {
            positions: provisions
                .iter()
                .zip(0_u32..)
                .map(|(it, at)| (it.provision.as_str(), ProvisionId(at)))
                .collect(),
            provisions: &provisions,
            dictionary,
            circuit: RefCell::new(Circuit::new()),
            done: RefCell::new(BTreeMap::new()),
            failure: RefCell::new(None),
        };
        let outline = compiler.outline();
        if let Some(error) = compiler.failure.take() {
            return Err(error);
        }
        let circuit = compiler.circuit.take();
        let domains = dictionary.iter().map(|(_, fact)| Domain::of(&fact.kind)).collect();
        let is_contextual = |test: &&Test| matches!(test, Test::Member { .. } | Test::Day { .. });
        let contextual = circuit.tests().iter().filter(is_contextual).cloned().collect();
        Ok(Self { provisions, circuit, outline, domains, contextual })
    }

    /// Whether columns can run it for every transaction: what a transaction settles only
    /// makes the tests of measures fewer, and open questions of the places add one each.
    ///
    /// # Errors
    /// [`CircuitError::TooManyTests`].
    pub(crate) fn check_width(&self, dictionary: &Dictionary) -> Result<(), CircuitError> {
        let questions = dictionary.iter().filter(|(_, fact)| fact.question).count();
        let found = self.circuit.tests().len() - self.contextual.len() + questions;
        if found > MOST_TESTS { Err(CircuitError::TooManyTests { found }) } else { Ok(()) }
    }

    /// The provisions, by id.
    #[must_use]
    pub fn provisions(&self) -> &[InForce] {
        &self.provisions
    }

    /// A provision by its position.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "a ProvisionId is only ever made from a position in this edition"
    )]
    pub fn provision(&self, id: ProvisionId) -> &InForce {
        &self.provisions[id.index()]
    }

    /// A provision by its id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&InForce> {
        let position = self.provisions.binary_search_by(|it| it.provision.as_str().cmp(id)).ok()?;
        self.provisions.get(position)
    }

    /// Tests that a transaction settles.
    #[must_use]
    pub fn contextual_tests(&self) -> &[Test] {
        &self.contextual
    }

    /// The circuit and outline with the contextual tests settled.
    ///
    /// # Errors
    /// [`CircuitError::TooManyTests`].
    pub(crate) fn specialise(
        &self,
        settle: &mut dyn FnMut(&Test) -> Settled,
    ) -> Result<(Circuit, Outline<GateId>), CircuitError> {
        let (circuit, images) = self.circuit.specialise(&self.outline.gates(), settle)?;
        Ok((circuit, with_images(&self.outline, images)))
    }
}

/// An outline whose gates are replaced, one after the other, by `images`.
pub(crate) fn with_images(outline: &Outline<GateId>, images: Vec<GateId>) -> Outline<GateId> {
    let mut images = images.into_iter();
    outline.clone().map(&mut |gate| images.next().unwrap_or(gate))
}

/// The gates of an outline, for specialising a circuit further.
pub(crate) fn gates_of(outline: &Outline<GateId>) -> Vec<GateId> {
    outline.gates()
}

/// Whether a condition sees presumed facts as true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    /// As given: within presumptions.
    AsGiven,
    /// With presumptions.
    Presumed,
}

struct Compiler<'a> {
    provisions: &'a [InForce],
    positions: BTreeMap<&'a str, ProvisionId>,
    dictionary: &'a Dictionary,
    circuit: RefCell<Circuit>,
    /// Gates of provisions that are compiled.
    done: RefCell<BTreeMap<(u32, Sight), GateId>>,
    failure: RefCell<Option<CircuitError>>,
}

impl<'a> Compiler<'a> {
    fn each(&self) -> impl Iterator<Item = (ProvisionId, &'a InForce)> + use<'a> {
        (0_u32..).map(ProvisionId).zip(self.provisions)
    }

    fn definition(&self, id: ProvisionId) -> Option<&'a Definition> {
        self.provisions.get(id.index()).map(|it| it.definition.as_ref())
    }

    fn never(&self) -> GateId {
        self.circuit.borrow_mut().constant(false)
    }

    fn any(&self, gates: Vec<GateId>) -> GateId {
        self.circuit.borrow_mut().any(gates)
    }

    fn all(&self, gates: Vec<GateId>) -> GateId {
        self.circuit.borrow_mut().all(gates)
    }

    fn not(&self, gate: GateId) -> GateId {
        self.circuit.borrow_mut().not(gate)
    }

    /// The gate of a condition.
    fn condition(&self, condition: &Condition, sight: Sight) -> GateId {
        // Compile what the condition names first: the circuit can be borrowed only once.
        for id in condition.provisions() {
            self.named(id, sight);
        }
        let presumptions: BTreeMap<FactId, GateId> = match sight {
            Sight::AsGiven => BTreeMap::new(),
            Sight::Presumed => self.presumed_facts(),
        };
        let named: BTreeMap<&str, GateId> =
            condition.provisions().map(|id| (id, self.named(id, sight))).collect();
        let never = self.never();
        let compiled = self.circuit.borrow_mut().compile(
            &condition.root,
            self.dictionary,
            &|id| named.get(id).copied().unwrap_or(never),
            &|fact| presumptions.get(&fact).copied(),
        );
        match compiled {
            Ok(gate) => gate,
            Err(error) => {
                self.failure.borrow_mut().get_or_insert(error);
                never
            }
        }
    }

    /// The gate of a provision that a condition names: a definition or a class.
    fn named(&self, id: &str, sight: Sight) -> GateId {
        let Some(id) = self.positions.get(id).copied() else { return self.never() };
        if let Some(gate) = self.done.borrow().get(&(id.0, sight)) {
            return *gate;
        }
        // Cycles are refused when the data are loaded; should one get here, it ends in `never`.
        let placeholder = self.never();
        self.done.borrow_mut().insert((id.0, sight), placeholder);
        let gate = match self.definition(id).map(|definition| &definition.effect) {
            Some(Effect::Classify { .. }) => self.class(id, sight),
            Some(Effect::Define) => self.holds(id, sight),
            _ => placeholder,
        };
        self.done.borrow_mut().insert((id.0, sight), gate);
        gate
    }

    /// A provision's own condition, and the questions on which its being in force hangs.
    fn holds(&self, id: ProvisionId, sight: Sight) -> GateId {
        let Some(provision) = self.provisions.get(id.index()) else { return self.never() };
        let condition = self.condition(&provision.definition.when, sight);
        let mut gates = vec![condition];
        for question in &provision.questions {
            gates.push(self.question(*question));
        }
        self.all(gates)
    }

    fn question(&self, fact: FactId) -> GateId {
        let condition = Condition { text: String::new(), root: narrows_condition::Node::Truth(fact) };
        self.condition(&condition, Sight::AsGiven)
    }

    /// Truth facts that presumptions make true.
    fn presumed_facts(&self) -> BTreeMap<FactId, GateId> {
        let mut found: BTreeMap<FactId, Vec<GateId>> = BTreeMap::new();
        for (id, provision) in self.each() {
            if let Effect::Presume { facts, .. } = &provision.definition.effect {
                for fact in facts {
                    found.entry(*fact).or_default().push(self.presumption(id));
                }
            }
        }
        found.into_iter().map(|(fact, gates)| (fact, self.any(gates))).collect()
    }

    /// A presumption that holds and is not rebutted.
    fn presumption(&self, id: ProvisionId) -> GateId {
        let key = (id.0, Sight::AsGiven);
        if let Some(gate) = self.done.borrow().get(&key) {
            return *gate;
        }
        let holds = self.holds(id, Sight::AsGiven);
        let rebuttal = match self.definition(id).map(|definition| &definition.effect) {
            Some(Effect::Presume { unless: Some(unless), .. }) => self.condition(unless, Sight::AsGiven),
            _ => self.never(),
        };
        let gate = self.not(rebuttal);
        let gate = self.all(vec![holds, gate]);
        self.done.borrow_mut().insert(key, gate);
        gate
    }

    /// A class before exclusions: its condition or a presumption of it.
    fn class_condition(&self, id: ProvisionId, sight: Sight) -> GateId {
        let mut gates = vec![self.holds(id, sight)];
        if sight == Sight::Presumed
            && let Some(name) = self.provisions.get(id.index()).map(|it| &it.provision)
        {
            for (presumption, provision) in self.each() {
                if let Effect::Presume { classes, .. } = &provision.definition.effect
                    && classes.contains(name)
                {
                    gates.push(self.presumption(presumption));
                }
            }
        }
        self.any(gates)
    }

    /// A class: its condition or a presumption of it, and no exclusion from it.
    fn class(&self, id: ProvisionId, sight: Sight) -> GateId {
        let mut gates = vec![self.class_condition(id, sight)];
        if let Some(name) = self.provisions.get(id.index()).map(|it| &it.provision) {
            for (exclusion, provision) in self.each() {
                if let Effect::Exclude { from } = &provision.definition.effect
                    && from.contains(name)
                {
                    let holds = self.holds(exclusion, sight);
                    gates.push(self.not(holds));
                }
            }
        }
        self.all(gates)
    }

    fn find_all(&self, ids: &[String]) -> Vec<ProvisionId> {
        ids.iter().filter_map(|id| self.positions.get(id.as_str()).copied()).collect()
    }

    fn outline(&mut self) -> Outline<GateId> {
        let sight = Sight::Presumed;
        let mut outline = Outline::default();
        for (id, provision) in self.each() {
            match &provision.definition.effect {
                Effect::Define
                | Effect::Presume { .. }
                | Effect::Charge { .. }
                | Effect::Classify { caught: false } => {}
                Effect::Classify { caught: true } => {
                    outline.classes.push((id, self.named(&provision.provision, sight)));
                }
                Effect::Exclude { from } => {
                    let mut would = Vec::new();
                    for class in self.find_all(from) {
                        let effect = self.definition(class).map(|definition| &definition.effect);
                        if matches!(effect, Some(Effect::Classify { caught: true })) {
                            would.push(self.class_condition(class, sight));
                        }
                    }
                    let gate = self.all(vec![self.holds(id, sight), self.any(would)]);
                    outline.exclusions.push((id, gate));
                }
                Effect::Require { review } => {
                    let mut gates = vec![self.holds(id, sight)];
                    for (exemption, other) in self.each() {
                        if let Effect::Exempt { from } = &other.definition.effect
                            && (from.is_empty() || from.contains(&provision.provision))
                        {
                            let holds = self.holds(exemption, sight);
                            gates.push(self.not(holds));
                        }
                    }
                    outline.requirements.push((id, self.all(gates), *review));
                }
                Effect::Exempt { .. } => outline.exemptions.push((id, self.holds(id, sight))),
                Effect::Except { status, discharges } => outline.exceptions.push(ExceptionGate {
                    provision: id,
                    holds: self.holds(id, sight),
                    discharges: self.find_all(discharges),
                    status: *status,
                }),
                Effect::Review { of, cases, otherwise } => outline.reviews.push(ReviewGate {
                    provision: id,
                    holds: self.holds(id, sight),
                    of: self.find_all(of),
                    cases: cases
                        .iter()
                        .map(|(when, status)| (self.condition(when, sight), *status))
                        .collect(),
                    otherwise: *otherwise,
                }),
                Effect::Prohibit { status } => {
                    outline.prohibitions.push((id, self.holds(id, sight), *status))
                }
                Effect::Practice { of, status, .. } => {
                    outline.practices.push((id, self.holds(id, sight), self.find_all(of), *status));
                }
            }
        }
        outline
    }
}

/// A contextual test that hangs on one question.
pub(crate) fn open(question: FactId, positive: bool) -> Settled {
    Settled::Open(vec![Literal { question, positive }])
}
