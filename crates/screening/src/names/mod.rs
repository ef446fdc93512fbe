//! Names brought to a form in which they can be compared, whatever script they are written in.
//!
//! A name goes through three steps. [`fold`] removes what does not count: width, case, invisible
//! characters, letters of one script put in place of another's, traditional for simplified
//! characters. [`romanise`] writes what is left in Latin letters. [`reading`] parts it into words and
//! says of each what it is: a legal form, a place, a general word (each taken for one English word,
//! whatever language it came in, by the tables of a [`Lexicon`](lexicon::Lexicon)), or a word of the
//! firm's own.

pub mod fold;
pub mod lexicon;
pub mod reading;
pub mod romanise;
mod segment;
pub mod sound;
