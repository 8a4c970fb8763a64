//! The numbers of a DaemonSet over time, as step lines: the data, and the paths that draw them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::words;
use crate::api::ObjectKey;
use crate::engine::rollout::concerns;
use crate::engine::{Numbers, Record, Tally};

/// More points than a screen has columns: from here on close ones become one.
const POINTS_MAX: usize = 4096;

/// Each DaemonSet's numbers, followed through a log.
#[derive(Clone, Default)]
pub struct Plots(BTreeMap<ObjectKey, Plot>);

/// When the numbers of a DaemonSet changed, and to what.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    tally: Tally,
    points: Vec<(u64, Numbers)>,
}

impl Plots {
    pub fn note(&mut self, record: &Record) {
        for delta in record.deltas.iter() {
            let Some(key) = concerns(delta) else { continue };
            let plot = self.0.entry(key).or_insert_with_key(|key| Plot::new(key.clone()));
            if plot.tally.note(delta) {
                plot.push(record.at.micros());
            }
        }
    }

    pub fn of(records: &[Arc<Record>]) -> Plots {
        let mut plots = Plots::default();
        for record in records {
            plots.note(record);
        }
        plots
    }

    pub fn get(&self, key: &ObjectKey) -> Option<&Plot> {
        self.0.get(key)
    }

    /// The first DaemonSet of all that there were.
    pub fn first(&self) -> Option<&ObjectKey> {
        self.0.keys().next()
    }
}

impl Plot {
    fn new(key: ObjectKey) -> Plot {
        Plot { tally: Tally::new(key), points: vec![(0, Numbers::default())] }
    }

    fn push(&mut self, at: u64) {
        let numbers = self.tally.numbers;
        match self.points.last_mut().filter(|last| last.0 == at) {
            Some(last) => last.1 = numbers,
            None => self.points.push((at, numbers)),
        }
        if self.points.len() > POINTS_MAX {
            // Of two neighbours the one with fewer pods available stays: a low is what a reader looks for.
            let pairs = self.points.chunks(2);
            self.points = pairs.filter_map(|pair| pair.iter().min_by_key(|(_, it)| it.available).copied()).collect();
            self.points.push((at, numbers));
        }
    }

    pub fn points(&self) -> &[(u64, Numbers)] {
        &self.points
    }

    /// The numbers at a moment.
    pub fn at(&self, at: u64) -> Numbers {
        let after = self.points.partition_point(|(moment, _)| *moment <= at);
        after.checked_sub(1).and_then(|index| self.points.get(index)).map_or(Numbers::default(), |(_, it)| *it)
    }

    /// What a rollout that began at a moment came to, by another.
    pub fn rollout(&self, from: u64, to: u64) -> Rollout {
        let begin = self.at(from);
        let mut rollout = Rollout { took: None, until: to, fewest_available: begin.available, most_pods: begin.pods };
        // Settled already is not yet begun.
        let mut moved = false;
        for (at, numbers) in self.points.iter().filter(|(at, _)| from < *at && *at <= to) {
            moved |= !numbers.is_settled();
            // What comes after it is settled belongs to something else.
            if rollout.took.is_some() && !numbers.is_settled() {
                break;
            }
            rollout.fewest_available = rollout.fewest_available.min(numbers.available);
            rollout.most_pods = rollout.most_pods.max(numbers.pods);
            if moved && rollout.took.is_none() && numbers.is_settled() {
                rollout.took = Some(at - from);
                rollout.until = *at;
            }
        }
        rollout
    }
}

/// A rollout in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Microseconds until all was settled; none if it is not.
    pub took: Option<u64>,
    pub until: u64,
    pub fewest_available: u32,
    pub most_pods: u32,
}

/// `30.1 s against 12.4 s · fewest available 5 against 6 · most pods 6 against 9`
pub fn summary(rollouts: &[Rollout]) -> String {
    let each = |figure: &dyn Fn(&Rollout) -> String| rollouts.iter().map(figure).collect::<Vec<_>>().join(" against ");
    let took = each(&|it| it.took.map_or("not settled".to_owned(), words::seconds));
    let fewest = each(&|it| it.fewest_available.to_string());
    let most = each(&|it| it.most_pods.to_string());
    [&took, " · fewest available ", &fewest, " · most pods ", &most].concat()
}

/// One of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    Desired,
    Ready,
    Updated,
    Available,
    Unavailable,
    Pods,
}

impl Series {
    /// What is drawn of a single run.
    pub const OF_ONE: [Series; 4] = [Series::Ready, Series::Unavailable, Series::Updated, Series::Desired];
    /// What is drawn of two runs side by side.
    pub const OF_TWO: [Series; 2] = [Series::Updated, Series::Available];
    pub const ALL: [Series; 6] =
        [Series::Desired, Series::Ready, Series::Updated, Series::Available, Series::Unavailable, Series::Pods];

    pub fn name(self) -> &'static str {
        match self {
            Series::Desired => "desired",
            Series::Ready => "ready",
            Series::Updated => "updated",
            Series::Available => "available",
            Series::Unavailable => "unavailable",
            Series::Pods => "pods",
        }
    }

    pub fn of(self, numbers: &Numbers) -> u32 {
        match self {
            Series::Desired => numbers.desired,
            Series::Ready => numbers.ready,
            Series::Updated => numbers.updated,
            Series::Available => numbers.available,
            Series::Unavailable => numbers.unavailable,
            Series::Pods => numbers.pods,
        }
    }
}

/// From moments and numbers to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub from: u64,
    pub to: u64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub most: u32,
}

impl Scale {
    pub fn x(&self, at: u64) -> f64 {
        let part = (at as f64 - self.from as f64) / (self.to.saturating_sub(self.from).max(1) as f64);
        self.left + (self.right - self.left) * part.clamp(0.0, 1.0)
    }

    pub fn y(&self, number: u32) -> f64 {
        self.bottom - (self.bottom - self.top) * f64::from(number) / f64::from(self.most.max(1))
    }

    /// The moment under a pixel.
    pub fn moment(&self, x: f64) -> u64 {
        let part = ((x - self.left) / (self.right - self.left).max(1.0)).clamp(0.0, 1.0);
        self.from + (self.to.saturating_sub(self.from) as f64 * part) as u64
    }

    /// Moments worth a label, so many at most, and what they are called; the left edge is called `origin`.
    pub fn moments(&self, at_most: u64, origin: u64) -> Vec<(u64, String)> {
        const STEPS: [u64; 16] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 86_400];
        const SECOND: u64 = 1_000_000;
        let span = self.to.saturating_sub(self.from);
        let fits = |step: &&u64| span / (**step * SECOND) < at_most;
        let step = STEPS.iter().find(fits).copied().unwrap_or((span / SECOND / at_most.max(1)).max(1));
        let label = |seconds: u64| match (step, seconds) {
            (_, 0) => "0 s".to_owned(),
            (3600.., _) => [&(seconds / 3600).to_string(), " h"].concat(),
            (60.., _) => [&(seconds / 60).to_string(), " min"].concat(),
            (_, 120..) => {
                let second = seconds % 60;
                [&*(seconds / 60).to_string(), if second < 10 { ":0" } else { ":" }, &*second.to_string()].concat()
            }
            _ => [&seconds.to_string(), " s"].concat(),
        };
        let first = origin.div_ceil(step * SECOND);
        let last = (origin + span) / (step * SECOND);
        (first..=last).map(|index| (self.from + index * step * SECOND - origin, label(index * step))).collect()
    }

    /// Numbers worth a line: 0 and a few more, in steps of 1, 2, 5, 10, 20, ...
    pub fn numbers(&self) -> Vec<u32> {
        let (mut step, mut factors) = (1, [2.0, 2.5, 2.0].iter().cycle());
        while self.most / step > 6 {
            step = (f64::from(step) * factors.next().unwrap_or(&2.0)) as u32;
        }
        (0..=self.most / step).map(|index| index * step).collect()
    }

    /// A step line through the points, each `shift` earlier than it was; what is too close to tell apart is drawn once.
    pub fn path(&self, points: &[(u64, Numbers)], shift: u64, end: u64, series: Series) -> String {
        let (from, to) = (self.from + shift, (self.to + shift).min(end));
        let first = points.partition_point(|(at, _)| *at <= from).saturating_sub(1);
        let mut number = points.get(first).map_or(0, |(_, it)| series.of(it));
        let mut path = String::new();
        let _ = write!(path, "M{:.1} {:.1}", self.left, self.y(number));
        // Where the pen is, whether it has come to the present column, and what it has covered there.
        let (mut column, mut there, mut pen, mut low, mut high) = (self.left, true, number, number, number);
        let later = points.get(first + 1..).unwrap_or_default().iter().take_while(|(at, _)| *at <= to);
        for (at, numbers) in later.filter(|(at, _)| *at > from) {
            let next = series.of(numbers);
            let x = (self.x(at - shift) * 2.0).round() / 2.0;
            if x > column {
                if pen != number {
                    let _ = write!(path, "V{:.1}", self.y(number));
                }
                (column, there, pen, low, high) = (x, false, number, number, number);
            }
            number = next;
            if next < low || next > high {
                if !there {
                    let _ = write!(path, "H{x:.1}");
                }
                (there, pen, low, high) = (true, next, low.min(next), high.max(next));
                let _ = write!(path, "V{:.1}", self.y(next));
            }
        }
        if pen != number {
            let _ = write!(path, "V{:.1}", self.y(number));
        }
        let _ = write!(path, "H{:.1}", self.x(to.saturating_sub(shift)));
        path
    }
}

/// Spreads labels that want to be at some heights so that they are `apart`, within bounds; the order stays.
pub fn spread(wanted: &mut [f64], apart: f64, top: f64, bottom: f64) {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut floor = top;
    for index in &order {
        wanted[*index] = wanted[*index].max(floor);
        floor = wanted[*index] + apart;
    }
    let mut ceiling = bottom;
    for index in order.iter().rev() {
        wanted[*index] = wanted[*index].min(ceiling);
        ceiling = wanted[*index] - apart;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(ready: u32) -> Numbers {
        Numbers { ready, ..Numbers::default() }
    }

    fn scale(to: u64, most: u32) -> Scale {
        Scale { from: 0, to, left: 0.0, right: 100.0, top: 0.0, bottom: 60.0, most }
    }

    #[test]
    fn a_path_steps_and_draws_a_crowd_once() {
        let points = [(0, numbers(0)), (25, numbers(6)), (50, numbers(3))];
        assert_eq!(scale(100, 6).path(&points, 0, 100, Series::Ready), "M0.0 60.0H25.0V0.0H50.0V30.0H100.0");
        // A point that changes another number does not hold up the next one.
        let twice = [(0, numbers(0)), (25, numbers(0)), (25, numbers(6))];
        assert_eq!(scale(100, 6).path(&twice, 0, 100, Series::Ready), "M0.0 60.0H25.0V0.0H100.0");
        // Shifted: what was at 25 is at the left edge.
        assert_eq!(scale(100, 6).path(&points, 25, 75, Series::Ready), "M0.0 0.0H25.0V30.0H50.0");
        // A thousand changes in one column: down to the lowest, up to the highest, and back to the last.
        let mut crowd = vec![(0, numbers(3))];
        crowd.extend((0..1000).map(|at| (50_000 + at / 10, numbers(if at % 2 == 0 { 6 } else { 0 }))));
        crowd.push((50_101, numbers(3)));
        let path = scale(100_000, 6).path(&crowd, 0, 100_000, Series::Ready);
        assert_eq!(path, "M0.0 30.0H50.0V0.0V60.0V30.0H100.0");
    }

    #[test]
    fn axes_have_a_few_round_labels() {
        assert_eq!(scale(1, 6).numbers(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(scale(1, 9).numbers(), [0, 2, 4, 6, 8]);
        assert_eq!(scale(1, 1003).numbers(), [0, 200, 400, 600, 800, 1000]);
        assert_eq!(scale(1, 0).numbers(), [0]);
        let labels = |seconds: u64| {
            scale(seconds * 1_000_000, 6).moments(6, 0).into_iter().map(|(_, it)| it).collect::<Vec<_>>()
        };
        assert_eq!(labels(30), ["0 s", "10 s", "20 s", "30 s"]);
        assert_eq!(labels(240), ["0 s", "1 min", "2 min", "3 min", "4 min"]);
        let later = scale(30_000_000, 6).moments(6, 125_000_000);
        assert_eq!(
            later,
            [(5_000_000, "2:10".to_owned()), (15_000_000, "2:20".to_owned()), (25_000_000, "2:30".to_owned())]
        );
        assert_eq!(labels(7680), ["0 s", "30 min", "60 min", "90 min", "120 min"]);
    }

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let mut wanted = [10.0, 10.0, 11.0, 80.0];
        spread(&mut wanted, 12.0, 0.0, 80.0);
        assert_eq!(wanted, [10.0, 22.0, 34.0, 80.0]);
        let mut wanted = [79.0, 80.0, 78.0];
        spread(&mut wanted, 12.0, 0.0, 80.0);
        assert_eq!(wanted, [68.0, 80.0, 56.0]);
    }

    #[test]
    fn two_rollouts_in_a_line() {
        let one = Rollout { took: Some(30_100_000), until: 0, fewest_available: 5, most_pods: 6 };
        let two = Rollout { took: Some(12_400_000), until: 0, fewest_available: 6, most_pods: 9 };
        assert_eq!(
            summary(&[one, two]),
            "30.1 s against 12.4 s · fewest available 5 against 6 · most pods 6 against 9"
        );
        assert_eq!(summary(&[Rollout { took: None, ..one }]), "not settled · fewest available 5 · most pods 6");
    }
}
