//! The map as a picture: SVG that stands alone, in the colours of the page.

use super::dense::{CellLook, DenseMap, Grid};
use super::picture::{Palette, document, escaped};
use super::scene::{NodeCard, NodeStatus, PodChip, PodLook, Scene, letter};
use super::words;
use crate::api::ObjectKey;

/// Colours of the DaemonSets: of their current pods and of their old ones.
pub type SlotColors = [(String, String)];

const WIDTH: usize = 1080;
const MARGIN: usize = 24;
const CARD: usize = 246;
const GAP: usize = 16;
const HEADING: usize = 30;
const ROW: usize = 26;
/// Characters of a name in a card and of a line of text in it.
const NAME_CHARS: usize = 26;
const CHIP_CHARS: usize = 31;
/// Room for the cells of a map of many nodes.
const CELLS_HEIGHT: usize = 640;

/// The picture and its size. `selected` is the DaemonSet that a map of many nodes shows.
pub fn svg(scene: &Scene, selected: Option<&ObjectKey>, palette: &Palette, slots: &SlotColors) -> (String, (f64, f64)) {
    let mut paint = Paint { body: String::new(), palette, slots };
    let title = [&words::count(scene.node_count, "node"), ", ", &words::count(scene.pod_count, "pod")].concat();
    paint.text(MARGIN, MARGIN + 12, "t", &title, &palette.text);
    let mut y = MARGIN + 36;
    for ribbon in &scene.ribbons {
        let counts = &ribbon.counts;
        paint.marker(MARGIN + 8, y + 8, ribbon.slot);
        let name = [&*ribbon.key.name, "  (", &ribbon.key.namespace, ")"].concat();
        paint.text(MARGIN + 26, y + 13, "b", &name, &palette.text);
        let numbers = [
            ("desired ", counts.desired),
            ("  ready ", counts.ready),
            ("  up-to-date ", counts.updated),
            ("  available ", counts.available),
        ];
        let numbers: String =
            numbers.iter().flat_map(|(word, number)| [(*word).to_owned(), number.to_string()]).collect();
        paint.text(MARGIN + 420, y + 13, "n", &numbers, &palette.dim);
        y += 24;
    }
    y += 10;
    match &scene.dense {
        Some(map) => y = paint.cells(map, selected, y),
        None => {
            for group in &scene.groups {
                let heading = [group.role.title(), " · ", &group.cards.len().to_string()].concat();
                paint.text(MARGIN, y + 14, "d", &heading, &palette.dim);
                y += HEADING;
                for row in group.cards.chunks((WIDTH - 2 * MARGIN + GAP) / (CARD + GAP)) {
                    let height = row.iter().map(|card| height_of(card)).max().unwrap_or(0);
                    for (index, card) in row.iter().enumerate() {
                        paint.card(card, MARGIN + index * (CARD + GAP), y, height);
                    }
                    y += height + GAP;
                }
            }
        }
    }
    document(&title, &paint.body, WIDTH, y + MARGIN, palette)
}

fn height_of(card: &NodeCard) -> usize {
    34 + ROW * (card.chips.len() + card.pods.len() + card.absent.len()) + 10
}

struct Paint<'a> {
    body: String,
    palette: &'a Palette,
    slots: &'a SlotColors,
}

impl Paint<'_> {
    fn text(&mut self, x: usize, y: usize, class: &str, text: &str, color: &str) {
        let (x, y, text) = (x.to_string(), y.to_string(), escaped(text));
        let parts =
            ["<text class=\"", class, "\" x=\"", &x, "\" y=\"", &y, "\" fill=\"", color, "\">", &text, "</text>"];
        self.body.extend(parts);
    }

    fn rect(&mut self, at: (usize, usize), size: (usize, usize), fill: &str, stroke: &str, dashed: bool) {
        let numbers = [at.0, at.1, size.0, size.1].map(|number| number.to_string());
        let [x, y, width, height] = &numbers;
        let dash = if dashed { "\" stroke-dasharray=\"4 3" } else { "" };
        let radius = if size.0 > 40 { "\" rx=\"8" } else { "\" rx=\"1" };
        self.body.extend([
            "<rect x=\"",
            x,
            "\" y=\"",
            y,
            "\" width=\"",
            width,
            "\" height=\"",
            height,
            "\" fill=\"",
            fill,
            "\" stroke=\"",
            stroke,
            radius,
            dash,
            "\"/>",
        ]);
    }

    fn color(&self, slot: Option<u8>, current: bool) -> String {
        let colors = slot.and_then(|slot| self.slots.get(usize::from(slot) % self.slots.len().max(1)));
        let color = colors.map(|(new, old)| if current { new } else { old });
        color.unwrap_or(&self.palette.dim).clone()
    }

    /// The colour of a DaemonSet with its letter, which tells it where colour can't.
    fn marker(&mut self, x: usize, y: usize, slot: u8) {
        let color = self.color(Some(slot), true);
        let (cx, cy) = (x.to_string(), y.to_string());
        self.body.extend(["<circle cx=\"", &cx, "\" cy=\"", &cy, "\" r=\"8\" fill=\"", &color, "\"/>"]);
        let ink = self.palette.background.clone();
        self.text(x - 4, y + 4, "l", letter(slot), &ink);
    }

    fn card(&mut self, card: &NodeCard, x: usize, y: usize, height: usize) {
        let palette = self.palette;
        let removed = card.status == NodeStatus::Removed;
        self.rect((x, y), (CARD, height), &palette.background, &palette.line, removed || card.cordoned);
        let dot = if card.status == NodeStatus::Ready { &palette.create } else { &palette.delete };
        let (cx, cy) = ((x + 16).to_string(), (y + 18).to_string());
        self.body.extend(["<circle cx=\"", &cx, "\" cy=\"", &cy, "\" r=\"4\" fill=\"", dot, "\"/>"]);
        self.text(x + 28, y + 22, "b", &short(&card.name, NAME_CHARS), &palette.text);
        if card.status != NodeStatus::Ready {
            self.text(x + CARD - 70, y + 22, "d", card.status.word(), &palette.dim);
        }
        let mut at = y + 34;
        for chip in &card.chips {
            self.text(x + 16, at + 15, "d", &short(&chip.text, CHIP_CHARS), &palette.dim);
            at += ROW;
        }
        for pod in &card.pods {
            self.pod(pod, x + 10, at);
            at += ROW;
        }
        for absent in &card.absent {
            self.marker(x + 22, at + 11, absent.slot);
            let reason = if absent.reason.is_empty() { "still to come".to_owned() } else { absent.reason.clone() };
            self.text(x + 38, at + 15, "d", &short(&["no pod: ", &reason].concat(), CHIP_CHARS), &palette.dim);
            at += ROW;
        }
    }

    fn pod(&mut self, pod: &PodChip, x: usize, y: usize) {
        let palette = self.palette;
        let color = self.color(pod.slot, pod.current);
        let fades = matches!(pod.look, PodLook::Terminating | PodLook::Failed | PodLook::Succeeded | PodLook::Waiting);
        let edge = if pod.look == PodLook::Terminating { palette.delete.clone() } else { color };
        self.rect((x, y), (CARD - 20, ROW - 4), "none", &edge, fades);
        if let Some(slot) = pod.slot {
            self.marker(x + 12, y + 11, slot);
        }
        self.text(x + 28, y + 15, "m", &short(&pod.short, NAME_CHARS - 6), &palette.text);
        let mut word = pod.word.to_owned();
        if !pod.current && pod.revision > 0 {
            word = [&word, ", rev ", &pod.revision.to_string()].concat();
        }
        self.text(x + 124, y + 15, "d", &short(&word, 18), &palette.dim);
    }

    /// Thousands of nodes: a cell each, and what the colours mean. Gives where it ends.
    fn cells(&mut self, map: &DenseMap, selected: Option<&ObjectKey>, top: usize) -> usize {
        let palette = self.palette;
        let view = map.view(selected);
        let slot = view.set.as_ref().map(|(_, slot)| *slot);
        let grid = Grid::fit(&map.cells, WIDTH - 2 * MARGIN, CELLS_HEIGHT);
        let (current, old) = (self.color(slot.or(Some(0)), true), self.color(slot.or(Some(0)), false));
        let fill = |look: CellLook| match look {
            CellLook::Current => current.as_str(),
            CellLook::Old => &old,
            CellLook::Starting => &palette.create,
            CellLook::Stopping => &palette.delete,
            CellLook::Missing => "none",
            CellLook::NotEligible => &palette.line,
        };
        let side = grid.pitch - grid.gap();
        for (group, y) in map.cells.groups.iter().zip(&grid.tops) {
            let heading = [&*group.title, " · ", &group.len.to_string()].concat();
            self.text(MARGIN, top + y + 14, "d", &heading, &palette.dim);
        }
        for (cell, mark) in view.marks.iter().enumerate() {
            let (x, y) = grid.corner(&map.cells, cell);
            let stroke = if mark.look == CellLook::Missing { palette.accent.as_str() } else { "none" };
            self.rect((MARGIN + x, top + y), (side, side), fill(mark.look), stroke, false);
        }
        let legend = top + grid.height + 24;
        let mut x = MARGIN;
        for (look, count) in CellLook::ALL.into_iter().zip(view.total()) {
            let stroke = if look == CellLook::Missing { palette.accent.as_str() } else { "none" };
            self.rect((x, legend), (12, 12), fill(look), stroke, false);
            let text = [map.word(look), " ", &count.to_string()].concat();
            self.text(x + 18, legend + 11, "d", &text, &palette.dim);
            x += 170;
        }
        legend + 16
    }
}

/// A text of at most so many characters.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => [text.get(..end).unwrap_or_default(), "…"].concat(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Command, Scenario, Sim};
    use crate::view::SceneBuilder;

    fn picture(workers: u32) -> (String, Sim) {
        let mut sim = Sim::new(&Scenario::with_workers(workers));
        let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: \
                    agent}}\n  template:\n    metadata: {labels: {app: agent}}\n    spec:\n      containers: [{name: a, \
                    image: \"nginx:1.16\"}]\n";
        sim.submit(Command::Apply { text: text.to_owned() });
        sim.run_until_quiet();
        let mut builder = SceneBuilder::default();
        builder.rebuild(sim.world());
        let colors = [("#112233".to_owned(), "#445566".to_owned())];
        let (svg, (width, height)) = svg(&builder.scene(), None, &Palette::default(), &colors);
        assert!(width > 0.0 && height > 100.0);
        (svg, sim)
    }

    #[test]
    fn every_node_and_pod_is_in_the_picture() {
        let (svg, sim) = picture(3);
        for node in sim.world().nodes.keys() {
            assert!(svg.contains(&**node), "{node}");
        }
        for pod in sim.world().pods.keys() {
            assert!(svg.contains(pod.name.trim_start_matches("agent")), "{pod}");
        }
        assert_eq!(svg.matches("no pod: ").count(), 3);
    }

    #[test]
    fn of_many_nodes_each_is_a_cell() {
        let (svg, sim) = picture(1000);
        assert!(svg.matches("fill=\"#112233\"").count() >= sim.world().pods.len());
        assert!(svg.len() < 300_000);
    }
}
