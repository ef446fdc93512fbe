//! What the shares of those who are hit did when the cut, and its end, became known.

use std::collections::BTreeSet;

use jiff::civil::Date;
use narrows_market::event::{Confounder, Kind, PolicyEvent, PublishedMove};
use narrows_market::study::{ReturnKind, Specification};
use serde::Serialize;

use super::super::shock::{Overlap, ShockRow, alone};
use super::{NotCounted, RippleAnswer, RippleRequest, absent, name};
use crate::failure::Failure;
use crate::workbench::Workbench;

/// Days between what is asked about and an event of the record that is taken to be the same.
const NEAR: i32 = 7;

/// One event and what shares did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventReactions {
    /// Id of the event.
    pub id: String,
    /// What happened.
    pub title: String,
    /// Day on which the public could first know.
    pub announced: Date,
    /// Whether it gives the buyer back.
    pub is_end: bool,
    /// What else moved shares then: on record with the event.
    pub confounders: Vec<Confounder>,
    /// Other events of the same sessions.
    pub overlapping: Vec<Overlap>,
    /// The maker first, then the suppliers in the order of the answer, then firms that are not
    /// counted.
    pub rows: Vec<SupplierReaction>,
    /// Suppliers without quotes and of whom the press said nothing: their names.
    pub without: Vec<String>,
}

/// What one share did, and why its firm is not counted if it is not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SupplierReaction {
    /// Id of the firm.
    pub firm: String,
    /// Its name.
    pub name: String,
    /// What its share did, raw and apart from the market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<ShockRow>,
    /// Why there is nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_share: Option<String>,
    /// What the press said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedMove>,
    /// Why the network does not count the firm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<String>,
}

pub(super) fn reactions(
    workbench: &Workbench,
    request: &RippleRequest,
    answer: &RippleAnswer,
) -> Result<Vec<EventReactions>, Failure> {
    let events = events(workbench, request, answer)?;
    events.into_iter().map(|event| one(workbench, request, answer, event)).collect()
}

/// The events asked for, or those of the record that are nearest to the two days.
fn events<'a>(
    workbench: &'a Workbench,
    request: &RippleRequest,
    answer: &RippleAnswer,
) -> Result<Vec<&'a PolicyEvent>, Failure> {
    let all = workbench.events()?;
    if !request.events.is_empty() {
        return request.events.iter().map(|name| all.find(name).map_err(Failure::from)).collect();
    }
    let record = workbench.exposures()?.firm(&answer.maker).ok();
    let part = record.and_then(|record| record.part(&answer.part));
    let chips = part.map_or(&[][..], |part| &part.chips);
    let nearest = |day: Date, kind: Kind| {
        let apart = |event: &PolicyEvent| (event.days.announced - day).get_days().abs();
        let of_it = all.iter().filter(|event| {
            let reaches = event.chips.iter().any(|chip| chips.contains(chip));
            event.kind == kind && (reaches || chips.is_empty() && event.firms.contains(&answer.maker))
        });
        // Of several on one day the one that names the maker and of which the press told most.
        of_it.filter(|event| apart(event) <= NEAR).min_by_key(|event| {
            let names = event.firms.contains(&answer.maker);
            (apart(event), !names, std::cmp::Reverse(event.moves.len()))
        })
    };
    let end = answer.until.and_then(|until| nearest(until, Kind::Loosen));
    Ok(nearest(answer.from, Kind::Tighten).into_iter().chain(end).collect())
}

fn one(
    workbench: &Workbench,
    request: &RippleRequest,
    answer: &RippleAnswer,
    event: &PolicyEvent,
) -> Result<EventReactions, Failure> {
    let (firms, quotes) = (workbench.firms()?, workbench.quotes()?);
    let told = event.moves.iter().map(|told| told.firm.as_str());
    let counted = answer.suppliers.iter().filter(|it| !it.is_group).map(|it| it.effect.id.as_str());
    let others = told.chain(event.firms.iter().map(String::as_str));
    let mut seen = BTreeSet::new();
    let ids: Vec<&str> = std::iter::once(answer.maker.as_str())
        .chain(counted)
        .chain(others)
        .chain(answer.left_out.iter().map(|it| it.firm.as_str()))
        .filter(|id| seen.insert(*id))
        .collect();
    let ticker = |id: &str| {
        let firm = firms.firm(id).ok()?;
        firm.securities.iter().find(|ticker| quotes.get(ticker).is_some()).cloned()
    };
    let tickers: Vec<(&str, String)> = ids.iter().filter_map(|id| Some((*id, ticker(id)?))).collect();
    let return_kind = request.return_kind.unwrap_or(ReturnKind::Close);
    let specification = Specification { return_kind, ..Specification::default() };
    let asked: Vec<String> = tickers.iter().map(|(_, ticker)| ticker.clone()).collect();
    let (shares, overlapping) = alone(workbench, event, &asked, &specification)?;
    let absent: Vec<NotCounted> = absent(workbench, answer, &ids)?;
    let (mut rows, mut without) = (Vec::new(), Vec::new());
    for id in ids {
        let ticker = tickers.iter().find(|(firm, _)| *firm == id).map(|(_, ticker)| ticker);
        let row = shares.iter().find(|row| Some(&row.ticker) == ticker);
        let share = row.filter(|row| row.raw_return.is_some()).cloned();
        let published = event.moves.iter().find(|told| told.firm == id).cloned();
        if share.is_none() && published.is_none() {
            without.push(name(firms, id));
            continue;
        }
        let no_share = match (&share, row) {
            (Some(_), _) => None,
            (None, Some(row)) => row.fault.clone(),
            (None, None) => Some("no quotes of it are in the data".to_owned()),
        };
        rows.push(SupplierReaction {
            firm: id.to_owned(),
            name: name(firms, id),
            share,
            no_share,
            published,
            not_counted: absent.iter().find(|it| it.firm == id).map(|it| it.reason.clone()),
        });
    }
    Ok(EventReactions {
        id: event.id.clone(),
        title: event.title.clone(),
        announced: event.days.announced,
        is_end: event.kind == Kind::Loosen,
        confounders: event.confounders.clone(),
        overlapping,
        rows,
        without,
    })
}
