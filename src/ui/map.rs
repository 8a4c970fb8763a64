//! The map: node cards grouped by role, or dense cells when there are too many to read.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::icon::{self, icon};
use super::paint::Dense;
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Dialog};
use crate::api::Kind;
use crate::view::object::address;
use crate::view::scene::letter;
use crate::view::{Group, NodeCard, NodeStatus, ObjectRef, PodChip, PodLook, Scene};

#[derive(Properties, PartialEq)]
pub struct MapProps {
    pub desk: Desk,
    pub scene: Shared<Scene>,
    pub selection: Option<ObjectRef>,
}

#[component]
pub fn MapView(props: &MapProps) -> Html {
    let desk = props.desk.clone();
    // One listener for the whole map: the cards only say what they are about.
    let onclick = Callback::from(move |event: MouseEvent| {
        let Some(target) = event.target_dyn_into::<Element>() else { return };
        if let Ok(Some(button)) = target.closest("[data-menu]") {
            if let Some(address) = button.get_attribute("data-menu")
                && let Ok(button) = button.dyn_into::<HtmlElement>()
            {
                desk.send(Action::OpenMenu(address.into(), button));
            }
        } else if let Ok(Some(object)) = target.closest("[data-object]")
            && let Some(object) = object.get_attribute("data-object").and_then(|address| ObjectRef::parse(&address))
        {
            desk.send(Action::Select(object));
            desk.send(Action::ToWhy);
        }
    });
    let add = props.desk.on(Action::Open(Dialog::AddNode));
    let empty = props.scene.node_count == 0;
    let last = props.scene.groups.len().saturating_sub(1);
    // A list of its own, as the cards below are: with anything beside them that has no key, the elements would be told
    // apart by their place, and all made anew when one comes or goes.
    let groups: Html = (props.scene.groups.iter().enumerate())
        .map(|(index, group)| view_group(group, props.selection.as_ref(), (index == last).then_some(&add)))
        .collect();
    html! {
        <section class="map" data-testid="map" aria-label="Cluster map" {onclick}>
            if let Some(map) = &props.scene.dense {
                <Dense desk={props.desk.clone()} map={Shared(Rc::clone(map))} selection={props.selection.clone()} add={add_node(&add)} />
            } else {
                if empty {
                    <p class="empty">{"The cluster has no nodes. A DaemonSet puts a pod on each node, so add one."}</p>
                }
                {groups}
                if empty {
                    {add_node(&add)}
                }
            }
        </section>
    }
}

fn selected_on(card: &NodeCard, selection: &ObjectRef) -> bool {
    selection.is_node(&card.name) || card.pods.iter().any(|pod| selection.is_pod(&pod.key))
}

/// A group's cards; the last group's end with "Add node".
fn view_group(group: &Group, selection: Option<&ObjectRef>, add: Option<&Callback<MouseEvent>>) -> Html {
    let card = |card: &Rc<NodeCard>| {
        let selection = selection.filter(|selection| selected_on(card, selection)).cloned();
        html! { <Card key={&*card.name} card={Shared(Rc::clone(card))} {selection} /> }
    };
    let cards: Html = group.cards.iter().map(card).collect();
    html! {
        <div class="group" key={group.role.title()}>
            <h2>{group.role.title()}{" · "}{group.cards.len()}</h2>
            <div class="nodes">
                {cards}
                if let Some(add) = add { {add_node(add)} }
            </div>
        </div>
    }
}

fn add_node(onclick: &Callback<MouseEvent>) -> Html {
    html! { <button key="+" class="add-node" data-testid="add-node" {onclick}>{icon(icon::PLUS)}{"Add node"}</button> }
}

#[derive(Properties, PartialEq)]
struct CardProps {
    card: Shared<NodeCard>,
    selection: Option<ObjectRef>,
}

#[component]
fn Card(props: &CardProps) -> Html {
    let card = &props.card;
    let address = ["Node//", &card.name].concat();
    let selected = props.selection.as_ref().is_some_and(|selection| selection.is_node(&card.name));
    let mut label = ["Node ", &card.name, ", ", card.status.word()].concat();
    if !card.roles.is_empty() {
        label.extend([", ", &card.roles]);
    }
    let class =
        classes!("node", card.status.class(), selected.then_some("selected"), card.cordoned.then_some("cordoned"));
    let pods = card.pods.iter().map(|pod| {
        let selected = props.selection.as_ref().is_some_and(|selection| selection.is_pod(&pod.key));
        pod_chip(pod, selected)
    });
    html! {
        <article {class} id={address.clone()} data-node-card={card.name.to_string()} data-object={address.clone()}>
            <div class="node-head">
                <h3>
                    <button class="plain" aria-pressed={selected.to_string()} aria-label={label} title={card.name.to_string()}>
                        <span class="lamp"></span>
                        <span class="node-name">{&*card.name}</span>
                    </button>
                </h3>
                if card.status != NodeStatus::Removed { {more(address, ["Actions for node ", &card.name].concat())} }
            </div>
            <div class="meta">
                if card.status != NodeStatus::Ready { <span class="chip bad">{card.status.word()}</span> }
                {for card.chips.iter().map(|chip| html! { <span class={classes!("chip", chip.class)} title={chip.title.clone()}>{&chip.text}</span> })}
                if card.chips.is_empty() && card.status == NodeStatus::Ready { <span class="cidr">{&*card.cidr}</span> }
            </div>
            <ul class="pods">
                {for pods}
                {for card.absent.iter().map(|absent| html! {
                    <li key={["why", &absent.daemonset].concat()} title={["Why there is no pod of ", &absent.daemonset].concat()} class={["why slot-", &absent.slot.to_string()].concat()} data-absent={absent.daemonset.to_string()}>
                        {marker(absent.slot)}
                        if absent.reason.is_empty() {
                            <span class="coming">{"a pod is to come"}</span>
                        } else {
                            <span><span class="unseen">{&*absent.daemonset}{" "}</span><b>{"no pod"}</b>{": "}{&absent.reason}</span>
                        }
                    </li>
                })}
            </ul>
        </article>
    }
}

fn pod_chip(pod: &PodChip, selected: bool) -> Html {
    let name = &pod.key.name;
    let address = address(Kind::Pod, &pod.key);
    let old = pod.slot.is_some() && !pod.current;
    let class = classes!(
        "pod",
        pod.look.class(),
        pod.slot.map(|slot| ["slot-", &slot.to_string()].concat()),
        old.then_some("old"),
        selected.then_some("selected")
    );
    let revision = ["rev ", &pod.revision.to_string()].concat();
    let known = pod.revision > 0;
    let word = if pod.look == PodLook::Running && old && known { revision.as_str() } else { pod.word };
    // Read aloud in place of the short name and the revision, which the eye takes from colour and letter.
    let mut said = ["Pod ", name, " "].concat();
    if known && word != revision {
        said.extend([&revision, " "]);
    }
    html! {
        <li key={address.clone()} id={address.clone()} {class} data-pod={name.to_string()} data-phase={pod.phase} data-look={pod.look.class()}
            data-ready={pod.ready.to_string()} data-revision={pod.revision.to_string()} data-node={pod.node.to_string()}
            data-daemonset={pod.daemonset.to_string()} data-object={address.clone()}>
            <button class="plain" aria-pressed={selected.to_string()} title={name.to_string()}>
                if let Some(slot) = pod.slot { {marker(slot)} } else { <span class="marker"></span> }
                <span class="unseen">{said}</span>
                <span class="pod-name" aria-hidden="true">{&*pod.short}</span>
                <em>{word}</em>
            </button>
            {more(address, ["Actions for pod ", name].concat())}
        </li>
    }
}

/// The button of an object's menu. Its dots are drawn by the style sheet: there are many of these.
fn more(address: String, label: String) -> Html {
    html! { <button class="quiet more" data-menu={address} aria-haspopup="menu" aria-label={label}></button> }
}

/// The mark of a DaemonSet: its colour, its shape, and its letter.
pub fn marker(slot: u8) -> Html {
    html! { <span class="marker" aria-hidden="true">{letter(slot)}</span> }
}

/// Opens the menu of an object from the button that was clicked.
pub fn open_menu(desk: &Desk, address: &str) -> Callback<MouseEvent> {
    let (desk, address) = (desk.clone(), Rc::<str>::from(address));
    Callback::from(move |event: MouseEvent| {
        let button = event.target_dyn_into::<Element>().and_then(|element| element.closest("button").ok().flatten());
        if let Some(Ok(button)) = button.map(|button| button.dyn_into::<HtmlElement>()) {
            desk.send(Action::OpenMenu(Rc::clone(&address), button));
        }
    })
}
