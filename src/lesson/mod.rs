//! What is written to be followed: lessons, and the gallery of examples. Both are files, fetched when wanted, that an
//! author writes without knowing this program; what is wrong with one is a finding at its line.
//!
//! static/lessons/schema.json describes the format, and the page's help explains it.

mod cluster;
mod fields;
mod gallery;

pub use gallery::{Example, Gallery};
