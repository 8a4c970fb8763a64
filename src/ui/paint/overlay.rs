//! Pods on their way: a canvas over the ribbons and the map.
//!
//! What is drawn follows from the motions and the moment alone. Nothing is measured or drawn while nothing moves.

use std::cell::{Cell, RefCell};
use std::f64::consts::TAU;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, MediaQueryList};
use yew::prelude::*;

use super::colors::Colors;
use super::dense;
use crate::platform::frame::Frames;
use crate::platform::page;
use crate::ui::shared::Shared;
use crate::ui::state::TimeState;
use crate::view::Scene;
use crate::view::motion::{Act, Motion, Place};

/// With more pods on their way than this, their paths would cover the map: they get a short tail instead.
const PATHS_MAX: usize = 20;
/// The part of a flight after which it has arrived; the rest is its end.
const ARRIVAL: f64 = 0.72;
/// Places that are remembered; a pod that is gone is seen to go where it was.
const SPOTS_MAX: usize = 300;

#[derive(Properties, PartialEq)]
pub struct OverlayProps {
    pub motions: Shared<Vec<Motion>>,
    pub time: TimeState,
    pub scene: Shared<Scene>,
}

#[component]
pub fn Overlay(props: &OverlayProps) -> Html {
    let canvas = use_node_ref();
    let painter = use_memo((), |()| Painter::default());
    {
        let (canvas, painter) = (canvas.clone(), Rc::clone(&painter));
        use_effect_with((), move |()| {
            let listeners = canvas.cast::<HtmlCanvasElement>().map(|canvas| painter.start(canvas));
            move || drop(listeners)
        });
    }
    {
        let painter = Rc::clone(&painter);
        // After the page has been brought up to date, so that what is measured is what is shown.
        use_effect_with(
            (props.motions.clone(), props.time.clone(), props.scene.clone()),
            move |(motions, time, scene)| {
                painter.show(motions, time, scene);
            },
        );
    }
    html! { <canvas ref={canvas} class="overlay" aria-hidden="true"></canvas> }
}

/// Draws. Between two states of the page only the last motions of a simulation that has come to rest go on by themselves.
#[derive(Default, Clone)]
struct Painter(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    canvas: Option<HtmlCanvasElement>,
    pen: Option<CanvasRenderingContext2d>,
    still: Option<MediaQueryList>,
    frames: Frames,
    motions: Shared<Vec<Motion>>,
    scene: Shared<Scene>,
    /// The simulation's clock.
    clock: f64,
    /// While nothing happens any more the clock stands, but what has begun still ends: so far after the clock.
    linger: f64,
    /// How fast that goes; `None` while time stands because the reader stopped it.
    pace: Option<f64>,
    last_frame: Option<f64>,
    /// Motions up to this one have been seen to end.
    ended: Option<u64>,
    colors: Colors,
    spots: Vec<(Place, Spot)>,
    /// The layout may have changed since the spots were measured.
    moved: Rc<Cell<bool>>,
    frame: Frame,
    is_drawn: bool,
}

/// Where things are, relative to the canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Spot {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    fresh: bool,
}

/// The canvas and the parts of the page it covers.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    map: Spot,
}

impl Painter {
    fn start(&self, canvas: HtmlCanvasElement) -> Vec<EventListener> {
        let mut listeners = Vec::new();
        {
            let mut inner = self.0.borrow_mut();
            inner.pen = canvas.get_context("2d").ok().flatten().and_then(|pen| pen.dyn_into().ok());
            inner.still = page::media("(prefers-reduced-motion: reduce)");
            inner.moved.set(true);
            let weak = Rc::downgrade(&self.0);
            inner.frames.on_frame(move |time| {
                if let Some(inner) = weak.upgrade()
                    && let Ok(mut inner) = inner.try_borrow_mut()
                {
                    inner.tick(time);
                    inner.draw();
                }
            });
            let redraw = |inner: &Inner| {
                let (moved, frames) = (Rc::clone(&inner.moved), inner.frames.clone());
                move |_: &Event| {
                    moved.set(true);
                    frames.request();
                }
            };
            let options = EventListenerOptions { phase: gloo::events::EventListenerPhase::Capture, passive: true };
            if let Some(stage) = canvas.parent_element() {
                // Scrolling does not bubble, but it can be caught on the way down.
                listeners.push(EventListener::new_with_options(&stage, "scroll", options, redraw(&inner)));
            }
            if let Some(window) = web_sys::window() {
                listeners.push(EventListener::new(&window, "resize", redraw(&inner)));
            }
            inner.canvas = Some(canvas);
        }
        listeners
    }

    fn show(&self, motions: &Shared<Vec<Motion>>, time: &TimeState, scene: &Shared<Scene>) {
        let Ok(mut inner) = self.0.try_borrow_mut() else { return };
        let clock = time.micros as f64;
        if clock != inner.clock {
            // In the past, and after a fork, things end anew.
            if clock < inner.clock {
                inner.ended = None;
            }
            inner.clock = clock;
            inner.linger = 0.0;
        }
        inner.pace = (time.playing && time.quiet && !time.past).then(|| time.speed.factor()).flatten();
        if !(inner.scene == *scene) {
            inner.scene = scene.clone();
            inner.moved.set(true);
        }
        inner.motions = motions.clone();
        if inner.pace.is_none() {
            inner.last_frame = None;
        }
        inner.draw();
    }
}

impl Inner {
    /// Lets the last motions go on.
    fn tick(&mut self, time: f64) {
        let Some(pace) = self.pace else { return };
        let elapsed = self.last_frame.map_or(0.0, |last| (time - last).clamp(0.0, 100.0));
        self.last_frame = Some(time);
        self.linger += elapsed * 1000.0 * pace;
    }

    fn draw(&mut self) {
        let now = self.clock + self.linger;
        let motions = self.motions.clone();
        let is_still = self.still.as_ref().is_some_and(MediaQueryList::matches);
        let wanted = |motion: &&Motion| self.ended.is_none_or(|ended| motion.seq > ended) && !is_still;
        let moving: Vec<(&Motion, f64)> =
            motions.iter().filter(wanted).filter_map(|motion| Some((motion, motion.progress(now)?))).collect();
        if moving.is_empty() {
            if self.linger > 0.0 {
                self.ended = motions.last().map(|motion| motion.seq).or(self.ended);
            }
            self.last_frame = None;
            self.clear();
            return;
        }
        if self.pace.is_some() {
            self.frames.request();
        }
        self.colors.refresh();
        if self.moved.replace(false) || self.frame.width < 1.0 {
            self.measure();
        }
        if self.frame.width < 1.0 {
            return;
        }
        self.clear();
        let _ = self.draw_all(&moving);
        self.is_drawn = true;
    }

    fn clear(&mut self) {
        if let (true, Some(pen)) = (self.is_drawn, &self.pen) {
            pen.clear_rect(0.0, 0.0, self.frame.width, self.frame.height);
        }
        self.is_drawn = false;
    }

    fn measure(&mut self) {
        for (_, spot) in &mut self.spots {
            spot.fresh = false;
        }
        let Some(canvas) = &self.canvas else { return };
        let rect = canvas.get_bounding_client_rect();
        let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, 3.0);
        let mut frame = Frame {
            left: rect.left(),
            top: rect.top(),
            width: rect.width(),
            height: rect.height(),

            map: Spot::default(),
        };
        if let Some(map) = canvas.parent_element().and_then(|stage| stage.query_selector(".map").ok().flatten()) {
            frame.map = spot_of(&map, &frame);
        }
        let (wide, high) = ((frame.width * ratio).round() as u32, (frame.height * ratio).round() as u32);
        if canvas.width() != wide || canvas.height() != high {
            canvas.set_width(wide);
            canvas.set_height(high);
            self.is_drawn = false;
        }
        if let Some(pen) = &self.pen {
            let _ = pen.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        }
        self.frame = frame;
    }

    /// Where a place is. Measured once for each layout, and only if something moves there.
    fn spot(&mut self, place: &Place) -> Option<Spot> {
        let known = self.spots.iter().position(|(known, _)| known == place);
        let old = known.and_then(|index| self.spots.get(index)).map(|(_, spot)| *spot);
        if let Some(spot) = old.filter(|spot| spot.fresh) {
            return Some(spot);
        }
        let spot = Spot { fresh: true, ..self.find(place, old.is_some()).or(old)? };
        match known.and_then(|index| self.spots.get_mut(index)) {
            Some((_, old)) => *old = spot,
            None => {
                if self.spots.len() >= SPOTS_MAX {
                    self.spots.retain(|(_, spot)| spot.fresh);
                }
                self.spots.push((place.clone(), spot));
            }
        }
        Some(spot)
    }

    /// Finds a place on the page.
    fn find(&self, place: &Place, is_known: bool) -> Option<Spot> {
        let at = |id: &str| Some(spot_of(&page::by_id(id)?, &self.frame)).filter(|spot| spot.width > 0.0);
        let node_at = |node: &str| {
            let cell = self.scene.dense.as_ref().and_then(|map| dense::cell_rect(map.cells.find(node)?));
            match cell {
                Some((x, y, size)) => {
                    Some(Spot { x: x - self.frame.left, y: y - self.frame.top, width: size, height: size, fresh: true })
                }
                None => at(&["Node//", node].concat()),
            }
        };
        match place {
            Place::Act => at("stage-act"),
            Place::Scheduler => {
                let map = self.frame.map;
                Some(Spot { x: map.x + map.width - 92.0, y: map.y + 8.0, width: 76.0, height: 20.0, fresh: true })
            }
            Place::Pod { pod, namespace, node } => at(&["Pod/", namespace, "/", pod].concat()).or_else(|| {
                // The chip is not there, or not any more; its old place is better than the card.
                if is_known { None } else { node_at(node) }
            }),
            Place::Node(node) => node_at(node),
        }
    }

    fn draw_all(&mut self, moving: &[(&Motion, f64)]) -> Option<()> {
        let pen = self.pen.clone()?;
        let flights = moving.iter().filter(|(motion, _)| motion.from.is_some()).count();
        let few = flights <= PATHS_MAX;
        let dense = self.scene.dense.is_some();
        let binding = moving
            .iter()
            .filter(|(motion, _)| motion.act == Act::Bind)
            .map(|(_, part)| presence(*part))
            .fold(0.0, f64::max);
        for (motion, part) in moving {
            let Some(to) = self.spot(&motion.to) else { continue };
            let from = motion.from.as_ref().and_then(|place| self.spot(place));
            let color = match motion.act {
                Act::Create | Act::Ready | Act::Join => self.colors.create.clone(),
                Act::Delete | Act::Gone => self.colors.delete.clone(),
                Act::Bind => self.colors.dim.clone(),
                Act::Trouble => self.colors.warn.clone(),
            };
            pen.set_stroke_style_str(&color);
            pen.set_fill_style_str(&color);
            match from {
                Some(from) => {
                    let curve = Curve::between(from, self.inside(to), motion.act == Act::Bind);
                    flight(&pen, &curve, motion.act, *part, few && !dense)?;
                    if *part > ARRIVAL && motion.act != Act::Bind {
                        ring(&pen, curve.to, (*part - ARRIVAL) / (1.0 - ARRIVAL), motion.act == Act::Delete, dense)?;
                    }
                }
                None if self.is_inside(to) => pulse(&pen, to, motion.act, *part, dense)?,
                None => {}
            }
        }
        // On a phone a large cluster's own controls are where the label would be.
        if binding > 0.0 && !(dense && self.frame.width < 480.0) {
            self.label_scheduler(&pen, binding)?;
        }
        pen.set_global_alpha(1.0);
        Some(())
    }

    fn is_inside(&self, spot: Spot) -> bool {
        let map = self.frame.map;
        spot.y + spot.height > map.y && spot.y < map.y + map.height
    }

    /// The spot, or where the way to it leaves the part of the map that is on the screen.
    fn inside(&self, spot: Spot) -> Spot {
        let map = self.frame.map;
        let y = spot.y.clamp(map.y + 4.0, (map.y + map.height - 4.0 - spot.height).max(map.y + 4.0));
        Spot { y, ..spot }
    }

    fn label_scheduler(&mut self, pen: &CanvasRenderingContext2d, alpha: f64) -> Option<()> {
        let spot = self.spot(&Place::Scheduler)?;
        pen.set_global_alpha(alpha);
        pen.begin_path();
        pen.round_rect_with_f64(spot.x, spot.y, spot.width, spot.height, 10.0).ok()?;
        pen.set_fill_style_str(&self.colors.panel);
        pen.fill();
        pen.set_stroke_style_str(&self.colors.edge);
        pen.set_line_width(1.0);
        pen.stroke();
        pen.set_fill_style_str(&self.colors.dim);
        pen.set_font("11px system-ui, sans-serif");
        pen.set_text_align("center");
        pen.set_text_baseline("middle");
        pen.fill_text(SCHEDULER, spot.x + spot.width / 2.0, spot.y + spot.height / 2.0 + 0.5).ok()
    }
}

const SCHEDULER: &str = "scheduler";

fn spot_of(element: &Element, frame: &Frame) -> Spot {
    let rect = element.get_bounding_client_rect();
    Spot {
        x: rect.left() - frame.left,
        y: rect.top() - frame.top,
        width: rect.width(),
        height: rect.height(),
        fresh: true,
    }
}

type Point = (f64, f64);

/// The way of a flight: down out of its source, then to its goal.
struct Curve {
    from: Point,
    bend: Point,
    bow: Point,
    to: Point,
}

impl Curve {
    fn between(from: Spot, to: Spot, is_light: bool) -> Curve {
        let start = (from.x + from.width / 2.0, from.y + from.height);
        // The mark of a chip is at its left end; a cell is met in its middle.
        let end = if to.width > 40.0 {
            (to.x + 15.0, to.y + to.height.min(28.0) / 2.0)
        } else {
            (to.x + to.width / 2.0, to.y + to.height / 2.0)
        };
        let drop = (end.1 - start.1).max(24.0);
        let lift = if is_light { 0.25 } else { 0.45 };
        Curve {
            from: start,
            bend: (start.0, start.1 + drop * lift),
            bow: (end.0, end.1 - drop * (1.0 - lift)),
            to: end,
        }
    }

    fn at(&self, t: f64) -> Point {
        let u = 1.0 - t;
        let mix =
            |a: f64, b: f64, c: f64, d: f64| u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d;
        (mix(self.from.0, self.bend.0, self.bow.0, self.to.0), mix(self.from.1, self.bend.1, self.bow.1, self.to.1))
    }
}

/// Slow at both ends.
fn ease(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Appears quickly, goes at the end.
fn presence(part: f64) -> f64 {
    (part / 0.12).min((1.0 - part) / 0.25).clamp(0.0, 1.0)
}

fn flight(pen: &CanvasRenderingContext2d, curve: &Curve, act: Act, part: f64, with_path: bool) -> Option<()> {
    let t = ease(part / ARRIVAL);
    let alpha = presence(part);
    let is_light = act == Act::Bind;
    if with_path {
        pen.set_line_width(if is_light { 1.2 } else { 2.0 });
        let dashes = if is_light { [2.0, 4.0] } else { [5.0, 4.0] };
        pen.set_line_dash(&dashes.iter().map(|dash| JsValue::from_f64(*dash)).collect::<Array>()).ok()?;
        pen.set_global_alpha(alpha * if is_light { 0.5 } else { 0.85 });
        pen.begin_path();
        pen.move_to(curve.from.0, curve.from.1);
        pen.bezier_curve_to(curve.bend.0, curve.bend.1, curve.bow.0, curve.bow.1, curve.to.0, curve.to.1);
        pen.stroke();
        pen.set_line_dash(&Array::new()).ok()?;
    } else if part < ARRIVAL {
        pen.set_line_width(if is_light { 1.0 } else { 1.5 });
        pen.set_global_alpha(alpha * 0.45);
        pen.begin_path();
        let tail = curve.at((t - 0.06).max(0.0));
        pen.move_to(tail.0, tail.1);
        let dot = curve.at(t);
        pen.line_to(dot.0, dot.1);
        pen.stroke();
    }
    if part < ARRIVAL {
        let (x, y) = curve.at(t);
        let size = if is_light || !with_path { 3.0 } else { 5.0 };
        if with_path && !is_light {
            pen.set_global_alpha(alpha * 0.22);
            disc(pen, (x, y), size * 2.0)?;
        }
        pen.set_global_alpha(alpha);
        disc(pen, (x, y), size)?;
    }
    Some(())
}

fn disc(pen: &CanvasRenderingContext2d, at: Point, size: f64) -> Option<()> {
    pen.begin_path();
    pen.arc(at.0, at.1, size, 0.0, TAU).ok()?;
    pen.fill();
    Some(())
}

/// The end of a flight: a ring that opens for a creation and closes for a deletion.
fn ring(pen: &CanvasRenderingContext2d, at: Point, part: f64, closes: bool, dense: bool) -> Option<()> {
    let (small, large) = if dense { (3.0, 9.0) } else { (5.0, 16.0) };
    let open = if closes { 1.0 - part } else { part };
    pen.set_global_alpha(1.0 - part);
    pen.set_line_width(2.0);
    pen.begin_path();
    pen.arc(at.0, at.1, small + (large - small) * open, 0.0, TAU).ok()?;
    pen.stroke();
    Some(())
}

/// What happens on the spot: an outline that opens, or closes where something goes.
fn pulse(pen: &CanvasRenderingContext2d, spot: Spot, act: Act, part: f64, dense: bool) -> Option<()> {
    let goes = matches!(act, Act::Delete | Act::Gone);
    let open = if goes { 1.0 - ease(part) } else { ease(part) };
    let grow = if dense { 1.0 + 3.0 * open } else { 5.0 * open };
    pen.set_global_alpha((1.0 - part) * 0.9);
    pen.set_line_width(if dense { 1.5 } else { 2.0 });
    pen.begin_path();
    let radius = if dense { 3.0 } else { 8.0 } + grow;
    pen.round_rect_with_f64(spot.x - grow, spot.y - grow, spot.width + 2.0 * grow, spot.height + 2.0 * grow, radius)
        .ok()?;
    pen.stroke();
    Some(())
}
