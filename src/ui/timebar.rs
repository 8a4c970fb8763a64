//! Time: play forth and back, step, speed, the clock, and the track of all acts.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlSelectElement};
use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Speed, TimeState};
use crate::view::{Tone, Track, words};

/// Pixels at both ends of the track, so that the head is whole there.
const EDGE: f64 = 8.0;

pub fn time_bar(desk: &Desk, time: &TimeState, track: &Shared<Track>, open: bool) -> Html {
    let onchange = {
        let desk = desk.clone();
        Callback::from(move |event: Event| {
            if let Some(speed) =
                event.target_dyn_into::<HtmlSelectElement>().and_then(|select| Speed::parse(&select.value()))
            {
                desk.send(Action::SetSpeed(speed));
            }
        })
    };
    let chosen = time.speed.word();
    let (forth, back) = (time.playing && !time.back, time.playing && time.back);
    let (picture, name) = if forth { (icon::PAUSE, "Pause") } else { (icon::PLAY, "Play") };
    let (back_picture, back_name) = if back { (icon::PAUSE, "Pause") } else { (icon::BACK, "Play backward") };
    let square = |class: &'static str, id: &'static str, picture, name: &'static str, title: &'static str, action| {
        html! {
            <button class={class} data-testid={id} {title} aria-label={name} onclick={desk.on(action)}>{icon(picture)}</button>
        }
    };
    html! {
        <section class={classes!("time", time.past.then_some("past"), open.then_some("open"))} aria-label="Time">
            {square("square extra", "to-start", icon::START, "To the start", "To the start (Home)", Action::Seek(0))}
            {square("square extra", "play-back", back_picture, back_name, "Play backward", Action::Play(true))}
            {square("square", "step-back", icon::STEP_BACK, "Step back: one act", "One act back (←)", Action::StepBack)}
            <button class="square" data-testid="play" data-playing={forth.to_string()} data-quiet={time.quiet.to_string()} title={[name, " (space)"].concat()} aria-label={name}
                onclick={desk.on(Action::Play(false))}>{icon(picture)}</button>
            <button class="step" data-testid="step" title="One act further (→)" aria-label="Step: one act further" onclick={desk.on(Action::Step)}>{icon(icon::STEP)}<span>{"Step"}</span></button>
            <select data-testid="speed" aria-label="Speed" title="Speed" {onchange}>
                {for Speed::CHOICES.iter().map(|(word, label)| html! {
                    <option value={*word} selected={*word == chosen}>{*label}</option>
                })}
            </select>
            <TrackView desk={desk.clone()} track={track.clone()} />
            if time.past { <button class="now" data-testid="now" title="Back to the present (End)" onclick={desk.on(Action::Seek(u64::MAX))}>{"Now"}</button> }
            <span class="clock" data-testid="clock" data-micros={time.micros.to_string()} title={time.next.to_string()}>{words::clock(time.micros)}</span>
            <button class="square" data-testid="timeline-toggle" title="Timeline: all acts and numbers over time" aria-label="Timeline" aria-expanded={open.to_string()}
                onclick={desk.on(Action::ToggleTimeline)}>{icon(icon::LINES)}</button>
        </section>
    }
}

/// What a pointer that is dragged over an element of a class does: `to` gets its distance from the left edge, and the
/// width.
pub fn dragging(class: &'static str, to: impl Fn(f64, f64) + 'static) -> Callback<PointerEvent> {
    Callback::from(move |event: PointerEvent| {
        let target = event.target_dyn_into::<web_sys::Element>();
        let Some(element) = target.and_then(|target| target.closest(class).ok()?) else { return };
        match event.type_().as_str() {
            "pointerdown" if event.button() == 0 => drop(element.set_pointer_capture(event.pointer_id())),
            "pointermove" if element.has_pointer_capture(event.pointer_id()) => {}
            _ => return,
        }
        let at = element.get_bounding_client_rect();
        to(f64::from(event.client_x()) - at.left(), at.width());
    })
}

#[derive(Properties, PartialEq)]
struct TrackProps {
    desk: Desk,
    track: Shared<Track>,
}

#[component]
fn TrackView(props: &TrackProps) -> Html {
    let canvas = use_node_ref();
    {
        let canvas = canvas.clone();
        use_effect_with(props.track.clone(), move |track| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                let _ = paint(&canvas, track);
            }
        });
    }
    let track = &props.track;
    let drag = {
        let (desk, track) = (props.desk.clone(), track.clone());
        dragging(".track", move |x, width| {
            let part = (x - EDGE) / (width - 2.0 * EDGE).max(1.0);
            desk.send(Action::Seek((track.span() as f64 * part.clamp(0.0, 1.0)) as u64));
        })
    };
    let onkeydown = {
        let (desk, track) = (props.desk.clone(), track.clone());
        Callback::from(move |event: KeyboardEvent| {
            let action = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => Action::StepBack,
                "ArrowRight" | "ArrowUp" => Action::Step,
                "PageUp" => Action::Seek(track.at + 10_000_000),
                "PageDown" => Action::Seek(track.at.saturating_sub(10_000_000)),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            desk.send(action);
        })
    };
    html! {
        <div class="track" data-testid="track" role="slider" tabindex="0" aria-label="Point in time" aria-valuemin="0" aria-valuemax={(track.end / 1000).to_string()}
            aria-valuenow={(track.at / 1000).to_string()} aria-valuetext={words::clock(track.at)} onpointerdown={drag.clone()} onpointermove={drag} {onkeydown}>
            <canvas ref={canvas} aria-hidden="true"></canvas>
        </div>
    }
}

fn paint(canvas: &HtmlCanvasElement, track: &Track) -> Option<()> {
    let window = web_sys::window()?;
    let ratio = window.device_pixel_ratio().clamp(1.0, 3.0);
    let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    let (wide, high) = ((width * ratio) as u32, (height * ratio) as u32);
    if canvas.width() != wide || canvas.height() != high {
        canvas.set_width(wide);
        canvas.set_height(high);
    }
    let pen: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    let style = window.get_computed_style(canvas).ok()??;
    let color = |name: &str| style.get_property_value(name).unwrap_or_default();
    pen.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
    pen.clear_rect(0.0, 0.0, width, height);
    let x = |micros: u64| EDGE + (width - 2.0 * EDGE) * micros as f64 / track.span() as f64;
    // What has not happened yet.
    pen.save();
    pen.begin_path();
    pen.rect(x(track.end), 0.0, width, height);
    pen.clip();
    pen.set_stroke_style_str(&color("--line"));
    pen.begin_path();
    let mut stripe = x(track.end);
    while stripe < width + height {
        pen.move_to(stripe, 0.0);
        pen.line_to(stripe - height, height);
        stripe += 8.0;
    }
    pen.stroke();
    pen.restore();
    for (bit, tone) in Tone::ALL.into_iter().enumerate() {
        let (name, top, long) = match tone {
            Tone::Plain => ("--faint", 13.0, 8.0),
            Tone::Update => ("--update", 9.0, 16.0),
            Tone::Create => ("--create", 7.0, 12.0),
            Tone::Delete => ("--delete", 17.0, 10.0),
            Tone::You => ("--accent", 5.0, 24.0),
        };
        pen.set_fill_style_str(&color(name));
        for (index, _) in track.columns.iter().enumerate().filter(|(_, tones)| **tones & (1 << bit) != 0) {
            pen.fill_rect(x(index as u64 * track.width) - 1.0, top, 2.5, long);
        }
    }
    pen.set_fill_style_str(&color("--text"));
    let now = x(track.at);
    pen.fill_rect(now - 1.0, 0.0, 2.0, height);
    pen.begin_path();
    pen.arc(now, 5.0, 5.0, 0.0, std::f64::consts::TAU).ok()?;
    pen.fill();
    Some(())
}
