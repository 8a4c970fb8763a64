//! The whole page.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

use super::bottom::bottom;
use super::dialogs::DialogView;
use super::editor::editor_panel;
use super::header::header;
use super::inspector::Inspector;
use super::lesson::{first_line, first_visit, strip};
use super::live::{OpeningView, live, notices};
use super::map::MapView;
use super::menu::MenuView;
use super::paint::Overlay;
use super::plot::TimelineView;
use super::ribbon::{Ribbons, control_loop};
use super::session::Desk;
use super::state::{Action, Dialog, Part, Tab};
use super::timebar::time_bar;
use crate::platform::{focus, page};

/// What the page begins with.
#[derive(PartialEq, Properties)]
pub struct AppProps {
    pub(super) desk: Desk,
}

impl Default for AppProps {
    fn default() -> AppProps {
        AppProps { desk: Desk::start() }
    }
}

#[component]
pub fn App(AppProps { desk }: &AppProps) -> Html {
    let state = use_state(|| desk.state());
    {
        let (desk, state) = (desk.clone(), state.setter());
        use_effect_with((), move |()| {
            desk.connect(move |next| state.set(next));
            focus::follow();
            let keys = desk.clone();
            let listener = page::document().map(|document| {
                let options = EventListenerOptions::enable_prevent_default();
                EventListener::new_with_options(&document, "keydown", options, move |event| {
                    if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                        shortcut(&keys, event);
                    }
                })
            });
            page::serve_early_keys();
            let system = desk.clone();
            let theme = page::media("(prefers-color-scheme: light)")
                .map(|media| EventListener::new(&media, "change", move |_| system.send(Action::SystemTheme)));
            move || drop((listener, theme))
        });
    }
    use_effect(focus::keep);
    let tab = |tab: Tab, name: &'static str| {
        html! {
            <button aria-current={(state.tab == tab).then_some("page")} onclick={desk.on(Action::ShowTab(tab))}>{name}</button>
        }
    };
    let embedded = state.parts.is_embedded();
    let has = |part| state.parts.has(part);
    let shown = match state.tab {
        Tab::Map => "map",
        Tab::Yaml => "yaml",
        Tab::Activity => "activity",
        Tab::Why => "why",
    };
    html! {
        <div class={classes!("app", embedded.then_some("embed"), state.waiting.then_some("waiting"))} data-tab={shown} data-parts={embedded.then(|| state.parts.names())}>
            if !embedded { {header(desk, state.theme, &state.cluster)} }
            <main>
                if embedded { <h1 class="unseen">{"Everynode"}</h1> }
                if has(Part::Editor) || has(Part::Lesson) { {editor_panel(desk, &state.editor, state.left, &state.lesson)} }
                <div class="center">
                    <div class="stage">
                        <div class="ribbon">
                            {strip(desk, &state.lesson, "narrow-only")}
                            {first_line(desk, &state.first, &state.lesson)}
                            <Ribbons desk={desk.clone()} scene={state.scene.clone()} selected={state.selection.clone()} />
                            {control_loop(&state.stages)}
                        </div>
                        <MapView desk={desk.clone()} scene={state.scene.clone()} selection={state.selection.clone()} />
                        <Overlay motions={state.motions.clone()} time={state.time.clone()} scene={state.scene.clone()} />
                        if embedded { {whole_page_link()} }
                    </div>
                    if has(Part::Timeline) {
                        {time_bar(desk, &state.time, &state.track, state.timeline_open)}
                        if state.timeline_open {
                            <TimelineView desk={desk.clone()} timeline={state.timeline.clone()} at={state.time.micros}
                                selected={state.selection.as_ref().map(|object| object.key.name.to_string())} />
                        }
                    }
                    if has(Part::Log) || has(Part::Console) { {bottom(desk, &state)} }
                </div>
                if has(Part::Why) {
                    <Inspector desk={desk.clone()} inspection={state.inspection.clone()} tab={state.inspector_tab}>
                        if !embedded { {first_visit(desk, &state.first, &state.lesson)} }
                    </Inspector>
                }
                if let Some(menu) = &state.menu {
                    <MenuView desk={desk.clone()} menu={menu.clone()} />
                }
            </main>
            if !embedded {
                <nav class="bottom" aria-label="Panels">
                    {tab(Tab::Map, "Map")}
                    {tab(Tab::Yaml, if state.lesson.taken.is_some() { "Lesson" } else { "YAML" })}
                    {tab(Tab::Activity, "Activity")}
                    {tab(Tab::Why, "Why")}
                </nav>
            }
            {notices(desk, state.notice.as_deref(), state.can_go_back)}
            {live(&state.announcement)}
            if let Some(stage) = state.opening {
                <OpeningView desk={desk.clone()} {stage} />
            }
            if let Some(dialog) = &state.dialog {
                <DialogView desk={desk.clone()} dialog={dialog.clone()} ahead={state.ahead.clone()} />
            }
        </div>
    }
}

/// From a figure to the whole page, with the run that the figure began with.
fn whole_page_link() -> Html {
    let href = [page::address(), page::fragment()].concat();
    html! { <a class="chip whole" {href} target="_blank" rel="noopener" title="Open in Everynode, with everything around it">{"Everynode ↗"}</a> }
}

/// What scrolls, or moves within itself, with the arrows, Home and End.
const OWN_ARROWS: &str = "canvas, pre, [role=tab], [role=listbox], [role=region]";

/// The page's own keys; a control that has the focus keeps its own.
fn shortcut(desk: &Desk, event: &KeyboardEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let inside =
        |selector: &str| target.as_ref().is_some_and(|target| target.closest(selector).ok().flatten().is_some());
    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
        event.prevent_default();
        return desk.send(Action::Apply);
    }
    if event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
        || inside("input, textarea, select, [contenteditable], dialog, [role=menu]")
    {
        return;
    }
    let action = match event.key().as_str() {
        " " if !inside("button, summary") => Action::Play(false),
        "." => Action::Step,
        "," => Action::StepBack,
        key @ ("ArrowLeft" | "ArrowRight") if !inside(OWN_ARROWS) => match (event.shift_key(), key == "ArrowRight") {
            (true, forward) => Action::Jump(forward),
            (false, true) => Action::Step,
            (false, false) => Action::StepBack,
        },
        "Home" if !inside(OWN_ARROWS) => Action::Seek(0),
        "End" if !inside(OWN_ARROWS) => Action::Seek(u64::MAX),
        "?" => Action::Open(Dialog::Help),
        _ => return,
    };
    event.prevent_default();
    desk.send(action);
}
