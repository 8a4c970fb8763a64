//! The timeline, opened: numbers over time, a lane of acts for each actor, and the branches of time.

use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

use super::icon::{self, icon};
use super::map::open_menu;
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, BranchAct, Notice};
use super::timebar::dragging;
use crate::platform::save;
use crate::view::plot::{Scale, Series, spread};
use crate::view::timeline::{Curve, Place, Timeline};
use crate::view::track::LANES;
use crate::view::{Tone, words};

/// The height of a lane, in pixels, and in a low window.
const LANE: f64 = 15.0;
const LOW_LANE: f64 = 13.0;
/// Windows that are lower leave the map little room beside the timeline; but those of one column show one at a time.
const LOW: (f64, f64) = (820.0, 901.0);
const TOP: f64 = 8.0;
/// Between the plot and the lanes: the labels of the axis.
const AXIS: f64 = 22.0;
/// The most rows of the table, the newest ones.
const ROWS_MAX: usize = 150;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub desk: Desk,
    pub timeline: Shared<Timeline>,
    /// The moment that the page shows, in microseconds.
    pub at: u64,
    /// What is selected.
    pub selected: Option<String>,
}

/// Where everything is, for a width.
#[derive(Clone, Copy, PartialEq)]
struct Layout {
    scale: Scale,
    width: f64,
    height: f64,
    narrow: bool,
    lanes: usize,
    /// The height of a lane.
    lane: f64,
}

/// What there is room for.
#[derive(Clone, Copy, Default, PartialEq)]
struct Room {
    width: f64,
    low: bool,
}

/// Whether the window is low.
fn is_low() -> bool {
    let length = |length: Result<wasm_bindgen::JsValue, _>| length.ok().and_then(|it| it.as_f64()).unwrap_or_default();
    web_sys::window()
        .is_some_and(|window| length(window.inner_height()) <= LOW.0 && length(window.inner_width()) >= LOW.1)
}

fn layout(timeline: &Timeline, Room { width, low }: Room) -> Layout {
    let narrow = width < 520.0;
    let (left, right, plot) = if narrow { (70.0, 99.0, 92.0) } else { (132.0, 112.0, 113.0) };
    let (plot, lane) = if low { (62.0, LOW_LANE) } else { (plot, LANE) };
    let bottom = TOP + plot;
    let scale = Scale {
        from: 0,
        to: timeline.span,
        left,
        right: (width - right).max(left + 10.0),
        top: TOP,
        bottom,
        most: timeline.most(),
    };
    // The lane of all others is there when there is something in it.
    let lanes =
        timeline.lanes.iter().rposition(|marks| !marks.is_empty()).map_or(0, |last| last + 1).max(LANES.len() - 1);
    Layout { scale, width, height: bottom + AXIS + lanes as f64 * lane, narrow, lanes, lane }
}

#[component]
pub fn TimelineView(props: &TimelineProps) -> Html {
    let host = use_node_ref();
    let room = use_state_eq(Room::default);
    let table = use_state_eq(|| false);
    {
        let (host, room) = (host.clone(), room.setter());
        use_effect_with((), move |()| {
            let element = host.cast::<HtmlElement>();
            let measure = element.clone();
            let measured = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || {
                if let Some(element) = &measure {
                    room.set(Room { width: f64::from(element.client_width()), low: is_low() });
                }
            });
            let observer = ResizeObserver::new(wasm_bindgen::JsCast::unchecked_ref(measured.as_ref())).ok();
            if let (Some(observer), Some(element)) = (&observer, &element) {
                observer.observe(element);
                if let Some(page) = element.closest("body").ok().flatten() {
                    observer.observe(&page);
                }
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(measured);
            }
        });
    }
    let (desk, timeline) = (&props.desk, &props.timeline);
    let layout = layout(timeline, *room);
    let drag = {
        let (desk, start) = (desk.clone(), timeline.start);
        dragging(".plot", move |x, _| desk.send(Action::Seek(start + layout.scale.moment(x))))
    };
    let save = |kind: &'static str| {
        let (desk, host, name) = (desk.clone(), host.clone(), timeline.daemonset.clone());
        Callback::from(move |_: MouseEvent| {
            let svg = host.cast::<Element>().and_then(|host| host.first_element_child());
            let name = [if name.is_empty() { "timeline" } else { &name }, ".", kind].concat();
            let told = desk.clone();
            let failed = move || {
                let text = "The browser does not allow saving here.".to_owned();
                told.send(Action::Say(Notice { error: true, text }));
            };
            let Some((text, size)) = svg.and_then(|svg| save::standalone(&svg)) else { return failed() };
            if kind == "svg" {
                if !save::text(&name, save::SVG, &text) {
                    failed();
                }
            } else {
                save::png(&name, &text, size, move |done| {
                    if !done {
                        failed();
                    }
                });
            }
        })
    };
    let turn = {
        let table = table.clone();
        Callback::from(move |_: MouseEvent| table.set(!*table))
    };
    let about = props.selected.as_deref();
    let jump = |forward: bool, picture, which: &str| {
        let title = about.map_or_else(
            || [which, " act on what is selected"].concat(),
            |name| [which, " act on ", name, if forward { " (Shift →)" } else { " (Shift ←)" }].concat(),
        );
        html! {
            <button class="square" data-testid={if forward { "jump" } else { "jump-back" }} title={title.clone()} aria-label={title} disabled={about.is_none()}
                onclick={desk.on(Action::Jump(forward))}>{icon(picture)}</button>
        }
    };
    let title = if timeline.daemonset.is_empty() { "Timeline" } else { &timeline.daemonset };
    let said = picture_in_words(timeline);
    html! {
        <section class="timeline" data-testid="timeline" aria-label="Timeline">
            <div class="timeline-head">
                <h2>{title.to_owned()}</h2>
                <ul class="branches" aria-label="Branches of time">{for timeline.branches.iter().map(|branch| {
                    let (sign, said, class) = match branch.place {
                        Place::Current => ("●", "the map shows it", "current"),
                        Place::Beside => ("◆", "beside it in the plot", "beside"),
                        Place::Kept => ("○", "kept", "kept"),
                    };
                    let percent = branch.loading.map(|percent| [" ", &percent.to_string(), " %"].concat());
                    html! {
                        <li key={branch.id}><button class={classes!("branch", class)} data-testid="branch" data-place={class} aria-haspopup="menu" title={["Branch ", &branch.name, ": ", said].concat()}
                            onclick={open_menu(desk, &["branch/", &branch.id.to_string()].concat())}>
                            <span aria-hidden="true">{sign}</span><span>{&branch.name}</span><span class="unseen">{", "}{said}</span>{percent.unwrap_or_default()}
                        </button></li>
                    }
                })}
                <li><button class="branch new" data-testid="branch-here" title="Another future begins at the moment that is shown" onclick={desk.on(Action::Branch(BranchAct::New))}><span>{"+ branch"}<span class="wide-head">{" from here"}</span></span></button></li>
                </ul>
                <span class="space"></span>
                <button class="square narrow-only" title="Play backward" aria-label="Play time backward" onclick={desk.on(Action::Play(true))}>{icon(icon::BACK)}</button>
                if timeline.curves.len() < 2 {
                    <button class="square" data-testid="zoom-out" title="Show more time" aria-label="Show more time" disabled={!timeline.zooms.1} onclick={desk.on(Action::Zoom(false))}>{"−"}</button>
                    <button class="square" data-testid="zoom-in" title="Show less time" aria-label="Show less time" disabled={!timeline.zooms.0} onclick={desk.on(Action::Zoom(true))}>{"+"}</button>
                }
                {jump(false, icon::EARLIER, "Last")}
                {jump(true, icon::LATER, "Next")}
                <button class="small" data-testid="as-table" aria-pressed={table.to_string()} title="The numbers as a table" onclick={turn}>{"Table"}</button>
                <button class="small" data-testid="save-svg" title="Save the picture as SVG" disabled={*table} onclick={save("svg")}>{"SVG"}</button>
                <button class="small" data-testid="save-png" title="Save the picture as PNG" disabled={*table} onclick={save("png")}>{"PNG"}</button>
            </div>
            <div class="timeline-picture" ref={host} onpointerdown={drag.clone()} onpointermove={drag}>
                if *table {
                    {numbers_table(timeline)}
                } else if layout.width > 0.0 {
                    <svg class="plot" data-testid="plot" width={layout.width.to_string()} height={layout.height.to_string()} role="img" aria-label={said}>
                        <Picture timeline={timeline.clone()} {layout} />
                        <Head timeline={timeline.clone()} {layout} at={props.at} />
                    </svg>
                }
            </div>
            <p class="timeline-summary" data-testid="summary">{&timeline.summary}</p>
        </section>
    }
}

fn picture_in_words(timeline: &Timeline) -> String {
    let curves: Vec<String> = timeline
        .curves
        .iter()
        .map(|curve| {
            let last = curve.points.last().map_or_else(Default::default, |(_, numbers)| *numbers);
            let numbers = Series::ALL.map(|series| [series.name(), " ", &series.of(&last).to_string()].concat());
            [&curve.branch, ": ", &numbers.join(", ")].concat()
        })
        .collect();
    ["Numbers of ", &timeline.daemonset, " over time. ", &curves.join("; "), ". ", &timeline.summary].concat()
}

fn numbers_table(timeline: &Timeline) -> Html {
    let two = timeline.curves.len() > 1;
    let mut left_out = 0;
    let rows: Vec<Html> = timeline
        .curves
        .iter()
        .flat_map(|curve| {
            let end = curve.start + timeline.span;
            let first = curve.points.partition_point(|(at, _)| *at < curve.start).saturating_sub(1);
            let shown: Vec<_> = curve.points.iter().skip(first).take_while(|(at, _)| *at <= end).collect();
            let newest = shown.len().saturating_sub(ROWS_MAX);
            left_out += newest;
            shown
                .into_iter()
                .skip(newest)
                .map(move |(at, numbers)| {
                    html! {
                        <tr>
                            if two { <td>{&curve.branch}</td> }
                            <th scope="row">{words::clock(*at)}</th>
                            {for Series::ALL.iter().map(|series| html! { <td>{series.of(numbers)}</td> })}
                        </tr>
                    }
                })
                .collect::<Vec<_>>()
        })
        .collect();
    html! {
        <div class="timeline-table" tabindex="0" role="region" aria-label="Numbers over time">
            <table>
                if left_out > 0 { <caption>{words::count(left_out, "earlier row")}{" left out: show less time to see them"}</caption> }
                <thead><tr>if two { <th scope="col">{"branch"}</th> }<th scope="col">{"time"}</th>{for Series::ALL.iter().map(|series| html! { <th scope="col">{series.name()}</th> })}</tr></thead>
                <tbody>{for rows}</tbody>
            </table>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PictureProps {
    timeline: Shared<Timeline>,
    layout: Layout,
}

/// The class of a line: its series, and `two` for that of the second run.
fn class(series: Series, second: bool) -> String {
    ["line ", series.name(), if second { " two" } else { "" }].concat()
}

/// Everything that stays while the moment moves.
#[component]
fn Picture(props: &PictureProps) -> Html {
    let (timeline, Layout { scale, narrow, .. }) = (&props.timeline, props.layout);
    let text = |x: f64, y: f64, class: &'static str, anchor: &'static str, words: String| {
        html! { <text {class} x={x.to_string()} y={y.to_string()} text-anchor={anchor}>{words}</text> }
    };
    let line = |class: &'static str, x1: f64, y1: f64, x2: f64, y2: f64| {
        html! { <line {class} x1={x1.to_string()} y1={y1.to_string()} x2={x2.to_string()} y2={y2.to_string()} /> }
    };
    let grid = scale.numbers().into_iter().map(|number| {
        let y = scale.y(number);
        html! { <>{line("grid", scale.left, y, scale.right, y)}{text(scale.left - 7.0, y + 3.5, "axis", "end", number.to_string())}</> }
    });
    let moments = scale
        .moments(if narrow { 4 } else { 7 }, timeline.origin)
        .into_iter()
        .map(|(at, words)| text(scale.x(at), scale.bottom + 13.0, "axis", "middle", words));
    let two = timeline.curves.len() > 1;
    let drawn: Vec<(Series, bool, &Curve)> = timeline
        .series()
        .iter()
        .flat_map(|series| timeline.curves.iter().enumerate().map(|(index, curve)| (*series, index > 0, curve)))
        .collect();
    let paths = drawn.iter().map(|(series, second, curve)| {
        let path = scale.path(&curve.points, curve.start, curve.end, *series);
        html! { <path class={class(*series, *second)} d={path} /> }
    });
    // A label at the end of each line, in its own stroke.
    let labelled: Vec<&(Series, bool, &Curve)> =
        drawn.iter().filter(|(series, _, _)| !two || *series == Series::Available).collect();
    let mut heights: Vec<f64> = labelled
        .iter()
        .map(|(series, _, curve)| scale.y(last_shown(curve, timeline.span).map_or(0, |numbers| series.of(&numbers))))
        .collect();
    spread(&mut heights, 13.0, TOP, scale.bottom);
    let labels = labelled.iter().zip(&heights).map(|((series, second, curve), y)| {
        let words = if two { shortened(&curve.branch, if narrow { 8 } else { 13 }) } else { series.name().to_owned() };
        let path = ["M", &(scale.right + 5.0).to_string(), " ", &y.to_string(), "h16"].concat();
        html! { <><path class={class(*series, *second)} d={path} />{text(scale.right + 25.0, y + 3.5, "name", "start", words)}</> }
    });
    let thin = heights.iter().copied().reduce(f64::max).filter(|_| two);
    let thin = thin.map(|y| text(scale.right + 25.0, y + 17.5, "axis", "start", "thin: updated".to_owned()));
    let lanes = LANES.iter().zip(&timeline.lanes).take(props.layout.lanes).enumerate().map(|(index, (name, marks))| {
        let top = scale.bottom + AXIS + index as f64 * props.layout.lane;
        let name = if narrow { name.trim_start_matches("daemonset-") } else { name };
        let paths = Tone::ALL.iter().map(|tone| {
            // Told apart by their height too: creations stand high, deletions low.
            let (from, length) = match tone {
                Tone::You => (1.0, 12.0),
                Tone::Create => (1.0, 7.0),
                Tone::Delete => (6.0, 7.0),
                Tone::Update => (2.0, 10.0),
                Tone::Plain => (4.5, 5.0),
            };
            let own = marks.iter().filter(|(_, other)| other == tone);
            let path: String = own.map(|(at, _)| {
                let x = (scale.x(at - timeline.start) * 2.0).round() / 2.0;
                ["M", &x.to_string(), " ", &(top + from).to_string(), "v", &length.to_string()].concat()
            }).collect();
            if path.is_empty() { Html::default() } else { html! { <path class={["act ", tone.class()].concat()} d={path} /> } }
        });
        html! {
            <>
                <rect class="lane" x={scale.left.to_string()} y={(top + 1.0).to_string()} width={(scale.right - scale.left).to_string()} height="12" rx="3" />
                {text(scale.left - 7.0, top + 11.0, "name", "end", (*name).to_owned())}
                {for paths}
            </>
        }
    });
    // What the reader did, as far as there is room beside the mark.
    let nexts =
        timeline.landmarks.iter().skip(1).map(|(at, _)| scale.x(at - timeline.start)).chain([props.layout.width]);
    let landmarks = timeline.landmarks.iter().zip(nexts).filter_map(|((at, words), next)| {
        let x = scale.x(at - timeline.start) + 6.0;
        let room = ((next - x - 4.0) / 6.0) as usize;
        let words = shortened(words, room);
        (room > 6).then(|| text(x, scale.bottom + AXIS + 11.0, "landmark", "start", words))
    });
    html! {
        <>
            {for grid}{for moments}
            {for paths}{for labels}{for thin}{for lanes}{for landmarks}
        </>
    }
}

fn last_shown(curve: &Curve, span: u64) -> Option<crate::engine::Numbers> {
    let after = curve.points.partition_point(|(at, _)| *at <= curve.start + span);
    curve.points.get(after.checked_sub(1)?).map(|(_, numbers)| *numbers)
}

fn shortened(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let kept: String = words.chars().take(most.saturating_sub(1)).collect();
    [kept.trim_end(), "…"].concat()
}

#[derive(Properties, PartialEq)]
struct HeadProps {
    timeline: Shared<Timeline>,
    layout: Layout,
    at: u64,
}

/// The moment that the page shows, and the numbers there.
#[component]
fn Head(props: &HeadProps) -> Html {
    let (timeline, Layout { scale, height, .. }) = (&props.timeline, props.layout);
    let Some(since) = props.at.checked_sub(timeline.start).filter(|since| *since <= timeline.span) else {
        return Html::default();
    };
    let x = scale.x(since);
    let dots = timeline.curves.iter().enumerate().flat_map(|(index, curve)| {
        let at = curve.start + since;
        let after = curve.points.partition_point(|(moment, _)| *moment <= at);
        let numbers = after.checked_sub(1).and_then(|index| curve.points.get(index)).map(|(_, numbers)| *numbers);
        let shown = numbers.filter(|_| at <= curve.end);
        timeline.series().iter().filter_map(move |series| {
            let numbers = shown?;
            let (number, class) = (series.of(&numbers), ["dot ", series.name(), if index > 0 { " two" } else { "" }].concat());
            Some(html! { <circle {class} cx={x.to_string()} cy={scale.y(number).to_string()} r="3.5"><title>{[series.name(), " ", &number.to_string()].concat()}</title></circle> })
        })
    });
    html! {
        <>
            <path class="head" d={["M", &x.to_string(), " 0V", &height.to_string()].concat()} />
            {for dots}
        </>
    }
}
