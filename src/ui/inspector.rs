//! What is selected: why it is as it is, and its YAML.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, InspectorTab};
use crate::platform::page;
use crate::view::{Block, Inspection, Mark};

#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    pub desk: Desk,
    pub inspection: Shared<Inspection>,
    pub tab: InspectorTab,
}

#[component]
pub fn Inspector(props: &InspectorProps) -> Html {
    let desk = &props.desk;
    let tab = |tab: InspectorTab, id: &'static str, name: &'static str| {
        let on = props.tab == tab;
        let other = if tab == InspectorTab::Why { InspectorTab::Yaml } else { InspectorTab::Why };
        let arrows = {
            let desk = desk.clone();
            Callback::from(move |event: KeyboardEvent| {
                if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
                    desk.send(Action::ShowInspector(other));
                    let next = page::by_id(if other == InspectorTab::Why { "tab-why" } else { "tab-yaml" });
                    if let Some(next) =
                        next.and_then(|next| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(next).ok())
                    {
                        let _ = next.focus();
                    }
                }
            })
        };
        html! {
            <button {id} role="tab" aria-selected={on.to_string()} aria-controls="inspector-panel" tabindex={if on { "0" } else { "-1" }}
                onclick={desk.on(Action::ShowInspector(tab))} onkeydown={arrows}>{name}</button>
        }
    };
    let inspection = &props.inspection;
    let body = match (&inspection.object, props.tab) {
        (None, _) if inspection.blocks.is_empty() => html! {
            <p class="empty">{"Select a node, a pod, a DaemonSet or a line of the activity log, and this panel tells why it is as it is."}</p>
        },
        (_, InspectorTab::Yaml) if inspection.yaml.is_empty() => {
            html! { <p class="empty">{"This object is gone."}</p> }
        }
        (_, InspectorTab::Yaml) => view_yaml(desk, inspection),
        _ => html! { <>{for inspection.blocks.iter().map(|block| view_block(desk, block))}</> },
    };
    html! {
        <section class="panel right" data-testid="inspector" aria-label="Inspector">
            <div class="tabs" role="tablist" aria-label="About the selection">
                {tab(InspectorTab::Why, "tab-why", "Why")}
                {tab(InspectorTab::Yaml, "tab-yaml", "YAML")}
            </div>
            <div class="insp" id="inspector-panel" role="tabpanel" tabindex="0" aria-labelledby={if props.tab == InspectorTab::Why { "tab-why" } else { "tab-yaml" }}>
                if !inspection.title.is_empty() {
                    <h2><small>{inspection.kind}</small>{" "}<span>{&inspection.title}</span></h2>
                }
                {body}
            </div>
        </section>
    }
}

fn view_block(desk: &Desk, block: &Block) -> Html {
    match block {
        Block::Note(text) => html! { <p class="note">{text}</p> },
        Block::Checks { title, verdict, rows } => html! {
            <div>
                <h3>{title}</h3>
                <ul class="check">{for rows.iter().map(|row| {
                    let (class, sign, said) = match row.mark {
                        Mark::Yes => ("y", "✓", "yes: "),
                        Mark::No => ("n", "✗", "no: "),
                        Mark::Next => ("next", "●", ""),
                        Mark::Note => ("note", "○", ""),
                    };
                    html! {
                        <li>
                            <span class={class} aria-hidden="true">{sign}</span>
                            <span><span class="unseen">{said}</span>{&row.title}<small>{&row.detail}</small></span>
                        </li>
                    }
                })}</ul>
                if !verdict.is_empty() { <p class="verdict">{verdict}</p> }
            </div>
        },
        Block::Facts { title, rows } => html! {
            <div>
                <h3>{title}</h3>
                <dl class="kv">{for rows.iter().map(|(key, value)| html! { <><dt>{key}</dt><dd>{value}</dd></> })}</dl>
            </div>
        },
        Block::Chain { title, links } => html! {
            <div>
                <h3>{title}</h3>
                <ol class="chain">{for links.iter().map(|link| html! {
                    <li class={link.tone.class()}>
                        <button class="plain" onclick={desk.on(Action::SelectRecord(link.seq))}>
                            <time>{&link.clock}</time>
                            <b>{&link.title}</b>
                            <small>{&link.detail}</small>
                            if !link.function.is_empty() { <code>{link.function}</code> }
                        </button>
                    </li>
                })}</ol>
            </div>
        },
    }
}

fn view_yaml(desk: &Desk, inspection: &Inspection) -> Html {
    html! {
        <div class="yaml">
            <button class="copy" onclick={desk.on(Action::Copy(Rc::clone(&inspection.yaml)))}>{icon(icon::COPY)}{"Copy"}</button>
            <pre tabindex="0" aria-label="YAML of the object">{&*inspection.yaml}</pre>
        </div>
    }
}
