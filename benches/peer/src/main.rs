//! Narrows beside the policy engine regorus 0.14.1, on one rule that both can answer:
//! whether a chip is in 3A090.a or 3A090.b as of October 2023.
//!
//! ```console
//! $ cargo run --release --manifest-path benches/peer/Cargo.toml
//! ```
//!
//! 100,000 chips, every twentieth on or one unit beside a threshold. First both engines
//! answer all of them in every mode, and must agree with the rule written by hand; then
//! they are timed in turns, so that a ratio holds although the speed of the machine drifts.
//! Inputs are made before the clock starts, a few at a time, so that both engines find
//! theirs in the second cache.
//!
//! What favours regorus:
//! - It answers this one rule. Narrows answers by all provisions that are in force on the
//!   day (classes, requirements, exceptions, reviews), for a status and what decides it.
//! - The policy is written for its machine: a chain that stops at the first limb that holds,
//!   no rule calling another, and a program for each entry point.
//! - Its values are only handed over; in Narrows the paragraph is looked up in the answer.
//!
//! What favours Narrows:
//! - It is typed: a chip is whole numbers in fixed places, and not an object whose fields
//!   are found by name. Both is part of what the engines are.
//! - The law is settled for the destination and day before the clock starts, and an answer
//!   is thought through once for each outcome of the comparisons, then found again. Every
//!   call still makes every comparison.
//! - Its margins are differences of whole numbers; those of regorus are made as values of a
//!   result that can be kept, which costs memory.

mod chips;
mod narrows_engine;
mod regorus_engine;

use std::hint::black_box;
use std::time::{Duration, Instant};

use narrows::Workbench;

use chips::{Chip, Paragraph, by_hand};
use narrows_engine::{Narrows, examiner};
use regorus_engine::{Interpreter, Machine};

const ROWS: usize = 100_000;
/// Chips for which one mode is timed before it is the turn of the next.
const TURN: usize = 10_000;
/// Inputs made at once: few enough to stay in the second cache.
const BLOCK: usize = 250;
/// Chips in one document, where regorus gets many at once.
const DOCUMENT: usize = 1_000;
/// Odd, so that there is a middle one.
const ROUNDS: usize = 11;

/// One way to ask one of the engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    RegorusInterpreter,
    RegorusVerdict,
    RegorusFirstLimb,
    RegorusLimbs,
    RegorusReasons,
    RegorusDocuments,
    NarrowsVerdict,
    NarrowsReasons,
    NarrowsColumns,
    ByHand,
}

impl Mode {
    const ALL: [Self; 10] = [
        Self::RegorusInterpreter,
        Self::RegorusVerdict,
        Self::RegorusFirstLimb,
        Self::RegorusLimbs,
        Self::RegorusReasons,
        Self::RegorusDocuments,
        Self::NarrowsVerdict,
        Self::NarrowsReasons,
        Self::NarrowsColumns,
        Self::ByHand,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::RegorusInterpreter => "regorus interpreter: paragraph",
            Self::RegorusVerdict => "regorus machine: paragraph",
            Self::RegorusFirstLimb => "regorus machine: first limb that holds, with citation",
            Self::RegorusLimbs => "regorus machine: all limbs that hold",
            Self::RegorusReasons => "regorus machine: first limb, citation, all margins",
            Self::RegorusDocuments => "regorus machine: paragraphs, 1,000 chips a document",
            Self::NarrowsVerdict => "Narrows single: answer and paragraph",
            Self::NarrowsReasons => "Narrows single: answer, citations, all margins",
            Self::NarrowsColumns => "Narrows columns: answers and paragraphs",
            Self::ByHand => "the one rule written by hand in Rust",
        }
    }
}

/// Ratios worth a line: of the first mode to the second.
const RATIOS: [(Mode, Mode); 6] = [
    (Mode::NarrowsVerdict, Mode::RegorusVerdict),
    (Mode::NarrowsReasons, Mode::RegorusFirstLimb),
    (Mode::NarrowsReasons, Mode::RegorusLimbs),
    (Mode::NarrowsReasons, Mode::RegorusReasons),
    (Mode::NarrowsColumns, Mode::RegorusDocuments),
    (Mode::NarrowsColumns, Mode::RegorusVerdict),
];

/// Both engines, in every mode.
struct Engines {
    interpreter: Interpreter,
    verdict: Machine,
    first_limb: Machine,
    limbs: Machine,
    reasons: Machine,
    documents: Machine,
    narrows: Narrows,
}

fn main() {
    let chips = chips::table(ROWS);
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let mut engines = Engines {
        interpreter: Interpreter::new("paragraph"),
        verdict: Machine::new("paragraph"),
        first_limb: Machine::new("first_limb"),
        limbs: Machine::new("limbs"),
        reasons: Machine::new("reasons"),
        documents: Machine::new("paragraphs"),
        narrows: Narrows::new(&mut examiner),
    };

    let expected: Vec<Paragraph> = chips.iter().map(by_hand).collect();
    let count = |paragraph| expected.iter().filter(|it| **it == paragraph).count();
    println!(
        "{ROWS} chips from SplitMix64 with seed {}: {} in 3A090.a, {} in 3A090.b, {} in neither.",
        chips::SEED,
        count(Paragraph::A),
        count(Paragraph::B),
        count(Paragraph::Neither),
    );

    let inexact = engines.agree(&chips, &expected);
    questions_agree(&mut examiner, &chips, &expected);
    let docket = &engines.narrows.docket;
    println!("Both engines, in every mode, agree with the rule written by hand on every chip.");
    println!(
        "Narrows answers by all {} provisions in force on {} (classes, requirements, exceptions,\n\
         reviews; {} tests are left for China); regorus by these two paragraphs alone.",
        docket.edition().provisions().len(),
        narrows_engine::DAY,
        docket.circuit().tests().len(),
    );
    println!(
        "Margins: those of Narrows are exact; for {inexact} chips a margin of regorus, which counts in\n\
         binary fractions, is not the number nearest to the exact one.\n"
    );

    let rounds = engines.rounds(&chips);
    println!("{:<56} {:>10}", "one thread, median of rounds", "M chips/s");
    for mode in Mode::ALL {
        println!("{:<56} {:>10.3}", mode.name(), median(rounds.iter().map(|round| rate(round, mode))));
    }
    println!("\nratios, median of rounds [smallest, largest]");
    for (fast, slow) in RATIOS {
        let mut ratios: Vec<f64> = rounds.iter().map(|round| rate(round, fast) / rate(round, slow)).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        println!(
            "{:>7.1} [{:.1}, {:.1}]  {}\n{:>7} {}",
            ratios[ratios.len() / 2],
            ratios[0],
            ratios[ratios.len() - 1],
            fast.name(),
            "to",
            slow.name(),
        );
    }
}

/// Questions asked as on the command line have the same paragraph as cases whose two
/// measures were put in their places.
fn questions_agree(examiner: &mut narrows::Examiner<'_>, chips: &[Chip], expected: &[Paragraph]) {
    for (chip, expected) in chips.iter().zip(expected).step_by(100) {
        let prepared = examiner.prepare(&narrows_engine::question(chip)).expect("a sound question");
        let standing = examiner.standing(&prepared).expect("sound data");
        let paragraph = narrows_engine::paragraph_among(standing.provisions.iter().map(String::as_str));
        assert_eq!(paragraph, *expected, "a question about {chip:?}");
    }
}

impl Engines {
    /// Asks for every chip in every mode, and says for how many chips regorus has a margin
    /// that is not the number nearest to the exact one.
    fn agree(&mut self, chips: &[Chip], expected: &[Paragraph]) -> usize {
        let mut inexact = 0;
        for (chip, expected) in chips.iter().zip(expected) {
            let input = regorus_engine::input(chip);
            let case = self.narrows.case(chip);
            let reasons = self.reasons.answer(&input);
            let answers = [
                regorus_engine::read_paragraph(&self.interpreter.answer(&input)),
                regorus_engine::read_paragraph(&self.verdict.answer(&input)),
                regorus_engine::read_first_limb(&self.first_limb.answer(&input)),
                regorus_engine::read_limbs(&self.limbs.answer(&input)),
                regorus_engine::read_first_limb(&reasons["ground"]),
                self.narrows.paragraph(&case),
            ];
            assert_eq!(answers, [*expected; 6], "{chip:?}");
            inexact += usize::from(!self.margins_agree(chip, &regorus_engine::read_comparisons(&reasons)));
        }
        for (chips, expected) in chips.chunks(DOCUMENT).zip(expected.chunks(DOCUMENT)) {
            let document = regorus_engine::document(chips);
            assert_eq!(regorus_engine::read_paragraphs(&self.documents.answer(&document)), expected);
        }
        assert_eq!(self.narrows.paragraphs(&Narrows::columns(chips)), expected);
        inexact
    }

    /// Compares values, thresholds and margins: exactly in Narrows, and within a billionth in
    /// regorus. Returns whether those of regorus are as near as a binary fraction can be.
    fn margins_agree(&mut self, chip: &Chip, of_regorus: &[[f64; 3]]) -> bool {
        // In millionths, the thresholds of TPP first.
        let of_tpp = chips::TPP.map(|threshold| [chip.tpp, threshold].map(|it| it * 1_000_000));
        let of_density = chips::DENSITY.map(|threshold| [chip.density, threshold].map(|it| it * 1_000));
        let mut exact: Vec<[i64; 3]> = Vec::new();
        for [value, threshold] in of_tpp.into_iter().chain(of_density) {
            exact.push([value, threshold, value - threshold]);
        }

        assert_eq!(of_regorus.len(), exact.len(), "{chip:?}");
        let mut nearest = true;
        for (exact, of_regorus) in exact.iter().flatten().zip(of_regorus.iter().flatten()) {
            let exact = *exact as f64 / 1_000_000.0;
            assert!((exact - of_regorus).abs() < 1e-9, "{chip:?}: {of_regorus} for {exact}");
            nearest &= exact.to_bits() == of_regorus.to_bits() || (exact == 0.0 && *of_regorus == 0.0);
        }

        let case = self.narrows.case(chip);
        let mut of_narrows: Vec<[i64; 3]> = Vec::new();
        self.narrows.reasons(
            &case,
            |_, _| {},
            |reading| {
                let margin = reading.margin().expect("small numbers");
                of_narrows.push([reading.value, reading.threshold, margin].map(|it| it.millionths()));
            },
        );
        for comparison in exact {
            assert!(of_narrows.contains(&comparison), "{chip:?}: {comparison:?} among {of_narrows:?}");
        }
        nearest
    }

    /// The time of every mode for the whole table, in each round.
    fn rounds(&mut self, chips: &[Chip]) -> Vec<[Duration; Mode::ALL.len()]> {
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let mut round = [Duration::ZERO; Mode::ALL.len()];
            for chips in chips.chunks(TURN) {
                for (spent, mode) in round.iter_mut().zip(Mode::ALL) {
                    *spent += self.spend(mode, chips);
                }
            }
            rounds.push(round);
        }
        rounds
    }

    /// The time of one mode for some chips.
    fn spend(&mut self, mode: Mode, chips: &[Chip]) -> Duration {
        match mode {
            Mode::RegorusInterpreter => {
                timed(chips, regorus_engine::input, |input| drop(black_box(self.interpreter.answer(input))))
            }
            Mode::RegorusVerdict => spend_of(&mut self.verdict, chips),
            Mode::RegorusFirstLimb => spend_of(&mut self.first_limb, chips),
            Mode::RegorusLimbs => spend_of(&mut self.limbs, chips),
            Mode::RegorusReasons => spend_of(&mut self.reasons, chips),
            Mode::RegorusDocuments => chips
                .chunks(DOCUMENT)
                .map(|chips| {
                    let document = regorus_engine::document(chips);
                    clocked(|| drop(black_box(self.documents.answer(black_box(&document)))))
                })
                .sum(),
            Mode::NarrowsVerdict => {
                let maker = self.narrows.clone();
                timed(
                    chips,
                    |chip| maker.case(chip),
                    |case| {
                        black_box(self.narrows.paragraph(case));
                    },
                )
            }
            Mode::NarrowsReasons => {
                let maker = self.narrows.clone();
                timed(chips, |chip| maker.case(chip), |case| self.look_at_reasons(case))
            }
            Mode::NarrowsColumns => {
                let columns = Narrows::columns(chips);
                clocked(|| drop(black_box(self.narrows.paragraphs(black_box(&columns)))))
            }
            Mode::ByHand => timed(
                chips,
                |chip| *chip,
                |chip| {
                    black_box(by_hand(chip));
                },
            ),
        }
    }

    /// Nothing that is looked at may be optimised away.
    fn look_at_reasons(&mut self, case: &narrows_condition::Case) {
        self.narrows.reasons(
            case,
            |edition, answer| {
                black_box(answer.status);
                for id in &answer.deciding {
                    black_box(edition.provision(*id).definition.citation.as_str());
                }
            },
            |reading| {
                black_box((reading.value, reading.threshold, reading.margin()));
            },
        );
    }
}

fn spend_of(machine: &mut Machine, chips: &[Chip]) -> Duration {
    timed(chips, regorus_engine::input, |input| drop(black_box(machine.answer(input))))
}

/// The time that asking takes, without that for making what is asked about.
fn timed<Input>(chips: &[Chip], make: impl Fn(&Chip) -> Input, mut ask: impl FnMut(&Input)) -> Duration {
    let mut spent = Duration::ZERO;
    for block in chips.chunks(BLOCK) {
        let inputs: Vec<Input> = block.iter().map(&make).collect();
        spent += clocked(|| inputs.iter().for_each(|input| ask(black_box(input))));
    }
    spent
}

fn clocked(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Millions of chips a second.
fn rate(round: &[Duration; Mode::ALL.len()], mode: Mode) -> f64 {
    ROWS as f64 / round[mode as usize].as_secs_f64() / 1e6
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
