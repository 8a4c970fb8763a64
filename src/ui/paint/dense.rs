//! The map of a large cluster: a cell for each node, painted anew only where something changed.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, HtmlInputElement, HtmlSelectElement,
    ResizeObserver,
};
use yew::prelude::*;

use super::colors::{Colors, ThemeWatch};
use crate::api::{Kind, ObjectKey};
use crate::platform::page;
use crate::ui::map::marker;
use crate::ui::session::Desk;
use crate::ui::shared::Shared;
use crate::ui::state::Action;
use crate::view::dense::{CellGroup, CellLook, CellView, Cells, Counts, DenseMap, Grid, Mark};
use crate::view::{NodeCard, NodeStatus, ObjectRef, words};

/// The largest canvas that all browsers make, in pixels on a side and altogether.
const SIDE_MAX: f64 = 16_000.0;
const AREA_MAX: f64 = 32_000_000.0;
/// As wide as later.css makes the description of a cell.
const TIP_WIDTH: f64 = 250.0;
/// The map's padding below the cells.
const MARGIN: i32 = 14;

/// What was painted where.
type Painted = (HtmlCanvasElement, Rc<Cells>, Rc<Grid>);

thread_local! {
    /// Where the cells were last painted, for what flies to them.
    static PAINTED: RefCell<Option<Painted>> = const { RefCell::new(None) };
}

/// Where a cell is in the window: left, top and size.
pub fn cell_rect(cell: usize) -> Option<(f64, f64, f64)> {
    PAINTED.with_borrow(|painted| {
        let (canvas, cells, grid) = painted.as_ref()?;
        let rect = canvas.get_bounding_client_rect();
        let (x, y) = grid.corner(cells, cell);
        let size = grid.pitch.saturating_sub(grid.gap());
        Some((rect.left() + x as f64, rect.top() + y as f64, size as f64))
    })
}

#[derive(Properties, PartialEq)]
pub struct DenseProps {
    pub desk: Desk,
    pub map: Shared<DenseMap>,
    pub selection: Option<ObjectRef>,
    /// The button to add a node.
    pub add: Html,
}

/// The cell that is described.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spot {
    cell: usize,
    /// Not by the pointer: it stays when the pointer leaves.
    by_keys: bool,
}

#[component]
pub fn Dense(props: &DenseProps) -> Html {
    let desk = &props.desk;
    let cells = Shared(Rc::clone(&props.map.cells));
    let field = use_node_ref();
    let size = use_state(|| (0usize, 0usize));
    let spot = use_state(|| None::<Spot>);
    let colored_by = use_state(|| None::<ObjectKey>);

    // A DaemonSet that is selected anywhere on the page colours the map until another one is.
    {
        let colored_by = colored_by.clone();
        use_effect_with(props.selection.clone(), move |selection| {
            if let Some(selection) = selection.as_ref().filter(|selection| selection.kind == Kind::DaemonSet) {
                colored_by.set(Some(selection.key.clone()));
            }
        });
    }
    let view = props.map.view(colored_by.as_ref()).clone();
    let grid = use_memo((cells.clone(), *size), |(cells, (width, height))| Grid::fit(cells, (*width).max(5), *height));
    let grid = Shared(grid);
    {
        let (field, size) = (field.clone(), size.setter());
        use_effect_with((), move |()| {
            let watch = field.cast::<HtmlElement>().and_then(|field| SizeWatch::of(&field, move |new| size.set(new)));
            move || drop(watch)
        });
    }

    let chosen =
        props.selection.as_ref().and_then(|selection| desk.node_of(selection)).and_then(|name| cells.find(&name));
    // A node may have gone since.
    let here = spot.filter(|spot| spot.cell < cells.names.len());
    {
        let (field, cells) = (field.clone(), cells.clone());
        use_effect_with((grid.clone(), chosen, here, size.0), move |(grid, chosen, here, width)| {
            if let Some(field) = field.cast::<HtmlElement>() {
                arrange(&field, &cells, grid, *width, *chosen, *here);
            }
        });
    }
    let go = {
        let spot = spot.setter();
        Callback::from(move |cell: Option<usize>| spot.set(cell.map(|cell| Spot { cell, by_keys: true })))
    };
    let point = {
        let spot = spot.clone();
        Callback::from(move |cell: Option<usize>| {
            let new = cell.map(|cell| Spot { cell, by_keys: false });
            let stays = new.is_none() && spot.is_some_and(|spot| spot.by_keys);
            if !stays && *spot != new {
                spot.set(new);
            }
        })
    };
    let select = {
        let (desk, cells) = (desk.clone(), cells.clone());
        Callback::from(move |cell: usize| {
            if let Some(name) = cells.names.get(cell) {
                desk.send(Action::Select(ObjectRef::node(name)));
                desk.send(Action::ToWhy);
            }
        })
    };
    let card = here.and_then(|spot| Some((spot, desk.card_of(cells.names.get(spot.cell)?)?)));
    let total = view.total();
    let count = |look: CellLook| total.get(look as usize).copied().unwrap_or(0);
    let ready = count(CellLook::Current) + count(CellLook::Old);
    let slot = view.set.as_ref().map(|(_, slot)| *slot);
    html! {
        <div class={classes!("dense", slot_class(slot))} data-testid="dense" data-node-count={cells.names.len().to_string()}
            data-updated={count(CellLook::Current).to_string()} data-ready={ready.to_string()} data-pitch={grid.pitch.to_string()}>
            <div class="dense-bar">
                <Find cells={cells.clone()} spot={here.map(|spot| spot.cell)} {chosen} go={go.clone()} select={select.clone()} />
                if props.map.sets.len() > 1 {
                    {color_by(&props.map, &view, colored_by.setter())}
                }
                {props.add.clone()}
            </div>
            {legend(&props.map, &total, view.set.is_none() && !props.map.sets.is_empty())}
            <div class="dense-field" ref={field}>
                {for cells.groups.iter().enumerate().map(|(index, group)| heading(group, view.counts.get(index)))}
                <Field cells={cells.clone()} grid={grid.clone()} view={Marks(view.clone())} width={size.0} spot={here.map(|spot| spot.cell)}
                    {chosen} {go} {point} {select} />
                <div class="dense-chosen" aria-hidden="true"></div>
                <div class="dense-spot" aria-hidden="true"></div>
                <div class="dense-tip" aria-hidden="true">
                    if let Some((_, card)) = &card { {description(card)} }
                </div>
            </div>
            {summary(&props.map, &view)}
            <div class="unseen" aria-live="polite" data-testid="dense-spoken">
                {card.as_ref().filter(|(spot, _)| spot.by_keys).map(|(_, card)| spoken(card))}
            </div>
        </div>
    }
}

// ------------------------------------------------------------ the cells

/// The marks to paint, compared by pointer.
#[derive(Clone)]
struct Marks(CellView);

impl PartialEq for Marks {
    fn eq(&self, other: &Marks) -> bool {
        self.0.same_as(&other.0)
    }
}

#[derive(Properties, PartialEq)]
struct FieldProps {
    cells: Shared<Cells>,
    grid: Shared<Grid>,
    view: Marks,
    width: usize,
    spot: Option<usize>,
    chosen: Option<usize>,
    go: Callback<Option<usize>>,
    point: Callback<Option<usize>>,
    select: Callback<usize>,
}

/// The canvas: pointed at, and walked over with the arrow keys.
#[component]
fn Field(props: &FieldProps) -> Html {
    let canvas = use_node_ref();
    let theme = use_state(|| 0u32);
    let painter = use_memo((), |()| RefCell::new(Painter::default()));
    {
        let theme = theme.clone();
        use_effect_with((), move |()| {
            let watch = ThemeWatch::start(move || theme.set(js_sys::Date::now() as u32));
            move || drop(watch)
        });
    }
    {
        let (painter, canvas, cells, width) = (painter, canvas.clone(), props.cells.clone(), props.width);
        use_effect_with((props.view.clone(), props.grid.clone(), *theme, width), move |(view, grid, _, _)| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                let _ = painter.borrow_mut().paint(&canvas, &cells, &view.0, grid, width);
                PAINTED.set(Some((canvas, Rc::clone(&cells.0), Rc::clone(&grid.0))));
            }
        });
    }
    // What is walked to is brought into view.
    {
        let (canvas, cells, grid) = (canvas.clone(), props.cells.clone(), props.grid.clone());
        use_effect_with(props.spot, move |spot| {
            if let (Some(cell), Some(canvas)) = (*spot, canvas.cast::<HtmlCanvasElement>()) {
                let _ = reveal(&canvas, &cells, &grid, cell);
            }
        });
    }
    let hit = {
        let (cells, grid) = (props.cells.clone(), props.grid.clone());
        move |event: &MouseEvent| grid.hit(&cells, f64::from(event.offset_x()), f64::from(event.offset_y()))
    };
    let onpointermove = {
        let (point, hit) = (props.point.clone(), hit.clone());
        Callback::from(move |event: PointerEvent| point.emit(hit(&event)))
    };
    let onpointerleave = props.point.reform(|_: PointerEvent| None);
    let onclick = {
        let (point, select) = (props.point.clone(), props.select.clone());
        Callback::from(move |event: MouseEvent| {
            if let Some(cell) = hit(&event) {
                point.emit(Some(cell));
                select.emit(cell);
            }
        })
    };
    let onfocus = {
        let (go, spot, chosen) = (props.go.clone(), props.spot, props.chosen);
        Callback::from(move |_: FocusEvent| {
            // A press on a cell focuses too, and means that cell.
            if spot.is_none() {
                go.emit(Some(chosen.unwrap_or(0)));
            }
        })
    };
    let onblur = props.go.reform(|_: FocusEvent| None);
    let onkeydown = {
        let (cells, grid, go, select) =
            (props.cells.clone(), props.grid.clone(), props.go.clone(), props.select.clone());
        let here = props.spot.or(props.chosen).unwrap_or(0);
        Callback::from(move |event: KeyboardEvent| {
            let step = |by| grid.step(&cells, here, by);
            let to = match event.key().as_str() {
                _ if event.ctrl_key() || event.meta_key() || event.alt_key() => return,
                "ArrowLeft" => step((-1, 0)),
                "ArrowRight" => step((1, 0)),
                "ArrowUp" => step((0, -1)),
                "ArrowDown" => step((0, 1)),
                "PageUp" => step((0, -8)),
                "PageDown" => step((0, 8)),
                "Home" => 0,
                "End" => cells.names.len().saturating_sub(1),
                "Enter" => {
                    select.emit(here);
                    here
                }
                "Escape" => return go.emit(None),
                _ => return,
            };
            event.prevent_default();
            go.emit(Some(to));
        })
    };
    let label = [
        "Map of ",
        &words::count(props.cells.names.len(), "node"),
        ": arrow keys move from node to node, Enter selects",
    ]
    .concat();
    html! {
        <canvas ref={canvas} tabindex="0" role="application" aria-roledescription="map of cells" aria-label={label} data-testid="dense-cells"
            {onpointermove} {onpointerleave} {onclick} {onfocus} {onblur} {onkeydown}></canvas>
    }
}

/// What is on the canvas, and so what need not be painted again.
#[derive(Default)]
struct Painter {
    pen: Option<CanvasRenderingContext2d>,
    colors: Colors,
    ratio: f64,
    width: usize,
    grid: Rc<Grid>,
    cells: Rc<Cells>,
    slot: Option<u8>,
    marks: Rc<Vec<Mark>>,
}

impl Painter {
    fn paint(
        &mut self,
        canvas: &HtmlCanvasElement,
        cells: &Shared<Cells>,
        view: &CellView,
        grid: &Shared<Grid>,
        width: usize,
    ) -> Option<()> {
        if width == 0 {
            return None;
        }
        let themed = self.colors.refresh();
        let device = web_sys::window()?.device_pixel_ratio().clamp(1.0, 3.0);
        let (wide, high) = (width as f64, grid.height as f64);
        let ratio = device.min(SIDE_MAX / wide.max(high)).min((AREA_MAX / (wide * high)).sqrt());
        let slot = view.set.as_ref().map(|(_, slot)| *slot);
        let same_place = self.width == width && Rc::ptr_eq(&self.grid, &grid.0) && Rc::ptr_eq(&self.cells, &cells.0);
        let only_changes =
            same_place && !themed && self.slot == slot && self.ratio == ratio && self.marks.len() == view.marks.len();
        if !only_changes {
            (self.width, self.ratio, self.slot) = (width, ratio, slot);
            (self.grid, self.cells) = (Rc::clone(&grid.0), Rc::clone(&cells.0));
            // This clears the canvas too.
            canvas.set_width((wide * ratio).ceil() as u32);
            canvas.set_height((high * ratio).ceil() as u32);
            page::set_style_px(canvas, "width", wide);
            page::set_style_px(canvas, "height", high);
            self.pen = canvas.get_context("2d").ok()??.dyn_into().ok();
        }
        let pen = self.pen.clone()?;
        let old = std::mem::replace(&mut self.marks, Rc::clone(&view.marks));
        let marks = view.marks.iter().enumerate();
        let changed: Vec<(usize, Mark)> = match only_changes {
            true => marks
                .zip(old.iter())
                .filter(|((_, new), old)| new != old)
                .map(|((cell, mark), _)| (cell, *mark))
                .collect(),
            false => marks.map(|(cell, mark)| (cell, *mark)).collect(),
        };
        if only_changes {
            for (cell, _) in &changed {
                let (x, y, _) = self.square(*cell);
                let pitch = (self.grid.pitch as f64 * ratio).ceil();
                pen.clear_rect(x, y, pitch, pitch);
            }
        }
        for look in CellLook::ALL {
            let mut some = changed.iter().filter(|(_, mark)| mark.look == look).map(|(cell, _)| *cell).peekable();
            if some.peek().is_some() {
                self.draw(&pen, look, some);
            }
        }
        pen.set_fill_style_str(&self.colors.warn);
        for (cell, _) in changed.iter().filter(|(_, mark)| mark.ailing) {
            let (x, y, size) = self.square(*cell);
            let bar = (ratio * self.grid.gap() as f64 * 0.6).max(1.0).round();
            pen.fill_rect(x, y + size, size, bar);
        }
        Some(())
    }

    /// A cell in pixels of the device, which the edges lie on.
    fn square(&self, cell: usize) -> (f64, f64, f64) {
        let (x, y) = self.grid.corner(&self.cells, cell);
        let size = self.grid.pitch.saturating_sub(self.grid.gap());
        ((x as f64 * self.ratio).round(), (y as f64 * self.ratio).round(), (size as f64 * self.ratio).round())
    }

    fn draw(&self, pen: &CanvasRenderingContext2d, look: CellLook, cells: impl Iterator<Item = usize>) {
        let colors = &self.colors;
        let (current, old) = match self.slot.and_then(|slot| colors.slots.get(usize::from(slot))) {
            Some((current, old)) => (current.as_str(), old.as_str()),
            None => (colors.accent.as_str(), colors.dim.as_str()),
        };
        let color = match look {
            CellLook::NotEligible => &colors.edge,
            CellLook::Current => current,
            CellLook::Old => old,
            CellLook::Missing => &colors.dim,
            CellLook::Starting => &colors.create,
            CellLook::Stopping => &colors.delete,
        };
        let line = self.ratio.round().max(1.0);
        pen.set_fill_style_str(color);
        pen.set_stroke_style_str(color);
        pen.set_line_width(line);
        pen.begin_path();
        for cell in cells {
            let (x, y, size) = self.square(cell);
            match look {
                CellLook::NotEligible => pen.rect(x + line / 2.0, y + line / 2.0, size - line, size - line),
                CellLook::Current | CellLook::Old => pen.rect(x, y, size, size),
                CellLook::Missing => {
                    let inset = (size * 0.3).round();
                    pen.rect(x + inset, y + inset, size - 2.0 * inset, size - 2.0 * inset);
                }
                CellLook::Starting | CellLook::Stopping => {
                    let (base, tip) = if look == CellLook::Starting { (y + size, y) } else { (y, y + size) };
                    pen.move_to(x, base);
                    pen.line_to(x + size / 2.0, tip);
                    pen.line_to(x + size, base);
                }
            }
        }
        if look == CellLook::NotEligible { pen.stroke() } else { pen.fill() }
    }
}

// ------------------------------------------------------------ what stands around the cells

/// Puts the headings, the outlines and the description where they belong.
fn arrange(field: &HtmlElement, cells: &Cells, grid: &Grid, width: usize, chosen: Option<usize>, here: Option<Spot>) {
    let all = |selector: &str| field.query_selector_all(selector).ok();
    let one = |selector: &str| field.query_selector(selector).ok().flatten();
    page::set_style_px(field, "height", grid.height as f64);
    if let Some(headings) = all(".dense-head") {
        for (index, top) in grid.tops.iter().enumerate() {
            if let Some(heading) = headings.get(index as u32).and_then(|node| node.dyn_into::<Element>().ok()) {
                page::set_style_px(&heading, "top", *top as f64);
            }
        }
    }
    let size = grid.pitch.saturating_sub(grid.gap()) as f64;
    for (selector, cell) in [(".dense-chosen", chosen), (".dense-spot", here.map(|spot| spot.cell))] {
        let Some(outline) = one(selector) else { continue };
        page::set_style(&outline, "display", if cell.is_some() { "block" } else { "none" });
        let Some(cell) = cell else { continue };
        let (x, y) = grid.corner(cells, cell);
        for (property, value) in [("left", x as f64), ("top", y as f64), ("width", size), ("height", size)] {
            page::set_style_px(&outline, property, value);
        }
    }
    let Some(tip) = one(".dense-tip") else { return };
    let Some(spot) = here else { return page::set_style(&tip, "display", "none") };
    page::set_style(&tip, "display", "block");
    let (x, y) = grid.corner(cells, spot.cell);
    let (x, y) = (x as f64, y as f64);
    // Below the cell, or above where that would be off the screen; to its side rather than over its neighbours.
    let left = if x + size + 10.0 + TIP_WIDTH <= width as f64 { x + size + 10.0 } else { x - 10.0 - TIP_WIDTH };
    let left = left.clamp(0.0, (width as f64 - TIP_WIDTH).max(0.0));
    let room = field
        .closest(".map")
        .ok()
        .flatten()
        .map_or(0.0, |map| map.get_bounding_client_rect().bottom() - field.get_bounding_client_rect().top());
    let high = f64::from(tip.client_height()) + 2.0;
    let below = y + size + 8.0;
    let top = if below + high > room && y - 8.0 - high > 0.0 { y - 8.0 - high } else { below };
    page::set_style_px(&tip, "left", left);
    page::set_style_px(&tip, "top", top);
}

/// Scrolls the map so far that a cell is on the screen.
fn reveal(canvas: &HtmlCanvasElement, cells: &Cells, grid: &Grid, cell: usize) -> Option<()> {
    let map = canvas.closest(".map").ok()??;
    let (_, y) = grid.corner(cells, cell);
    let (pane, top) = (map.get_bounding_client_rect(), canvas.get_bounding_client_rect().top() + y as f64);
    let room = 24.0;
    let over = if top - room < pane.top() {
        top - room - pane.top()
    } else if top + grid.pitch as f64 + room > pane.bottom() {
        top + grid.pitch as f64 + room - pane.bottom()
    } else {
        return None;
    };
    map.set_scroll_top(map.scroll_top() + over as i32);
    Some(())
}

/// Follows the size of the room there is for cells.
struct SizeWatch {
    observer: ResizeObserver,
    _closure: Closure<dyn FnMut()>,
}

impl SizeWatch {
    fn of(field: &HtmlElement, changed: impl Fn((usize, usize)) + 'static) -> Option<SizeWatch> {
        let map = field.closest(".map").ok()??;
        let (pane, inner) = (map.clone(), field.clone());
        let mut last = (0, 0);
        let closure = Closure::<dyn FnMut()>::new(move || {
            let above = inner.get_bounding_client_rect().top() - pane.get_bounding_client_rect().top();
            let above = above as i32 + pane.scroll_top();
            let size = (inner.client_width().max(0) as usize, (pane.client_height() - above - MARGIN).max(0) as usize);
            // While another tab of a phone is in front there is no room at all.
            if size.0 > 0 && size != last {
                last = size;
                changed(size);
            }
        });
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        observer.observe(&map);
        Some(SizeWatch { observer, _closure: closure })
    }
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

fn slot_class(slot: Option<u8>) -> Option<String> {
    slot.map(|slot| ["slot-", &slot.to_string()].concat())
}

fn heading(group: &CellGroup, counts: Option<&Counts>) -> Html {
    html! {
        <div class="dense-head" key={&*group.title}>
            <h2>{&*group.title}{" · "}{group.len}</h2>
            if let Some(counts) = counts { {bar(counts)} }
        </div>
    }
}

/// How far a group is, as a bar: current, starting, stopping, old, and what is missing.
fn bar(counts: &Counts) -> Html {
    let order = [CellLook::Current, CellLook::Starting, CellLook::Stopping, CellLook::Old, CellLook::Missing];
    let parts = order.map(|look| (look, counts.get(look as usize).copied().unwrap_or(0)));
    let total = parts.iter().map(|(_, count)| count).sum::<u32>();
    if total == 0 {
        return html! {};
    }
    let done = parts.first().map_or(0, |(_, count)| *count);
    let mut x = 0;
    let bars = parts.into_iter().filter(|(_, width)| *width > 0).map(|(look, width)| {
        let bar = html! { <rect class={look.class()} x={x.to_string()} width={width.to_string()} height="1" /> };
        x += width;
        bar
    });
    html! {
        <>
            <svg class="prog" viewBox={["0 0 ", &total.to_string(), " 1"].concat()} preserveAspectRatio="none" aria-hidden="true">{for bars}</svg>
            <span class="dense-done">{done}{" of "}{total}</span>
        </>
    }
}

fn legend(map: &DenseMap, total: &Counts, worst_of_all: bool) -> Html {
    let rows = CellLook::ALL.into_iter().cycle().skip(1).take(CellLook::ALL.len());
    html! {
        <ul class="dense-legend" aria-label={if worst_of_all { "A cell is a node, and shows the worst of its pods" } else { "A cell is a node" }}>
            {for rows.map(|look| {
                let count = total.get(look as usize).copied().unwrap_or(0);
                html! {
                    <li class={classes!(look.class(), (count == 0).then_some("none-of-it"))} data-look={look.class()}>
                        <span class="swatch" aria-hidden="true"></span>{map.word(look)}{" "}<b>{count}</b>
                    </li>
                }
            })}
        </ul>
    }
}

/// What a reader sees of a cell that is pointed at.
fn description(card: &NodeCard) -> Html {
    html! {
        <>
            <strong>{&*card.name}</strong>
            if !card.roles.is_empty() { <small>{" "}{&card.roles}</small> }
            <div class="meta">
                if card.status != NodeStatus::Ready { <span class="chip bad">{card.status.word()}</span> }
                {for card.chips.iter().map(|chip| html! { <span class={classes!("chip", chip.class)}>{&chip.text}</span> })}
            </div>
            {for card.pods.iter().map(|pod| html! {
                <p class={classes!(pod.slot.map(|slot| ["slot-", &slot.to_string()].concat()))}>
                    if let Some(slot) = pod.slot { {marker(slot)} }
                    <code>{&*pod.key.name}</code>
                    <em>{pod.word}{(pod.revision > 0).then(|| [", rev ", &pod.revision.to_string()].concat())}</em>
                </p>
            })}
            {for card.absent.iter().map(|absent| html! {
                <p class={["slot-", &absent.slot.to_string()].concat()}>
                    {marker(absent.slot)}
                    <span>{"no "}{&*absent.daemonset}{if absent.reason.is_empty() { " yet" } else { ": " }}{&absent.reason}</span>
                </p>
            })}
        </>
    }
}

/// The same for a reader who hears it.
fn spoken(card: &NodeCard) -> String {
    let mut text = [&*card.name, ", ", card.status.word()].concat();
    for chip in &card.chips {
        text.extend([", ", &chip.title]);
    }
    for pod in &card.pods {
        text.extend(["; ", if pod.daemonset.is_empty() { &*pod.key.name } else { &*pod.daemonset }, " ", pod.word]);
        if pod.slot.is_some() && !pod.current {
            text.push_str(", old revision");
        }
    }
    for absent in &card.absent {
        text.extend(["; no ", &*absent.daemonset]);
        if !absent.reason.is_empty() {
            text.extend([": ", &absent.reason]);
        }
    }
    text
}

/// The map as a table of numbers, for readers who do not see cells.
fn summary(map: &DenseMap, view: &CellView) -> Html {
    html! {
        <table class="unseen">
            <caption>{"Nodes by group and state"}</caption>
            <thead>
                <tr>
                    <th scope="col">{"Group"}</th>
                    <th scope="col">{"Nodes"}</th>
                    {for CellLook::ALL.iter().map(|look| html! { <th scope="col">{map.word(*look)}</th> })}
                </tr>
            </thead>
            <tbody>
                {for map.cells.groups.iter().zip(view.counts.iter()).map(|(group, counts)| html! {
                    <tr>
                        <th scope="row">{&*group.title}</th>
                        <td>{group.len}</td>
                        {for counts.iter().map(|count| html! { <td>{*count}</td> })}
                    </tr>
                })}
            </tbody>
        </table>
    }
}

// ------------------------------------------------------------ the bar above

#[derive(Properties, PartialEq)]
struct FindProps {
    cells: Shared<Cells>,
    spot: Option<usize>,
    chosen: Option<usize>,
    go: Callback<Option<usize>>,
    select: Callback<usize>,
}

/// Finds a node by a part of its name: typing shows the first, Enter selects it, and each further Enter the next.
#[component]
fn Find(props: &FindProps) -> Html {
    let sought = use_state(String::new);
    let found = use_memo((props.cells.clone(), (*sought).clone()), |(cells, sought)| cells.matching(sought));
    let oninput = {
        let (sought, cells, go) = (sought.setter(), props.cells.clone(), props.go.clone());
        Callback::from(move |event: InputEvent| {
            if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
                go.emit(cells.matching(&input.value()).first().copied());
                sought.set(input.value());
            }
        })
    };
    let onkeydown = {
        let (found, go, select) = (Rc::clone(&found), props.go.clone(), props.select.clone());
        let (spot, chosen) = (props.spot, props.chosen);
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                return go.emit(None);
            }
            if event.key() != "Enter" || event.ctrl_key() || event.meta_key() || found.is_empty() {
                return;
            }
            event.prevent_default();
            let at = spot.and_then(|spot| found.iter().position(|cell| *cell == spot));
            let by = if event.shift_key() { found.len() - 1 } else { 1 };
            let to = match at {
                Some(at) if spot == chosen => (at + by) % found.len(),
                Some(at) => at,
                None => 0,
            };
            if let Some(cell) = found.get(to) {
                go.emit(Some(*cell));
                select.emit(*cell);
            }
        })
    };
    let onblur = props.go.reform(|_: FocusEvent| None);
    let result = match found.as_slice() {
        _ if sought.trim().is_empty() => String::new(),
        [] => "none".to_owned(),
        all => {
            let at = props.spot.and_then(|spot| all.iter().position(|cell| *cell == spot)).unwrap_or(0);
            [&(at + 1).to_string(), " of ", &all.len().to_string()].concat()
        }
    };
    html! {
        <div class="find">
            <input type="search" data-testid="find-node" aria-label="Find node" placeholder="Find node…" autocomplete="off" spellcheck="false"
                {oninput} {onkeydown} {onblur} />
            <output aria-live="polite">{result}</output>
        </div>
    }
}

fn color_by(map: &DenseMap, view: &CellView, set: UseStateSetter<Option<ObjectKey>>) -> Html {
    let chosen = view.set.as_ref().map(|(key, _)| key.clone());
    let keys: Vec<ObjectKey> =
        map.sets.iter().filter_map(|view| view.set.as_ref()).map(|(key, _)| key.clone()).collect();
    let options: Html = keys
        .iter()
        .map(|key| html! { <option value={key.to_string()} selected={chosen.as_ref() == Some(key)}>{&*key.name}</option> })
        .collect();
    let onchange = Callback::from(move |event: Event| {
        if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
            let value = select.value();
            set.set(keys.iter().find(|key| key.to_string() == value).cloned());
        }
    });
    html! {
        <select aria-label="Coloured by" title="Coloured by" {onchange}>
            <option value="" selected={chosen.is_none()}>{"the worst of all"}</option>
            {options}
        </select>
    }
}
