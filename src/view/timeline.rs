//! The timeline under the map: the plot of a DaemonSet's numbers, the lanes of all acts, and the branches of time.

use std::rc::Rc;

use super::Tone;
use super::plot::Series;
use crate::engine::Numbers;

/// What the timeline shows. Lengths are microseconds, counted from the left edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// The DaemonSet whose numbers are drawn.
    pub daemonset: String,
    /// The moment of the run at the left edge.
    pub start: u64,
    pub span: u64,
    /// What the left edge is called: the moment itself, or 0 where two runs are compared from their begin.
    pub origin: u64,
    /// Whether less, or more, time can be shown.
    pub zooms: (bool, bool),
    /// How far the run has come.
    pub end: u64,
    /// The run, and the branch beside it.
    pub curves: Vec<Curve>,
    pub lanes: [Vec<(u64, Tone)>; 5],
    pub landmarks: Vec<(u64, String)>,
    /// The rollout, or both of them, in figures.
    pub summary: String,
    pub branches: Vec<BranchChip>,
}

/// One run's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub branch: String,
    /// The moment of that run at the left edge, and how far it has come.
    pub start: u64,
    pub end: u64,
    pub points: Rc<[(u64, Numbers)]>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BranchChip {
    pub id: u32,
    pub name: String,
    pub place: Place,
    /// When it began.
    pub since: u64,
    /// How much of it has been done again, in percent, while that takes its time.
    pub loading: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The map shows it.
    Current,
    /// It lies beside the current one in the plot.
    Beside,
    Kept,
}

impl Timeline {
    /// The lines that are drawn, in this order.
    pub fn series(&self) -> &'static [Series] {
        if self.curves.len() > 1 { &Series::OF_TWO } else { &Series::OF_ONE }
    }

    /// The greatest number of all lines.
    pub fn most(&self) -> u32 {
        let series = self.series();
        let points = self.curves.iter().flat_map(|curve| curve.points.iter());
        points.flat_map(|(_, numbers)| series.iter().map(move |series| series.of(numbers))).max().unwrap_or(0)
    }
}
