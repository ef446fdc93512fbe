//! `lists update`: a newer file of the lists becomes an edition.

use jiff::civil::Date;
use narrows_catalog::DataFile;
use narrows_quantity::Certainty;
use narrows_screening::government;
use narrows_screening::snapshot::Snapshot;
use narrows_screening::update::{Provenance, Record, update};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::parties::SNAPSHOTS;
use crate::workbench::Workbench;

/// A newer file of the lists becomes an edition.
pub struct ListsUpdate;

/// What `lists update` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsUpdateRequest {
    /// Name of the file, for messages.
    pub shown: String,
    /// Its text: the government's consolidated file as CSV or JSON, or JSON Lines.
    pub text: String,
    /// The day that the file is of.
    pub date: Date,
    /// What file it is and who published it.
    pub source: String,
    /// Public address of the file.
    #[serde(default)]
    pub url: Option<String>,
    /// Remark kept with the edition.
    #[serde(default)]
    pub note: Option<String>,
    /// How sure it is that the file is what was published; official if not given.
    #[serde(default)]
    pub certainty: Option<Certainty>,
    /// Take lists that shrank, too.
    #[serde(default)]
    pub accept_shrink: bool,
}

/// What `lists update` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListsUpdateAnswer {
    /// The new edition's description.
    pub snapshot: Snapshot,
    /// How the file was laid out, in words.
    pub layout: &'static str,
    /// What a reader should know.
    pub notices: Vec<String>,
    /// The files of the edition, for the face to write.
    pub files: Vec<NewFile>,
}

/// A file to write into a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewFile {
    /// Path below the data folder, with forward slashes.
    pub path: String,
    /// Its text.
    #[serde(skip)]
    pub text: String,
}

impl Operation for ListsUpdate {
    const NAME: &'static str = "lists update";
    const SUMMARY: &'static str =
        "Makes an edition of a newer file of the lists, with stable ids, unless a list shrank.";
    type Request = ListsUpdateRequest;
    type Answer = ListsUpdateAnswer;

    fn run(workbench: &Workbench, request: &ListsUpdateRequest) -> Result<ListsUpdateAnswer, Failure> {
        let register = workbench.party_register()?;
        let file = DataFile { path: &request.shown, text: &request.text };
        let publication = government::read(file, &register.lists, &register.countries)?;
        let newest = workbench.edition(None)?;
        let record = Record {
            lists: &register.lists,
            countries: &register.countries,
            snapshots: &register.snapshots,
            newest: &newest,
            ids: workbench.party_ids()?,
        };
        let provenance = Provenance {
            date: request.date,
            source: request.source.clone(),
            url: request.url.clone(),
            sha256: Some(narrows_data::text_hash(&request.text)),
            certainty: request.certainty.unwrap_or(Certainty::Official),
            note: request.note.clone(),
        };
        let made = update(record, &publication, &request.shown, provenance, request.accept_shrink)?;
        let mut lines = String::new();
        for party in &made.parties {
            let line = serde_json::to_string(party)
                .map_err(|error| Failure::data(format!("party `{}`: {error}", party.id)))?;
            lines.push_str(&line);
            lines.push('\n');
        }
        let path = |ending: &str| format!("{SNAPSHOTS}/{}.{ending}", request.date);
        // An edition exists when its description does, so that is written last.
        let files = vec![
            NewFile { path: path("jsonl"), text: lines },
            NewFile { path: path("toml"), text: made.snapshot.to_toml() },
        ];
        let notices = publication.notices.clone();
        Ok(ListsUpdateAnswer { snapshot: made.snapshot, layout: publication.layout.words(), notices, files })
    }
}
