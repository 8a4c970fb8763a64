//! What is written to be followed: lessons, and the gallery of examples. Both are files, fetched when wanted, that an
//! author writes without knowing this program; what is wrong with one is a finding at its line.
//!
//! static/lessons/schema.json describes the format of a lesson, and the page's help explains it. A lesson is data: its
//! acts are command lines and a few words more ([`Act`]), its checks name fields of the cluster ([`Check`]).

mod act;
mod check;
mod cluster;
mod doubts;
mod fields;
mod gallery;
mod read;
pub mod text;

pub use act::{Act, Doing};
pub use check::{Check, Moment, Verdict};
pub use fields::Holds;
pub use gallery::{Example, Gallery};
pub use read::{Entry, Lesson, Look, PLACES, Step, fields, read_list};
