//! Time: how it goes on, and how any moment of it is shown.

use std::sync::Arc;

use super::*;
use crate::api::ObjectKey;
use crate::view::timeline::{BranchChip, Curve, Place, Timeline};
use crate::view::{plot, track};

/// While things move, the timeline follows at this pace, in milliseconds.
const TIMELINE_EVERY: f64 = 120.0;
/// More columns than the timeline ever has pixels for.
const COLUMNS: u64 = 400;
/// Less time than this is not shown.
const CLOSEST: u64 = 4_000_000;
/// Of two runs side by side at least so much time is shown.
const SHORTEST: u64 = 5_000_000;
/// Changes that are undone one by one; of more, the moment is looked up.
const UNDO_MAX: usize = 512;

/// A stretch of time, by its begin and its length, and whether it could be shorter or longer.
type Window = (u64, u64, (bool, bool));
/// What a timeline is made of: so many records up to a moment, in a window, with the numbers of a DaemonSet.
pub(super) type Made = (usize, u64, Window, Option<ObjectKey>);

/// The moment that the page shows while it looks back.
pub(super) struct Past {
    pub records: usize,
    pub world: World,
}

impl Session {
    /// One frame: lets the simulation run as long as the budget allows.
    pub(super) fn frame(&mut self, time: f64) {
        let elapsed = self.last_frame.map_or(0.0, |last| (time - last).clamp(0.0, FRAME_MAX));
        self.last_frame = Some(time);
        if self.opening.is_some() {
            return self.go_on_opening(FRAME_BUDGET);
        }
        if !self.moves() {
            self.last_frame = None;
            return;
        }
        let factor = self.state.time.speed.factor();
        if self.state.time.back || self.past.is_some() {
            let passed = factor.unwrap_or(64.0) * elapsed * 1000.0;
            self.clock += if self.state.time.back { -passed } else { passed };
            if self.state.time.back && self.clock <= 0.0 {
                self.clock = 0.0;
                self.pause();
            }
            self.look_back(self.records_at(self.clock));
            return;
        }
        let end = page::now_ms() + FRAME_BUDGET;
        let goal = match factor {
            Some(factor) => {
                self.clock = self.clock.max(self.sim.now().micros() as f64) + factor * elapsed * 1000.0;
                SimTime::from_micros(self.clock as u64)
            }
            None => SimTime::MAX,
        };
        loop {
            let arrived = self.sim.run_until(goal, STEPS_AT_ONCE) < STEPS_AT_ONCE;
            if arrived {
                break;
            }
            if page::now_ms() > end {
                // Too much to do at this speed: time goes as fast as the machine can.
                self.clock = self.sim.now().micros() as f64;
                break;
            }
        }
        if let Some(until) = self.awaited().filter(|_| self.sim.is_quiet()) {
            // Nothing is left to happen, but a command waits for time to pass.
            self.sim.wait_until(goal.min(until));
        } else if self.sim.is_quiet() {
            if self.sim.history().is_full()
                && let Some(text) = words::limits(self.sim.history())
            {
                self.say(Notice { error: true, text });
            }
            self.last_frame = None;
            self.preview();
            self.ask(Job::Save, 400);
        }
    }

    fn pause(&mut self) {
        self.state.time.playing = false;
        self.state.time.back = false;
        self.plays_again = false;
        self.last_frame = None;
    }

    /// Stands still to look at a moment; in the present time goes on as it did.
    fn stand_still(&mut self) {
        let plays_again = self.plays_again || self.past.is_none() && self.state.time.playing;
        self.pause();
        self.plays_again = plays_again;
    }

    pub(super) fn play(&mut self, back: bool) {
        let time = &mut self.state.time;
        if time.playing && time.back == back {
            return self.pause();
        }
        (time.playing, time.back) = (true, back);
        self.last_frame = None;
        if back {
            self.look_back(self.records());
        }
    }

    /// One act further: in the past to the next one that happened, in the present by letting it happen.
    pub(super) fn step(&mut self) {
        self.pause();
        let records = self.sim.history().records();
        let next = self.past.as_ref().and_then(|past| {
            let later = records.iter().enumerate().skip(past.records);
            later.filter(|(_, record)| record.is_act()).map(|(index, record)| (index + 1, record.at)).next()
        });
        match next {
            Some((after, at)) => {
                self.clock = at.micros() as f64;
                self.look_back(after);
            }
            None if self.past.is_some() => self.return_to_now(),
            None => {
                self.sim.step_act();
                self.clock = self.sim.now().micros() as f64;
                self.preview();
                self.ask(Job::Save, 400);
            }
        }
    }

    /// One act back: to the moment just before the last one that has happened.
    pub(super) fn step_back(&mut self) {
        self.stand_still();
        let records = self.sim.history().records();
        let before = records.get(..self.records()).unwrap_or_default();
        let act = before.iter().rposition(|record| record.is_act()).unwrap_or(0);
        let at = act.checked_sub(1).and_then(|last| records.get(last)).map_or(0, |record| record.at.micros());
        self.clock = at as f64;
        self.look_back(act);
    }

    /// To the next, or the last, act on what is selected.
    pub(super) fn jump(&mut self, forward: bool) {
        let Some(object) = self.state.selection.clone() else {
            let text = "Select a node, a pod or a DaemonSet first.".to_owned();
            return self.say(Notice { error: false, text });
        };
        let found = if forward {
            let records = self.sim.history().records();
            let later = records.iter().enumerate().skip(self.records());
            later.filter(|(_, record)| track::is_about(record, &object)).map(|(index, _)| index).next()
        } else {
            self.last_act_on(&object)
        };
        let Some(found) = found else {
            let which = if forward { "No later act on " } else { "No earlier act on " };
            return self.say(Notice { error: false, text: [which, &object.key.name, "."].concat() });
        };
        self.stand_still();
        self.clock = self.sim.history().records().get(found).map_or(0, |record| record.at.micros()) as f64;
        self.look_back(found + 1);
    }

    /// The last act on something, unless it is just what the page shows.
    fn last_act_on(&self, object: &ObjectRef) -> Option<usize> {
        let (shown, clock) = (self.records(), self.state.time.micros);
        let before = self.sim.history().records().get(..shown).unwrap_or_default();
        let is_earlier = |index: usize, record: &Record| index + 1 < shown || record.at.micros() < clock;
        let earlier = before.iter().enumerate().rev();
        earlier
            .filter(|(index, record)| track::is_about(record, object) && is_earlier(*index, record))
            .map(|(index, _)| index)
            .next()
    }

    pub(super) fn seek(&mut self, to: u64) {
        self.clock = to.min(self.sim.now().micros()) as f64;
        if to >= self.sim.now().micros() {
            self.return_to_now();
        } else {
            self.stand_still();
            self.look_back(self.records_at(self.clock));
        }
    }

    pub(super) fn records_at(&self, clock: f64) -> usize {
        self.sim.history().records_at(SimTime::from_micros(clock as u64))
    }

    /// Shows the cluster as it was after so many records; at the end of the log that is the present again.
    fn look_back(&mut self, records: usize) {
        let seen = self.records();
        let history = self.sim.history();
        let back = self.state.time.back;
        if records >= history.records().len() && self.clock >= self.sim.now().micros() as f64 && !back {
            return self.return_to_now();
        }
        let log = history.records();
        match &mut self.past {
            Some(past) if records >= past.records => {
                let deltas = log[past.records..records].iter().flat_map(|record| record.deltas.iter());
                for delta in deltas.clone() {
                    past.world.apply(delta);
                }
                past.records = records;
                self.builder.follow(&past.world, deltas);
            }
            Some(past) if past.records - records <= UNDO_MAX => {
                let deltas = log[records..past.records].iter().rev().flat_map(|record| record.deltas.iter().rev());
                for delta in deltas.clone() {
                    past.world.revert(delta);
                }
                past.records = records;
                self.builder.follow(&past.world, deltas);
            }
            _ => {
                let world = history.world_after(records);
                self.builder.rebuild(&world);
                self.past = Some(Past { records, world });
            }
        }
        if seen <= records || back {
            self.note_busy(seen.min(records), seen.max(records));
        } else {
            self.busy = Busy::default();
        }
        self.inspected_at = f64::MIN;
        self.last_frame = self.last_frame.filter(|_| self.state.time.playing);
    }

    pub(super) fn return_to_now(&mut self) {
        if self.past.take().is_some() {
            self.builder.rebuild(self.sim.world());
            self.clock = self.sim.now().micros() as f64;
            self.inspected_at = f64::MIN;
            self.state.time.playing |= std::mem::take(&mut self.plays_again);
            self.preview();
        }
    }

    // ------------------------------------------------------------ the timeline

    pub(super) fn toggle_timeline(&mut self) {
        self.state.timeline_open = !self.state.timeline_open;
        self.timeline_at = f64::MIN;
        if self.state.timeline_open {
            storage::set(saved::TIMELINE, "open");
        } else {
            storage::remove(saved::TIMELINE);
        }
    }

    /// The DaemonSet whose numbers the plot shows: the selected one, that of the selected pod, or the first.
    pub(super) fn plotted(&self) -> Option<ObjectKey> {
        let selected = self.state.selection.as_ref().and_then(|object| match object.kind {
            crate::api::Kind::DaemonSet => Some(object.key.clone()),
            crate::api::Kind::Pod => {
                let pod = self.world().pods.get(&object.key)?;
                engine::rollout::owner(&pod.meta)
            }
            _ => None,
        });
        selected.filter(|key| self.plots.get(key).is_some()).or_else(|| self.plots.first().cloned())
    }

    pub(super) fn refresh_timeline(&mut self) {
        let now = page::now_ms();
        // A long run takes its time to look through: then it is done less often.
        let pause = TIMELINE_EVERY.max(25.0 * self.timeline_took);
        if !self.state.timeline_open || self.moves() && now - self.timeline_at < pause {
            return;
        }
        // To look at another moment changes nothing but the window.
        let window = self.window();
        let made = (self.sim.history().records().len(), self.sim.now().micros(), window, self.plotted());
        if made == self.timeline_of && self.timeline_at > 0.0 {
            return;
        }
        self.timeline_of = made;
        self.timeline_at = now;
        let timeline = self.timeline(window);
        self.state.timeline.update(timeline);
        self.timeline_took = page::now_ms() - now;
    }

    pub(super) fn zoom(&mut self, closer: bool) {
        self.zoom = if closer { self.zoom + 1 } else { self.zoom.saturating_sub(1) };
        self.timeline_at = f64::MIN;
    }

    /// The stretch of time that the timeline shows, and whether it could be shorter or longer.
    fn window(&mut self) -> Window {
        let whole = self.track.span();
        while self.zoom > 0 && whole >> self.zoom < CLOSEST {
            self.zoom -= 1;
        }
        let span = whole >> self.zoom;
        let now = self.state.time.micros;
        // The picture stands still as long as the moment is in it; then it moves on by halves.
        let (from, shown) = self.window;
        let start = match self.zoom {
            0 => 0,
            _ if shown == span && (from..=from + span).contains(&now) => from,
            _ => (now / (span / 2).max(1)).saturating_sub(1) * (span / 2),
        };
        self.window = (start, span);
        (start, span, (span / 2 >= CLOSEST, self.zoom > 0))
    }

    fn timeline(&self, (start, span, zooms): Window) -> Timeline {
        let key = self.plotted();
        let end = self.sim.now().micros();
        let records = self.sim.history().records();
        let beside = self.branches.beside().filter(|_| key.is_some());
        let plot = key.as_ref().and_then(|key| self.plots.get(key));
        let mut timeline = Timeline { start, span, origin: start, zooms, end, ..Timeline::default() };
        let name = self.branches.current.name.clone();
        match (plot, beside.and_then(|(branch, other)| Some((branch, other, other.plots.get(key.as_ref()?)?)))) {
            (Some(plot), Some((branch, other, other_plot))) => {
                // Side by side: each from its first act after they parted.
                let since = self.branches.parted_from(branch);
                let start = first_act(records, since).unwrap_or(since);
                let other_end = other.sim.now().micros();
                let other_start = first_act(other.sim.history().records(), since).unwrap_or(since);
                let (one, two) = (plot.rollout(start, end), other_plot.rollout(other_start, other_end));
                let longest = (one.until - start.min(one.until)).max(two.until - other_start.min(two.until));
                (timeline.start, timeline.origin) = (start, 0);
                timeline.span = (longest + longest / 12).max(SHORTEST);
                timeline.summary = plot::summary(&[one, two]);
                timeline.curves = vec![
                    Curve { branch: name, start, end, points: plot.points().into() },
                    Curve {
                        branch: branch.name.clone(),
                        start: other_start,
                        end: other_end,
                        points: other_plot.points().into(),
                    },
                ];
            }
            (Some(plot), None) => {
                timeline.curves = vec![Curve { branch: name, start, end, points: plot.points().into() }];
                let last = track::landmarks(records, 0, end).last().map_or(0, |(at, _)| *at);
                timeline.summary = ["Since your last act: ", &plot::summary(&[plot.rollout(last, end)])].concat();
            }
            _ => {}
        }
        timeline.daemonset = key.map(|key| key.name.to_string()).unwrap_or_default();
        let to = timeline.start + timeline.span;
        timeline.lanes = track::lanes(records, timeline.start, to, COLUMNS);
        timeline.landmarks = track::landmarks(records, timeline.start, to);
        let current = &self.branches.current;
        let mut chips = vec![BranchChip {
            id: current.id,
            name: current.name.clone(),
            place: Place::Current,
            since: current.since,
            loading: None,
        }];
        chips.extend(self.branches.left.iter().map(|branch| BranchChip {
            id: branch.id,
            name: branch.name.clone(),
            place: if self.branches.beside == Some(branch.id) { Place::Beside } else { Place::Kept },
            since: branch.since,
            loading: branch.loading(),
        }));
        timeline.branches = chips;
        timeline
    }
}

/// When the reader first did something from a moment on.
fn first_act(records: &[Arc<Record>], since: u64) -> Option<u64> {
    let first = records.partition_point(|record| record.at.micros() < since);
    let later = records.iter().skip(first);
    later.filter(|record| record.actor == engine::Actor::You).map(|record| record.at.micros()).next()
}
