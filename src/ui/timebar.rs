//! Time: play, pause, step, speed, the clock, and the track of all acts.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, HtmlSelectElement};
use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Speed, TimeState};
use crate::view::{Tone, Track, words};

pub fn time_bar(desk: &Desk, time: &TimeState, track: &Shared<Track>) -> Html {
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
    let (picture, name) = if time.playing { (icon::PAUSE, "Pause") } else { (icon::PLAY, "Play") };
    html! {
        <section class={if time.past { "time past" } else { "time" }} aria-label="Time">
            <button class="square" title="To the start" aria-label="To the start" data-testid="to-start" onclick={desk.on(Action::ToStart)}>{icon(icon::START)}</button>
            <button class="square" data-testid="play" data-playing={time.playing.to_string()} data-quiet={time.quiet.to_string()} title={[name, " (space)"].concat()} aria-label={name}
                onclick={desk.on(Action::PlayPause)}>{icon(picture)}</button>
            <button class="step" data-testid="step" title="One act further (.)" aria-label="Step: one act further" onclick={desk.on(Action::Step)}>{icon(icon::STEP)}<span>{"Step"}</span></button>
            <select data-testid="speed" aria-label="Speed" title="Speed" {onchange}>
                {for Speed::CHOICES.iter().map(|(word, label)| html! {
                    <option value={*word} selected={*word == chosen}>{*label}</option>
                })}
            </select>
            <TrackView desk={desk.clone()} track={track.clone()} />
            if time.past { <button class="now" data-testid="now" onclick={desk.on(Action::Seek(u64::MAX))}>{"Now"}</button> }
            <output class="clock" data-testid="clock" data-micros={time.micros.to_string()} title={time.next.to_string()}>{words::clock(time.micros)}</output>
        </section>
    }
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
    let seek_to = {
        let (desk, track) = (props.desk.clone(), track.clone());
        move |part: f64| desk.send(Action::Seek((track.span() as f64 * part.clamp(0.0, 1.0)) as u64))
    };
    let onclick = {
        let seek_to = seek_to.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(element) = event.target_dyn_into::<HtmlElement>() {
                let at = element.get_bounding_client_rect();
                seek_to((f64::from(event.client_x()) - at.left()) / at.width().max(1.0));
            }
        })
    };
    let onkeydown = {
        let track = track.clone();
        Callback::from(move |event: KeyboardEvent| {
            let (now, whole) = (track.at as f64, track.span() as f64);
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => now - 1e6,
                "ArrowRight" | "ArrowUp" => now + 1e6,
                "PageUp" => now + 1e7,
                "PageDown" => now - 1e7,
                "Home" => 0.0,
                "End" => track.end as f64,
                _ => return,
            };
            event.prevent_default();
            seek_to(to / whole);
        })
    };
    html! {
        <div class="track" role="slider" tabindex="0" aria-label="Point in time" aria-valuemin="0" aria-valuemax={(track.end / 1000).to_string()}
            aria-valuenow={(track.at / 1000).to_string()} aria-valuetext={words::clock(track.at)} {onclick} {onkeydown}>
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
    let x = |micros: u64| 8.0 + (width - 16.0) * micros as f64 / track.span() as f64;
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
