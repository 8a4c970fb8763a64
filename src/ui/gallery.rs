//! The gallery of examples: found by words, loaded into the editor, with or without their cluster.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::session::Desk;
use super::state::{Action, LeftTab, LessonAct, Notice, Tab};
use crate::lesson::{Example, Gallery};
use crate::platform::{fetch, page};
use crate::view::words;

const FOLDER: &str = "examples/";

#[derive(Properties, PartialEq)]
pub struct GalleryProps {
    pub desk: Desk,
}

#[component]
pub fn GalleryView(props: &GalleryProps) -> Html {
    let desk = &props.desk;
    let gallery = use_state(|| None::<Result<Rc<Gallery>, String>>);
    let query = use_state(String::new);
    // The example whose cluster would replace one that the reader made.
    let asked = use_state(|| None::<usize>);
    {
        let gallery = gallery.setter();
        use_effect_with((), move |()| {
            spawn_local(async move {
                let index = fetch::text(&[FOLDER, "index.yaml"].concat()).await;
                gallery.set(Some(index.map(|index| Rc::new(Gallery::read(&index).0))));
            });
        });
    }
    let oninput = {
        let query = query.setter();
        Callback::from(move |event: InputEvent| {
            if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
                query.set(input.value());
            }
        })
    };
    let found: Vec<(usize, &Example)> = match &*gallery {
        Some(Ok(gallery)) => {
            gallery.examples.iter().enumerate().filter(|(_, example)| example.matches(&query)).collect()
        }
        _ => Vec::new(),
    };
    let count = match &*gallery {
        Some(Ok(_)) => words::count(found.len(), "example"),
        _ => String::new(),
    };
    let body = match &*gallery {
        None => html! { <p class="empty" role="status">{"Fetching the examples…"}</p> },
        Some(Err(trouble)) => html! { <p class="form-errors" role="alert">{trouble}</p> },
        Some(Ok(_)) if found.is_empty() => html! {
            <p class="empty">{"No example has all of these words. Try the name of a system, or one such as log, taint, zone or GPU."}</p>
        },
        Some(Ok(_)) => {
            let groups = found.chunk_by(|(_, one), (_, other)| one.group == other.group).map(|group| {
                let cards = group.iter().map(|(index, example)| card(desk, *index, example, &asked));
                let title = group.first().map_or("", |(_, example)| example.group.as_str());
                html! { <section key={title.to_owned()}><h3>{title}</h3><ul class="cards">{for cards}</ul></section> }
            });
            html! { <div class="gallery" onkeydown={Callback::from(walk)}>{for groups}</div> }
        }
    };
    html! {
        <>
            <label class="gallery-find">
                <span class="unseen">{"Search the examples"}</span>
                <input type="search" autofocus=true placeholder="Search: a name, log, taint, zone, GPU…" autocomplete="off" spellcheck="false" {oninput} onkeydown={Callback::from(into_list)} />
                <output aria-live="polite">{count}</output>
            </label>
            {body}
        </>
    }
}

fn card(desk: &Desk, index: usize, example: &Example, asked: &UseStateHandle<Option<usize>>) -> Html {
    let load = |with_cluster: bool| {
        let (desk, example, asked) = (desk.clone(), example.clone(), asked.clone());
        Callback::from(move |_: MouseEvent| {
            if with_cluster && desk.has_own_cluster() && *asked != Some(index) {
                return asked.set(Some(index));
            }
            spawn_local(load(desk.clone(), example.clone(), with_cluster));
        })
    };
    html! {
        <li class="card" key={example.file.clone()} data-example={example.file.clone()}>
            <h4>{&example.title}</h4>
            <p>{&example.what}{" "}{&example.why}</p>
            <p class="hint">{&example.look}</p>
            if **asked == Some(index) {
                <p class="ask" role="alert">{"This replaces your cluster. What you have now is kept: you find it in the menu under the cluster's name."}</p>
            } else {
                <p class="cluster">{"Cluster: "}{&example.cluster.about}{"."}</p>
            }
            <div class="buttons">
                <button onclick={load(false)} aria-label={["Manifest only: ", &example.title].concat()}>{"Manifest only"}</button>
                if **asked == Some(index) {
                    <button class="primary" onclick={load(true)}>{"Replace the cluster"}</button>
                } else {
                    <button class="primary" onclick={load(true)} aria-label={["With its cluster: ", &example.title].concat()}>{"With its cluster"}</button>
                }
            </div>
        </li>
    }
}

/// Fetches what is needed, and only then touches anything.
async fn load(desk: Desk, example: Example, with_cluster: bool) {
    let get = async |file: &str| fetch::text(&[FOLDER, file].concat()).await;
    let before = match with_cluster && !example.after.is_empty() {
        true => get(&example.after).await.map(Some),
        false => Ok(None),
    };
    let (before, text) = match (before, get(&example.file).await) {
        (Ok(before), Ok(text)) => (before, text),
        (Err(trouble), _) | (_, Err(trouble)) => return desk.send(Action::Say(Notice { error: true, text: trouble })),
    };
    desk.send(match with_cluster {
        true => Action::Replace { scenario: example.cluster.scenario(), text, before },
        false => Action::Load(text),
    });
    desk.send(Action::CloseDialog);
    if example.file != "nginx.yaml" {
        // What a new visitor can try is said of the walk-through's manifest.
        desk.send(Action::Lesson(LessonAct::EndVisit));
    }
    desk.send(Action::ShowLeft(LeftTab::Manifest));
    desk.send(Action::ShowTab(Tab::Yaml));
    let hint = ["Apply ", &example.file, " and watch where it lands. ", &example.look].concat();
    desk.send(Action::Say(Notice { error: false, text: hint }));
}

/// From the search into the list.
fn into_list(event: KeyboardEvent) {
    if event.key() == "ArrowDown"
        && let Some(button) = page::query(".gallery button.primary").and_then(|it| it.dyn_into::<HtmlElement>().ok())
    {
        event.prevent_default();
        let _ = button.focus();
    }
}

/// Up and down between the cards, and from the first one back to the search.
fn walk(event: KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        _ => return,
    };
    event.prevent_default();
    let Some(list) = page::query(".gallery") else { return };
    let Ok(buttons) = list.query_selector_all("button.primary") else { return };
    let focused = page::focused();
    let card = focused.and_then(|focused| focused.closest(".card").ok().flatten());
    let at = (0..buttons.length()).find(|index| {
        let button = buttons.item(*index);
        button.is_some_and(|button| card.as_ref().is_some_and(|card| card.contains(Some(&button))))
    });
    let next = at.map_or(0, |at| i64::from(at) + step);
    let next = match u32::try_from(next) {
        Ok(next) => buttons.item(next).and_then(|button| button.dyn_into::<HtmlElement>().ok()),
        Err(_) => page::query(".gallery-find input").and_then(|input| input.dyn_into::<HtmlElement>().ok()),
    };
    if let Some(next) = next {
        let _ = next.focus();
    }
}
