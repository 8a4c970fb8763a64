//! The inspector: why something is as it is, and the object as YAML.

use std::rc::Rc;

use super::{ObjectRef, Tone};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Yes,
    No,
    /// What comes next.
    Next,
    Note,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CheckRow {
    pub mark: Mark,
    pub title: String,
    pub detail: String,
}

/// One act in a chain of causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub seq: u64,
    pub clock: String,
    pub tone: Tone,
    pub title: String,
    pub detail: String,
    /// The function of the original that decides this, where there is one.
    pub function: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Checks { title: String, verdict: String, rows: Vec<CheckRow> },
    Facts { title: String, rows: Vec<(String, String)> },
    Chain { title: String, links: Vec<Link> },
    Note(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    pub title: String,
    pub kind: &'static str,
    pub object: Option<ObjectRef>,
    pub blocks: Vec<Block>,
    /// Empty while the tab is not shown.
    pub yaml: Rc<str>,
}
