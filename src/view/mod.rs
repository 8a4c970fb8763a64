//! What the page shows, in the reader's words, as plain data: made from the World and the History, read by `ui`.
//!
//! Knows no browser. A part that did not change keeps its `Rc`, so the components compare pointers.

pub mod ahead;
pub mod branch;
pub mod builder;
pub mod dense;
pub mod embed;
pub mod explain;
pub mod export;
pub mod fix;
pub mod forms;
pub mod inspect;
pub mod log;
pub mod map_picture;
pub mod motion;
pub mod object;
pub mod picture;
pub mod plot;
pub mod scene;
pub mod script;
pub mod stage;
pub mod timeline;
pub mod track;
pub mod words;

pub use builder::SceneBuilder;
pub use dense::{CellLook, CellView, Cells, DenseMap, Mark as CellMark};
pub use inspect::{Block, Inspection, Link, Mark, Offer, Row};
pub use log::{LogRow, Tone};
pub use object::ObjectRef;
pub use plot::Plots;
pub use scene::{Absent, Chip, Group, NodeCard, NodeStatus, PodChip, PodLook, Ribbon, Scene};
pub use track::Track;
