//! The dialogs: help, adding nodes, taints, labels.

use std::rc::Rc;

use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::state::{Action, Dialog};
use crate::api::{Kind, Labels, Name, Taint};
use crate::engine::{Command, NodeTemplate};
use crate::view::{ObjectRef, forms};

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub desk: Desk,
    pub dialog: Dialog,
}

#[component]
pub fn DialogView(props: &DialogProps) -> Html {
    let desk = props.desk.clone();
    match &props.dialog {
        Dialog::Help => html! { <Help {desk} /> },
        Dialog::AddNode => html! { <AddNode {desk} /> },
        Dialog::Taint(node) => html! { <TaintNode {desk} node={node.clone()} /> },
        Dialog::Label(object) => html! { <LabelObject {desk} object={object.clone()} /> },
    }
}

#[derive(Properties, PartialEq)]
struct FrameProps {
    desk: Desk,
    title: AttrValue,
    children: Children,
}

/// The browser's own dialog: it holds the focus, closes with Escape, and gives the focus back.
#[component]
fn Frame(props: &FrameProps) -> Html {
    let element = use_node_ref();
    {
        let element = element.clone();
        use_effect_with((), move |()| {
            let dialog = element.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let close = props.desk.on(Action::CloseDialog);
    let oncancel = {
        let desk = props.desk.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            desk.send(Action::CloseDialog);
        })
    };
    html! {
        <dialog ref={element} aria-labelledby="dialog-title" {oncancel}>
            <div class="dialog-head">
                <h2 id="dialog-title">{&props.title}</h2>
                <button class="quiet square" type="button" aria-label="Close" onclick={close}>{icon(icon::CLOSE)}</button>
            </div>
            {for props.children.iter()}
        </dialog>
    }
}

/// The value of an input of the dialog, trimmed.
fn value(input: &NodeRef) -> String {
    input.cast::<HtmlInputElement>().map_or_else(String::new, |input| input.value().trim().to_owned())
}

/// Sends a command; closes the dialog if nothing was wrong, and tells what was otherwise.
fn try_run(desk: &Desk, errors: &UseStateHandle<Vec<String>>, command: Result<Command, Vec<String>>) {
    match command.and_then(|command| desk.run(command)) {
        Ok(()) => desk.send(Action::CloseDialog),
        Err(messages) => errors.set(messages),
    }
}

fn view_errors(errors: &[String]) -> Html {
    html! { <div class="form-errors" role="alert">{for errors.iter().map(|error| html! { <p>{error}</p> })}</div> }
}

#[derive(Properties, PartialEq)]
struct PlainProps {
    desk: Desk,
}

#[component]
fn AddNode(props: &PlainProps) -> Html {
    let (name, count, labels, taints) = (use_node_ref(), use_node_ref(), use_node_ref(), use_node_ref());
    let errors = use_state(Vec::<String>::new);
    let desk = props.desk.clone();
    {
        // Set once: a value in the markup would come back with every message.
        let (name, count, desk) = (name.clone(), count.clone(), desk.clone());
        use_effect_with((), move |()| {
            if let (Some(name), Some(count)) = (name.cast::<HtmlInputElement>(), count.cast::<HtmlInputElement>()) {
                name.set_value(&desk.next_node_name());
                count.set_value("1");
                name.select();
            }
        });
    }
    let onsubmit = {
        let (name, count, labels, taints, errors) =
            (name.clone(), count.clone(), labels.clone(), taints.clone(), errors.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let command = forms::add_nodes(&value(&name), &value(&count), &value(&labels), &value(&taints)).map(
                |(name, count, labels, taints)| Command::AddNodes {
                    template: NodeTemplate { name, labels, taints },
                    count,
                },
            );
            try_run(&desk, &errors, command);
        })
    };
    html! {
        <Frame desk={props.desk.clone()} title="Add nodes">
            <form {onsubmit} novalidate=true>
                <div class="field pair">
                    <label>{"Name"}<input ref={name} name="name" autocomplete="off" spellcheck="false" /></label>
                    <label class="narrow">{"How many"}<input ref={count} name="count" type="number" min="1" max="5000" /></label>
                </div>
                <label class="field">{"Labels"}<input ref={labels} name="labels" placeholder="disk=ssd, zone=a" autocomplete="off" spellcheck="false" /></label>
                <label class="field">{"Taints"}<input ref={taints} name="taints" placeholder="dedicated=gpu:NoSchedule" autocomplete="off" spellcheck="false" /></label>
                <p class="hint">{"Of several nodes each gets a number after its name. Separate labels and taints by commas."}</p>
                {view_errors(&errors)}
                <div class="buttons">
                    <button type="button" onclick={props.desk.on(Action::CloseDialog)}>{"Cancel"}</button>
                    <button class="primary" type="submit">{"Add"}</button>
                </div>
            </form>
        </Frame>
    }
}

#[derive(Properties, PartialEq)]
struct NodeProps {
    desk: Desk,
    node: Name,
}

#[component]
fn TaintNode(props: &NodeProps) -> Html {
    let add = use_node_ref();
    let errors = use_state(Vec::<String>::new);
    let now: Rc<Vec<Taint>> = use_memo((), |()| props.desk.taints_of(&props.node));
    let onsubmit = {
        let (add, errors, desk, node) = (add.clone(), errors.clone(), props.desk.clone(), props.node.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let command = forms::taints(&value(&add)).map(|add| Command::Taint {
                name: node.to_string(),
                add,
                remove: Vec::new(),
            });
            try_run(&desk, &errors, command);
        })
    };
    let removals = now.iter().map(|taint| {
        let (desk, errors, node, remove) = (props.desk.clone(), errors.clone(), props.node.clone(), taint.clone());
        let text = taint.to_string();
        let onclick = Callback::from(move |_: MouseEvent| {
            let command = Command::Taint { name: node.to_string(), add: Vec::new(), remove: vec![remove.clone()] };
            try_run(&desk, &errors, Ok(command));
        });
        html! { <li><code>{&text}</code><button type="button" {onclick} aria-label={["Remove the taint ", &text].concat()}>{"Remove"}</button></li> }
    });
    html! {
        <Frame desk={props.desk.clone()} title={["Taints of ", &props.node].concat()}>
            <form {onsubmit} novalidate=true>
                if !now.is_empty() { <ul class="have">{for removals}</ul> }
                <label class="field">{"Add"}<input ref={add} name="taints" placeholder="dedicated=gpu:NoExecute" autocomplete="off" spellcheck="false" /></label>
                <p class="hint">{"key=value:Effect, the effect being NoSchedule, PreferNoSchedule or NoExecute."}</p>
                {view_errors(&errors)}
                <div class="buttons">
                    <button type="button" onclick={props.desk.on(Action::CloseDialog)}>{"Cancel"}</button>
                    <button class="primary" type="submit">{"Add the taint"}</button>
                </div>
            </form>
        </Frame>
    }
}

#[derive(Properties, PartialEq)]
struct LabelProps {
    desk: Desk,
    object: ObjectRef,
}

#[component]
fn LabelObject(props: &LabelProps) -> Html {
    let labels = use_node_ref();
    let errors = use_state(Vec::<String>::new);
    let now: Rc<Labels> = use_memo((), |()| props.desk.labels_of(&props.object));
    let onsubmit = {
        let (labels, errors, desk, object) = (labels.clone(), errors.clone(), props.desk.clone(), props.object.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let name = object.key.name.to_string();
            let command = forms::label_changes(&value(&labels)).map(|labels| match object.kind {
                Kind::Pod => Command::LabelPod { namespace: object.key.namespace.to_string(), name, labels },
                _ => Command::LabelNode { name, labels },
            });
            try_run(&desk, &errors, command);
        })
    };
    html! {
        <Frame desk={props.desk.clone()} title={["Labels of ", &props.object.key.name].concat()}>
            <form {onsubmit} novalidate=true>
                <ul class="have">{for now.iter().map(|(key, value)| html! { <li><code>{key}{"="}{value}</code></li> })}</ul>
                <label class="field">{"Change"}<input ref={labels} name="labels" placeholder="disk=ssd, zone-" autocomplete="off" spellcheck="false" /></label>
                <p class="hint">{"key=value sets a label, key- takes it away."}</p>
                {view_errors(&errors)}
                <div class="buttons">
                    <button type="button" onclick={props.desk.on(Action::CloseDialog)}>{"Cancel"}</button>
                    <button class="primary" type="submit">{"Change the labels"}</button>
                </div>
            </form>
        </Frame>
    }
}

#[component]
fn Help(props: &PlainProps) -> Html {
    let keys = [
        ("Ctrl+Enter", "apply the manifest"),
        ("Space", "play or pause"),
        (".", "one act further"),
        ("?", "this help"),
        ("Esc", "close a menu or a dialog"),
        ("↑ ↓", "move in a menu or in the activity log"),
    ];
    let map = [
        ("running", "Running", "a pod of the current revision, ready"),
        ("running old", "rev 1", "a pod of an older revision"),
        ("starting", "Creating", "a pod on its way to ready"),
        ("terminating", "Terminating", "a pod that was deleted and has not stopped yet"),
        ("failed", "Failed", "a pod that failed"),
    ];
    html! {
        <Frame desk={props.desk.clone()} title="How to read this page">
            <p>{"A DaemonSet keeps one pod on each eligible node. Apply the manifest, then change it, add and remove nodes, delete pods: every act of the controller appears on the map and in the activity log with its reason."}</p>
            <h3>{"Pods"}</h3>
            <ul class="legend">{for map.iter().map(|(class, word, text)| html! {
                <li><span class={["pod slot-0 ", class].concat()}>{super::map::marker(0)}<em>{*word}</em></span><span>{*text}</span></li>
            })}</ul>
            <p class="hint">{"Each DaemonSet has its own colour, shape and letter. Nodes with stripes are cordoned."}</p>
            <h3>{"Keys"}</h3>
            <dl class="kv keys">{for keys.iter().map(|(key, text)| html! { <><dt><kbd>{*key}</kbd></dt><dd>{*text}</dd></> })}</dl>
        </Frame>
    }
}
