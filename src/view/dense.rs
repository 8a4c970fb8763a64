//! The map of a large cluster: a cell for each node, as small numbers that are cheap to copy and to compare.
//!
//! Kept up to date from what changed: a frame looks again at the nodes that something happened on, never at all of them.

use std::rc::Rc;

use super::builder::{NaturalName, Set, look};
use super::scene::PodLook;
use crate::api::{ConditionStatus, Name, Node, ObjectKey, Pod};
use crate::store::World;

/// With more nodes than this the map shows cells. A card takes about 150 by 110 pixels, so 150 of them are five
/// screenfuls: more cannot be taken in at a glance, and laying them out anew costs more than a frame has time for.
pub const CARDS_MAX: usize = 150;

/// The labels by which hosts and autoscalers name a node's pool.
const POOL_LABELS: [&str; 8] = [
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "node.kubernetes.io/pool",
    "node-pool",
    "nodepool",
    "pool",
];

/// What a cell shows of a node, the better before the worse: of several, a cell shows the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellLook {
    /// No pod is wanted here.
    #[default]
    NotEligible,
    /// A ready pod of the current revision.
    Current,
    /// A ready pod of an older revision.
    Old,
    /// Eligible, but without a pod so far.
    Missing,
    /// On its way to being ready.
    Starting,
    /// Terminating or ended.
    Stopping,
}

impl CellLook {
    pub const ALL: [CellLook; 6] = [
        CellLook::NotEligible,
        CellLook::Current,
        CellLook::Old,
        CellLook::Missing,
        CellLook::Starting,
        CellLook::Stopping,
    ];

    pub fn word(self) -> &'static str {
        match self {
            CellLook::NotEligible => "not eligible",
            CellLook::Current => "up to date",
            CellLook::Old => "old revision",
            CellLook::Missing => "no pod yet",
            CellLook::Starting => "starting",
            CellLook::Stopping => "stopping or failed",
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            CellLook::NotEligible => "none",
            CellLook::Current => "updated",
            CellLook::Old => "old",
            CellLook::Missing => "missing",
            CellLook::Starting => "starting",
            CellLook::Stopping => "stopping",
        }
    }
}

/// A cell as it is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub look: CellLook,
    /// The node is not ready, or gone.
    pub ailing: bool,
}

/// How many cells of each look, in the order of [`CellLook::ALL`].
pub type Counts = [u32; CellLook::ALL.len()];

/// Nodes under one heading, side by side in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellGroup {
    pub title: Rc<str>,
    pub first: usize,
    pub len: usize,
}

/// Which cells there are; stays the same while nodes neither come nor go nor change their pool.
#[derive(Debug, Default)]
pub struct Cells {
    pub names: Vec<Name>,
    pub groups: Vec<CellGroup>,
    /// The cells in the order of their names as texts.
    by_name: Vec<u32>,
}

impl Cells {
    fn index(&mut self) {
        let names = &self.names;
        self.by_name = (0..names.len() as u32).collect();
        self.by_name.sort_unstable_by(|a, b| names[*a as usize].cmp(&names[*b as usize]));
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        let of = |cell: &u32| self.names.get(*cell as usize).map_or("", |name| &**name);
        let at = self.by_name.binary_search_by(|cell| of(cell).cmp(name)).ok()?;
        self.by_name.get(at).map(|cell| *cell as usize)
    }

    pub fn group_of(&self, cell: usize) -> usize {
        self.groups.partition_point(|group| group.first + group.len <= cell)
    }

    /// The cells whose node's name contains a text, whatever its case.
    pub fn matching(&self, text: &str) -> Vec<usize> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return Vec::new();
        }
        // Whoever types a whole name means that node, not worker-10 to worker-19 as well.
        if let Some(cell) = self.find(&text) {
            return vec![cell];
        }
        let hits = |name: &Name| name.to_ascii_lowercase().contains(&text);
        (0..self.names.len()).filter(|cell| self.names.get(*cell).is_some_and(hits)).collect()
    }
}

/// The cells as one DaemonSet has them, or the worst over all.
#[derive(Clone, Debug, Default)]
pub struct CellView {
    pub set: Option<(ObjectKey, u8)>,
    pub marks: Rc<Vec<Mark>>,
    /// For each group.
    pub counts: Rc<Vec<Counts>>,
}

impl CellView {
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for counts in self.counts.iter() {
            for (sum, count) in total.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        total
    }

    pub fn same_as(&self, other: &CellView) -> bool {
        self.set == other.set && Rc::ptr_eq(&self.marks, &other.marks) && Rc::ptr_eq(&self.counts, &other.counts)
    }
}

/// The whole map.
#[derive(Clone, Debug, Default)]
pub struct DenseMap {
    pub cells: Rc<Cells>,
    /// One for each DaemonSet, by key.
    pub sets: Vec<CellView>,
    /// The worst over all, where there are several or none.
    pub worst: CellView,
}

impl DenseMap {
    /// What a look says. Without a DaemonSet there is nothing for which a node could be eligible.
    pub fn word(&self, look: CellLook) -> &'static str {
        if look == CellLook::NotEligible && self.sets.is_empty() { "nothing to run" } else { look.word() }
    }

    /// What to show while a DaemonSet is selected, or none.
    pub fn view(&self, selected: Option<&ObjectKey>) -> &CellView {
        let chosen =
            self.sets.iter().find(|view| view.set.as_ref().map(|(key, _)| key) == selected && selected.is_some());
        match (chosen, self.sets.as_slice()) {
            (Some(view), _) => view,
            (None, [only]) => only,
            _ => &self.worst,
        }
    }
}

/// Keeps a [`DenseMap`] up to date.
#[derive(Default)]
pub(super) struct DenseBuilder {
    map: Rc<DenseMap>,
}

impl DenseBuilder {
    pub fn map(&self) -> Rc<DenseMap> {
        Rc::clone(&self.map)
    }

    /// Makes everything anew.
    pub fn rebuild(&mut self, world: &World, sets: &[Set]) {
        let cells = layout(world);
        let mut map = DenseMap { cells: Rc::clone(&self.map.cells), ..DenseMap::default() };
        if cells.names != map.cells.names || cells.groups != map.cells.groups {
            map.cells = Rc::new(cells);
        }
        let blank = || CellView {
            set: None,
            marks: Rc::new(vec![Mark::default(); map.cells.names.len()]),
            counts: Rc::new(vec![Counts::default(); map.cells.groups.len()]),
        };
        map.worst = blank();
        map.sets =
            sets.iter().map(|set| CellView { set: Some((set.daemonset.meta.key(), set.slot)), ..blank() }).collect();
        for view in map.sets.iter_mut().chain([&mut map.worst]) {
            for (counts, group) in Rc::make_mut(&mut view.counts).iter_mut().zip(&map.cells.groups) {
                counts[CellLook::NotEligible as usize] = group.len as u32;
            }
        }
        for cell in 0..map.cells.names.len() {
            map.look_at(world, sets, cell);
        }
        self.map = Rc::new(map);
    }

    /// Looks again at some nodes. Whether anything changed.
    pub fn follow(&mut self, world: &World, sets: &[Set], names: &[Name]) -> bool {
        let keys = |view: &CellView, set: &Set| {
            view.set.as_ref().is_some_and(|(key, slot)| {
                *slot == set.slot
                    && *key.name == *set.daemonset.meta.name
                    && *key.namespace == *set.daemonset.meta.namespace
            })
        };
        let same_sets =
            self.map.sets.len() == sets.len() && self.map.sets.iter().zip(sets).all(|(view, set)| keys(view, set));
        if !same_sets {
            self.rebuild(world, sets);
            return true;
        }
        // The page holds the old map until it has painted the new one; its vectors are copied when they are written to.
        let mut map = (*self.map).clone();
        let mut changed = false;
        for name in names {
            let here = group_of(world, name);
            match map.cells.find(name) {
                Some(cell)
                    if here
                        .as_ref()
                        .is_some_and(|here| here.title() == &*map.cells.groups[map.cells.group_of(cell)].title) =>
                {
                    changed |= map.look_at(world, sets, cell);
                }
                None if here.is_none() => {}
                // It came, went, or belongs elsewhere now.
                _ => {
                    self.rebuild(world, sets);
                    return true;
                }
            }
        }
        if changed {
            self.map = Rc::new(map);
        }
        changed
    }
}

impl DenseMap {
    /// Brings a cell up to date in all views. Whether it changed.
    fn look_at(&mut self, world: &World, sets: &[Set], cell: usize) -> bool {
        let cells = Rc::clone(&self.cells);
        let Some(name) = cells.names.get(cell) else { return false };
        let node = world.nodes.get(name);
        let ailing = node.is_none_or(|node| node.ready() != ConditionStatus::True);
        let group = cells.group_of(cell);
        let mut worst = CellLook::default();
        let mut changed = false;
        for (view, set) in self.sets.iter_mut().zip(sets) {
            let pods = world.pods_of_on(set.daemonset.meta.uid, name);
            let worst_pod = pods.map(|pod| cell_look(pod, set.is_current(pod))).max();
            let look = worst_pod.unwrap_or_else(|| without_pod(set, node.map(|node| &**node)));
            worst = worst.max(look);
            changed |= view.set_mark(group, cell, Mark { look, ailing });
        }
        // Pods of sets that are gone, and pods of nobody, are seen only in the view of all.
        if sets.is_empty() || node.is_none() {
            let pods = world.pods_on(name).map(|pod| cell_look(pod, true));
            worst = worst.max(pods.max().unwrap_or_default());
        }
        changed | self.worst.set_mark(group, cell, Mark { look: worst, ailing })
    }
}

impl CellView {
    fn set_mark(&mut self, group: usize, cell: usize, mark: Mark) -> bool {
        let Some(old) = self.marks.get(cell).copied().filter(|old| *old != mark) else { return false };
        Rc::make_mut(&mut self.marks)[cell] = mark;
        if old.look != mark.look
            && let Some(counts) = Rc::make_mut(&mut self.counts).get_mut(group)
        {
            counts[old.look as usize] -= 1;
            counts[mark.look as usize] += 1;
        }
        true
    }
}

fn cell_look(pod: &Pod, is_current: bool) -> CellLook {
    match look(pod) {
        PodLook::Running if is_current => CellLook::Current,
        PodLook::Running => CellLook::Old,
        PodLook::Waiting | PodLook::Starting | PodLook::Unready => CellLook::Starting,
        PodLook::Terminating | PodLook::Failed | PodLook::Succeeded => CellLook::Stopping,
    }
}

fn without_pod(set: &Set, node: Option<&Node>) -> CellLook {
    let wanted = node.is_some_and(|node| set.placer.place(node).should_run);
    if wanted && !set.daemonset.meta.is_terminating() { CellLook::Missing } else { CellLook::NotEligible }
}

/// Where a node belongs on the map, in the order of the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    ControlPlane,
    Pool(NaturalName),
    Worker,
    /// With other roles.
    Role(NaturalName),
    /// The node is gone and its pods are not.
    Removed,
}

impl Place {
    fn title(&self) -> &str {
        match self {
            Place::ControlPlane => "control-plane",
            Place::Pool(name) | Place::Role(name) => &name.0,
            Place::Worker => "workers",
            Place::Removed => "removed, pods still to be collected",
        }
    }

    fn of(node: &Node) -> Place {
        let roles = node.roles();
        if roles.iter().any(|role| matches!(*role, "control-plane" | "master")) {
            return Place::ControlPlane;
        }
        if let Some(pool) =
            POOL_LABELS.iter().find_map(|label| node.labels().get(*label)).filter(|pool| !pool.is_empty())
        {
            return Place::Pool(NaturalName(pool.as_str().into()));
        }
        match roles.into_iter().find(|role| *role != "worker") {
            Some(role) => Place::Role(NaturalName(role.into())),
            None => Place::Worker,
        }
    }
}

/// `None` for a node that is not there and has no pods.
fn group_of(world: &World, name: &Name) -> Option<Place> {
    match world.nodes.get(name) {
        Some(node) => Some(Place::of(node)),
        None => world.pods_on(name).next().map(|_| Place::Removed),
    }
}

fn layout(world: &World) -> Cells {
    let removed = world.nodes_with_pods().filter(|name| !world.nodes.contains_key(*name));
    let mut places: Vec<(Place, NaturalName)> = world
        .nodes
        .values()
        .map(|node| (Place::of(node), NaturalName(node.name().clone())))
        .chain(removed.map(|name| (Place::Removed, NaturalName(name.clone()))))
        .collect();
    places.sort_unstable();
    let mut cells = Cells::default();
    let mut last: Option<&Place> = None;
    for (cell, (place, name)) in places.iter().enumerate() {
        if last != Some(place) {
            cells.groups.push(CellGroup { title: place.title().into(), first: cell, len: 0 });
            last = Some(place);
        }
        if let Some(group) = cells.groups.last_mut() {
            group.len += 1;
        }
        cells.names.push(name.0.clone());
    }
    cells.index();
    cells
}

/// The smallest and the largest distance from one cell to the next, in pixels.
const PITCH: (usize, usize) = (5, 16);
/// The height of a group's heading, and the room after a group.
const HEADING: usize = 26;
const AFTER_GROUP: usize = 14;

/// Where the cells are, in whole pixels from the upper left corner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    pub pitch: usize,
    pub columns: usize,
    pub height: usize,
    /// The top of each group's heading.
    pub tops: Vec<usize>,
}

impl Grid {
    /// The largest cells with which everything fits; the smallest ones, and then it is higher, if nothing does.
    pub fn fit(cells: &Cells, width: usize, height: usize) -> Grid {
        let (smallest, largest) = PITCH;
        let grids = (smallest..=largest).rev().map(|pitch| Grid::with_pitch(cells, width, pitch));
        let mut grids = grids.skip_while(|grid| grid.height > height);
        grids.next().unwrap_or_else(|| Grid::with_pitch(cells, width, smallest))
    }

    fn with_pitch(cells: &Cells, width: usize, pitch: usize) -> Grid {
        let columns = (width / pitch).max(1);
        let mut tops = Vec::with_capacity(cells.groups.len());
        let mut y = 0;
        for group in &cells.groups {
            tops.push(y);
            y += HEADING + group.len.div_ceil(columns) * pitch + AFTER_GROUP;
        }
        Grid { pitch, columns, height: y.saturating_sub(AFTER_GROUP), tops }
    }

    /// What is left free between two cells.
    pub fn gap(&self) -> usize {
        match self.pitch {
            0..=6 => 1,
            7..=9 => 2,
            _ => 3,
        }
    }

    /// The upper left corner of a cell.
    pub fn corner(&self, cells: &Cells, cell: usize) -> (usize, usize) {
        let group = cells.group_of(cell);
        let first = cells.groups.get(group).map_or(0, |group| group.first);
        let top = self.tops.get(group).copied().unwrap_or(0) + HEADING;
        let at = cell - first;
        (at % self.columns * self.pitch, top + at / self.columns * self.pitch)
    }

    /// The cell at a point.
    pub fn hit(&self, cells: &Cells, x: f64, y: f64) -> Option<usize> {
        if x < 0.0 || y < 0.0 {
            return None;
        }
        let (column, y) = (x as usize / self.pitch, y as usize);
        let index = self.tops.partition_point(|top| *top <= y).checked_sub(1)?;
        let (group, top) = (cells.groups.get(index)?, self.tops.get(index)?);
        let row = y.checked_sub(top + HEADING)? / self.pitch;
        let at = row * self.columns + column;
        (column < self.columns && at < group.len).then_some(group.first + at)
    }

    /// The cell so many columns and rows away; it stops at the edges and goes on in the next group.
    pub fn step(&self, cells: &Cells, cell: usize, (right, down): (isize, isize)) -> usize {
        let last = cells.names.len().saturating_sub(1);
        let mut cell = cell.saturating_add_signed(right).min(last);
        for _ in 0..down.unsigned_abs() {
            let index = cells.group_of(cell);
            let Some(group) = cells.groups.get(index) else { return cell };
            let (column, at) = ((cell - group.first) % self.columns, cell - group.first);
            let rows = |group: &CellGroup| group.len.div_ceil(self.columns);
            cell = if down > 0 {
                match cells.groups.get(index + 1) {
                    _ if at / self.columns + 1 < rows(group) => (cell + self.columns).min(group.first + group.len - 1),
                    Some(next) => next.first + column.min(next.len - 1),
                    None => cell,
                }
            } else {
                match index.checked_sub(1).and_then(|index| cells.groups.get(index)) {
                    _ if at >= self.columns => cell - self.columns,
                    Some(before) => before.first + ((rows(before) - 1) * self.columns + column).min(before.len - 1),
                    None => cell,
                }
            };
        }
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Command, NodeTemplate, Scenario, Sim};
    use crate::view::SceneBuilder;

    const MANIFEST: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers:
      - {name: agent, image: 'agent:1'}
";

    fn cells(sizes: &[usize]) -> Cells {
        let mut cells = Cells::default();
        for (number, len) in sizes.iter().enumerate() {
            let first = cells.names.len();
            cells.groups.push(CellGroup { title: number.to_string().into(), first, len: *len });
            cells.names.extend((0..*len).map(|at| Name::from(format!("n-{}", first + at))));
        }
        cells.index();
        cells
    }

    fn map(builder: &SceneBuilder) -> Rc<DenseMap> {
        builder.scene().dense.clone().expect("many nodes")
    }

    /// A rolling update that a builder follows from change to change; at the end, and now and then before, a builder that
    /// looks at everything sees the same.
    #[test]
    fn what_is_followed_is_what_is_there() {
        let mut sim = Sim::new(&Scenario::with_workers(160));
        let mut builder = SceneBuilder::default();
        builder.rebuild(sim.world());
        assert_eq!(map(&builder).worst.total()[CellLook::NotEligible as usize], 163);
        let mut seen = sim.history().records().len();
        let mut looks = Counts::default();
        let mut follow = |sim: &mut Sim, builder: &mut SceneBuilder, steps: usize| {
            for step in 0..steps {
                if !sim.step() {
                    break;
                }
                let records = sim.history().records();
                builder.follow(sim.world(), records[seen..].iter().flat_map(|record| record.deltas.iter()));
                seen = records.len();
                for (sum, count) in looks.iter_mut().zip(map(builder).view(None).total()) {
                    *sum += count;
                }
                if step % 97 == 0 {
                    let mut fresh = SceneBuilder::default();
                    fresh.rebuild(sim.world());
                    let (a, b) = (map(builder), map(&fresh));
                    assert_eq!(a.cells.names, b.cells.names);
                    for (a, b) in a.sets.iter().zip(&b.sets).chain([(&a.worst, &b.worst)]) {
                        assert_eq!((&a.set, &a.marks, &a.counts), (&b.set, &b.marks, &b.counts));
                    }
                }
            }
        };
        sim.submit(Command::Apply { text: MANIFEST.to_owned() });
        follow(&mut sim, &mut builder, 4000);
        assert_eq!(map(&builder).view(None).total(), [3, 160, 0, 0, 0, 0]);
        sim.submit(Command::Apply { text: MANIFEST.replace("agent:1", "agent:2") });
        let template = NodeTemplate::worker("late");
        sim.submit(Command::AddNodes { template, count: 1 });
        sim.submit(Command::RemoveNode { name: "worker-7".to_owned() });
        follow(&mut sim, &mut builder, 300_000);
        assert_eq!(map(&builder).view(None).total(), [3, 160, 0, 0, 0, 0]);
        assert!(looks.iter().all(|count| *count > 0), "each look was seen: {looks:?}");
    }

    #[test]
    fn cells_are_as_large_as_there_is_room_for() {
        let cells = cells(&[3, 1000]);
        let roomy = Grid::fit(&cells, 748, 2000);
        assert_eq!((roomy.pitch, roomy.columns), (16, 46));
        let tight = Grid::fit(&cells, 748, 300);
        assert!(tight.pitch < 16 && tight.height <= 300);
        let overfull = Grid::fit(&cells, 100, 300);
        assert_eq!(overfull.pitch, 5);
        assert!(overfull.height > 300);
        for grid in [roomy, tight, overfull] {
            for cell in 0..1003 {
                let (x, y) = grid.corner(&cells, cell);
                assert_eq!(grid.hit(&cells, x as f64 + 1.0, y as f64 + 1.0), Some(cell));
            }
            assert_eq!(grid.hit(&cells, 1.0, 1.0), None);
            assert_eq!(grid.hit(&cells, 1.0, 1e6), None);
        }
    }

    #[test]
    fn arrows_walk_over_all_groups() {
        let cells = cells(&[3, 25]);
        let grid = Grid::with_pitch(&cells, 160, 16);
        assert_eq!(grid.columns, 10);
        assert_eq!(grid.step(&cells, 0, (-1, 0)), 0);
        assert_eq!(grid.step(&cells, 2, (1, 0)), 3);
        assert_eq!(grid.step(&cells, 1, (0, 1)), 4);
        assert_eq!(grid.step(&cells, 4, (0, -1)), 1);
        assert_eq!(grid.step(&cells, 9, (0, -1)), 2);
        assert_eq!(grid.step(&cells, 20, (0, 1)), 27);
        assert_eq!(grid.step(&cells, 27, (0, 1)), 27);
        assert_eq!(grid.step(&cells, 27, (1, 0)), 27);
        assert_eq!(grid.step(&cells, 3, (0, 9)), 23);
    }

    #[test]
    fn a_whole_name_finds_one_node_and_a_part_finds_all() {
        let cells = cells(&[20]);
        assert_eq!(cells.matching("N-1 "), [1]);
        assert_eq!(cells.matching("-1").len(), 11);
        assert!(cells.matching(" ").is_empty());
        assert!(cells.matching("x").is_empty());
    }
}
