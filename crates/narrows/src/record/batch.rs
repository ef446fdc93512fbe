//! Receipts of the rows of a table.

use narrows_ledger::{Book, Content, Entry, Hash, Origin, Place, Recorded};
use serde::Serialize;

use super::entry;
use crate::batch::BatchSummary;
use crate::failure::Failure;
use crate::operation::Operation;

/// Rows that are recorded in one transaction: enough that waiting for the disk costs little, few
/// enough that a run that is stopped loses little work.
const ROWS: usize = 1_000;
/// Bytes of answers that wait at most, but for those of the last row.
const BYTES: usize = 8 << 20;

/// Records the rows of a table that one operation answers.
///
/// A table is recognised by its bytes, its options, the data and the program. Its run is open
/// until [`BatchRecorder::close`]; who asks the same table again before that goes on with the
/// same run, and finds the rows that are recorded already ([`BatchRecorder::known`]). After that,
/// the table is recorded anew.
pub struct BatchRecorder<'a> {
    book: &'a mut dyn Book,
    origin: Origin,
    kind: &'static str,
    batch: Hash,
    run: u64,
    added: u64,
    met: u64,
}

/// What a row waits for.
pub enum Ticket {
    /// Nothing: it has an error, and no answer to record.
    Nothing,
    /// Nothing more: it is recorded already.
    Known(Recorded),
    /// Its receipt.
    Waiting(Box<Entry>),
}

impl<'a> BatchRecorder<'a> {
    /// Begins a run over a table, or goes on with one.
    ///
    /// # Errors
    /// The book cannot be read, or the options not be written as JSON.
    pub fn open<O: Operation>(
        book: &'a mut dyn Book,
        origin: Origin,
        options: &impl Serialize,
        table: &Hash,
    ) -> Result<Self, Failure> {
        let options = serde_json::to_string(options)
            .map_err(|error| Failure::data(format!("the options of the table as JSON: {error}")))?;
        let batch = Place::batch_of(O::NAME, &options, table, &origin);
        let run = book.open_run(&batch)?;
        Ok(Self { book, origin, kind: O::NAME, batch, run, added: 0, met: 0 })
    }

    fn place(&self, row: u64) -> Place {
        Place { batch: self.batch, run: self.run, row }
    }

    /// The receipt of a row (from 1), if it is recorded already.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn known(&mut self, row: u64) -> Result<Option<Recorded>, Failure> {
        let place = self.place(row);
        Ok(self.book.recorded(&place)?)
    }

    /// What a row with an answer waits for. The answer is made only if it is not recorded yet.
    ///
    /// # Errors
    /// The book cannot be read, or there is no answer.
    pub fn ticket<O: Operation>(
        &mut self,
        row: u64,
        request: &O::Request,
        answer: impl FnOnce(&O::Request) -> Result<O::Answer, Failure>,
    ) -> Result<Ticket, Failure> {
        if let Some(recorded) = self.known(row)? {
            return Ok(Ticket::Known(recorded));
        }
        let mut entry = entry::<O>(request, &answer(request)?)?;
        entry.place = Some(self.place(row));
        Ok(Ticket::Waiting(Box::new(entry)))
    }

    /// Records what waits, all or nothing, and gives each its receipt.
    fn commit(&mut self, tickets: Vec<Ticket>) -> Result<Vec<Option<Recorded>>, Failure> {
        let mut entries = Vec::new();
        let mut receipts: Vec<Option<Recorded>> = Vec::with_capacity(tickets.len());
        let mut waiting = Vec::new();
        for (at, ticket) in tickets.into_iter().enumerate() {
            receipts.push(match ticket {
                Ticket::Nothing => None,
                Ticket::Known(recorded) => {
                    self.met += 1;
                    Some(recorded)
                }
                Ticket::Waiting(entry) => {
                    waiting.push(at);
                    entries.push(*entry);
                    None
                }
            });
        }
        if !entries.is_empty() {
            self.added += entries.len() as u64;
            let recorded = self.book.append(&self.origin, &entries)?;
            for (at, recorded) in waiting.into_iter().zip(recorded) {
                if let Some(receipt) = receipts.get_mut(at) {
                    *receipt = Some(recorded);
                }
            }
        }
        Ok(receipts)
    }

    /// Closes the run with a receipt that says how many rows the table had, and how many of them
    /// an error. Call it when the answered table is where it belongs.
    ///
    /// # Errors
    /// The book cannot be written.
    pub fn close(&mut self, summary: &BatchSummary) -> Result<Recorded, Failure> {
        let request = serde_json::json!({ "operation": self.kind, "batch": self.batch, "run": self.run });
        let answer = serde_json::json!({ "rows": summary.rows, "errors": summary.errors });
        let content = Content {
            request: request.to_string(),
            answer: answer.to_string(),
            subject: Some(format!("{} rows", summary.rows)),
            status: Some("closed".to_owned()),
        };
        let entry = Entry { kind: format!("{} batch", self.kind), content, place: Some(self.place(0)) };
        let recorded = self.book.append(&self.origin, &[entry])?;
        recorded.first().copied().ok_or_else(|| Failure::data("the book gave no receipt"))
    }

    /// Rows that this run recorded so far.
    #[must_use]
    pub fn added(&self) -> u64 {
        self.added
    }

    /// Rows that were recorded before.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.met
    }
}

/// Answered rows that wait until they are recorded: what is written is on record.
pub struct Outgoing<'r, 'a, Row> {
    recorder: &'r mut BatchRecorder<'a>,
    rows: Vec<Row>,
    tickets: Vec<Ticket>,
    bytes: usize,
}

impl<'r, 'a, Row> Outgoing<'r, 'a, Row> {
    /// No rows yet.
    pub fn new(recorder: &'r mut BatchRecorder<'a>) -> Self {
        Self { recorder, rows: Vec::new(), tickets: Vec::new(), bytes: 0 }
    }

    /// The recorder.
    pub fn recorder(&mut self) -> &mut BatchRecorder<'a> {
        self.recorder
    }

    /// Adds a row of so many bytes; true if it is time to [`Outgoing::release`].
    pub fn add(&mut self, row: Row, bytes: usize, ticket: Ticket) -> bool {
        let answer = match &ticket {
            Ticket::Waiting(entry) => entry.content.answer.len(),
            Ticket::Known(_) | Ticket::Nothing => 0,
        };
        self.bytes += bytes + answer;
        self.rows.push(row);
        self.tickets.push(ticket);
        self.rows.len() >= ROWS || self.bytes >= BYTES
    }

    /// Records what waits, and gives the rows back with their receipts, to be written.
    ///
    /// # Errors
    /// The book cannot be written; then the rows are lost, and none of them was recorded.
    pub fn release(&mut self) -> Result<Vec<(Row, Option<Recorded>)>, Failure> {
        self.bytes = 0;
        let receipts = self.recorder.commit(std::mem::take(&mut self.tickets))?;
        Ok(std::mem::take(&mut self.rows).into_iter().zip(receipts).collect())
    }
}
