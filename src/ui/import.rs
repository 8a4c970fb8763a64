//! The dialog for a reader's own cluster: how to get it, where to put it, what came of it.

use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::icon::{self, icon};
use super::session::{Desk, Export};
use super::state::{Action, ImportTold, Tab};
use crate::engine::IMPORT_COMMAND;

pub fn import_view(desk: &Desk, told: &ImportTold) -> Html {
    if let Some(percent) = told.reading {
        return html! {
            <div class="import">
                <p>{"Reading "}{for told.lines.iter()}{" in this browser."}</p>
                <progress max="100" value={percent.to_string()} aria-label="How much is read"></progress>
                <div class="buttons"><button onclick={desk.on(Action::CloseDialog)}>{"Stop"}</button></div>
            </div>
        };
    }
    if !told.lines.is_empty() {
        return done(desk, told);
    }
    let onsubmit = {
        let desk = desk.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let area = crate::platform::page::query(".import textarea");
            if let Some(area) = area.and_then(|it| wasm_bindgen::JsCast::dyn_into::<HtmlTextAreaElement>(it).ok()) {
                desk.send(Action::Import(area.value()));
            }
        })
    };
    html! {
        <form class="import" {onsubmit}>
            <ol>
                <li>{"In your cluster, run"}
                    <code class="command">{IMPORT_COMMAND}{" > cluster.yaml"}</code>
                    <button type="button" onclick={desk.on(Action::Copy(IMPORT_COMMAND.into()))}>{icon(icon::COPY)}{"Copy"}</button>
                </li>
                <li>{"Drop the file anywhere on this page, choose it, or paste its text here."}</li>
            </ol>
            <textarea rows="6" spellcheck="false" aria-label="Output of kubectl get" placeholder={"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Node"} />
            <div class="form-errors" role="alert">if !told.error.is_empty() { <p>{&told.error}</p> }</div>
            <p class="hint">{"Nothing leaves this browser: the text is read here and sent nowhere. Labels, taints, conditions, capacity, revisions and the state of each pod come over; secrets and environment values of pods that no DaemonSet of the text made are not even read."}</p>
            <div class="buttons">
                <button type="button" onclick={desk.on(Action::OpenFile)}>{"Choose a file…"}</button>
                <button class="primary" type="submit">{"Show this cluster"}</button>
            </div>
        </form>
    }
}

fn done(desk: &Desk, told: &ImportTold) -> Html {
    let desk = desk.clone();
    let onclick = Callback::from(move |_: MouseEvent| {
        desk.send(Action::CloseDialog);
        desk.send(Action::ShowTab(Tab::Map));
    });
    html! {
        <div class="import" role="status">
            {for told.lines.iter().map(|line| html! { <p>{line}</p> })}
            <p class="hint">{"Its controllers go on from there. To see what a rollout would do, open a DaemonSet's menu, take its manifest into the editor, change it, and look at what Apply would do before you apply."}</p>
            <div class="buttons"><button class="primary" autofocus=true {onclick}>{"To the map"}</button></div>
        </div>
    }
}

pub fn export_view(desk: &Desk) -> Html {
    let choices = [
        (Export::Manifests, "Manifests", "All DaemonSets as YAML, as one would write them"),
        (
            Export::Cluster,
            "Cluster",
            "Nodes, DaemonSets, pods and revisions as kubectl get -o yaml prints them; can be imported again",
        ),
        (Export::Log, "Log", "Every act with actor, object, reason and cause, as JSON lines"),
        (Export::Script, "Script", "The kubectl commands that repeat this run on a real cluster, or on one of kwok's"),
        (Export::MapSvg, "Map as SVG", "The map as it is, as a drawing that stays sharp"),
        (Export::MapPng, "Map as PNG", "The map as it is, as pixels"),
    ];
    html! {
        <ul class="choices">
            {for choices.into_iter().map(|(what, name, text)| html! {
                <li><button onclick={desk.on(Action::Export(what))}><b>{name}</b><small>{text}</small></button></li>
            })}
        </ul>
    }
}
