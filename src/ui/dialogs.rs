//! The one dialog that is open: help, the gallery, or a form for nodes, taints or labels.

use std::rc::Rc;

use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::prelude::*;

use super::ahead::look_ahead;
use super::gallery::GalleryView;
use super::help::Help;
use super::icon::{self, icon};
use super::import::{export_view, import_view};
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, BranchAct, Dialog};
use crate::api::{Kind, Taint};
use crate::engine::{Command, NodeTemplate};
use crate::platform::page;
use crate::view::ahead::Ahead;
use crate::view::{forms, script, words};

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub desk: Desk,
    pub dialog: Dialog,
    /// What the panel of that name shows.
    pub ahead: Shared<Ahead>,
}

/// A form in words.
struct Form {
    /// Name, label, placeholder and first value of each field.
    fields: Vec<(&'static str, &'static str, &'static str, String)>,
    hint: &'static str,
    submit: &'static str,
    /// What is there already, and what takes it away.
    present: Vec<(String, Option<Command>)>,
}

/// The browser's own dialog: it holds the focus, closes with Escape, and gives the focus back.
#[component]
pub fn DialogView(props: &DialogProps) -> Html {
    let element = use_node_ref();
    let errors = use_state(Vec::<String>::new);
    let form = use_memo(props.dialog.clone(), |dialog| form(&props.desk, dialog));
    // What one would type instead of sending the form as it is filled in.
    let typed = use_state(|| None::<Command>);
    let fill = {
        let (typed, dialog, element) = (typed.clone(), props.dialog.clone(), element.clone());
        move || {
            if let Some(element) = element.cast::<HtmlDialogElement>() {
                typed.set(command(&dialog, &element).ok());
            }
        }
    };
    {
        let (element, form, fill) = (element.clone(), form.clone(), fill.clone());
        use_effect_with((), move |()| {
            let dialog = element.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                let _ = dialog.show_modal();
                // Set once: a value in the markup would come back with every message.
                for (index, (name, _, _, value)) in form.iter().flat_map(|form| &form.fields).enumerate() {
                    if let Some(input) = input(dialog, name) {
                        input.set_value(value);
                        // By itself the browser begins with the button that closes.
                        if index == 0 {
                            input.select();
                            page::focus(&input);
                        }
                    }
                }
            }
            fill();
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let desk = &props.desk;
    let close = desk.on::<MouseEvent>(Action::CloseDialog);
    let oncancel = {
        let desk = desk.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            desk.send(Action::CloseDialog);
        })
    };
    // Closes the dialog if nothing was wrong, and tells what was otherwise.
    let run = {
        let (desk, errors) = (desk.clone(), errors.clone());
        move |command: Result<Command, Vec<String>>| match command.and_then(|command| desk.run(command)) {
            Ok(()) => desk.send(Action::CloseDialog),
            Err(messages) => errors.set(messages),
        }
    };
    let title = match &props.dialog {
        Dialog::Help => "Help".to_owned(),
        Dialog::Examples => "Examples".to_owned(),
        Dialog::Share { .. } => "Share this run".to_owned(),
        Dialog::Import(_) => "Your own cluster".to_owned(),
        Dialog::Export => "Export".to_owned(),
        Dialog::Ahead => "If you apply this".to_owned(),
        Dialog::Fork(..) => "Go on from here?".to_owned(),
        Dialog::RenameBranch(_, name) => ["Rename the branch ", name].concat(),
        Dialog::AddNode => "Add nodes".to_owned(),
        Dialog::Taint(node) => ["Taints of ", node].concat(),
        Dialog::Capacity(node) => ["Capacity of ", node].concat(),
        Dialog::BarePod(node) => ["A bare pod on ", node].concat(),
        Dialog::Label(object) => ["Labels of ", &object.key.name].concat(),
    };
    let body = match (&*form, &props.dialog) {
        (_, Dialog::Ahead) => look_ahead(desk, &props.ahead),
        (_, Dialog::Fork(what, branch, note)) => fork(desk, what, branch, note.as_deref()),
        (None, Dialog::Examples) => html! { <GalleryView desk={desk.clone()} /> },
        (None, Dialog::Share { link, log }) => share(desk, link, *log),
        (None, Dialog::Import(told)) => import_view(desk, told),
        (None, Dialog::Export) => export_view(desk),
        (None, _) => html! { <Help /> },
        (Some(form), _) => {
            let onsubmit = {
                let (desk, dialog, element, run) = (desk.clone(), props.dialog.clone(), element.clone(), run.clone());
                Callback::from(move |event: SubmitEvent| {
                    event.prevent_default();
                    let Some(element) = element.cast::<HtmlDialogElement>() else { return };
                    match &dialog {
                        Dialog::RenameBranch(id, _) => {
                            let name = input(&element, "name").map(|input| input.value()).unwrap_or_default();
                            desk.send(Action::Branch(BranchAct::Rename(*id, name)));
                        }
                        _ => run(command(&dialog, &element)),
                    }
                })
            };
            let present = form.present.iter().map(|(text, remove)| {
                let button = remove.clone().map(|remove| {
                    let run = run.clone();
                    let title = remove.to_text().to_string();
                    let onclick = Callback::from(move |_: MouseEvent| run(Ok(remove.clone())));
                    html! { <button type="button" {onclick} {title} aria-label={["Remove ", text].concat()}>{"Remove"}</button> }
                });
                html! { <li><code>{text}</code>{button.unwrap_or_default()}</li> }
            });
            let fields = form.fields.iter().map(|(name, label, placeholder, _)| html! {
                <label class={*name}>{*label}<input name={*name} placeholder={*placeholder} autocomplete="off" spellcheck="false" /></label>
            });
            let oninput = Callback::from(move |_: InputEvent| fill());
            html! {
                <form {onsubmit} {oninput} novalidate=true>
                    if !form.present.is_empty() { <ul class="have">{for present}</ul> }
                    <div class="fields">{for fields}</div>
                    <p class="hint">{form.hint}</p>
                    {stands_for(desk, &props.dialog, typed.as_ref())}
                    <div class="form-errors" role="alert">{for errors.iter().map(|error| html! { <p>{error}</p> })}</div>
                    <div class="buttons">
                        <button type="button" onclick={close.clone()}>{"Cancel"}</button>
                        <button class="primary" type="submit">{form.submit}</button>
                    </div>
                </form>
            }
        }
    };
    html! {
        <dialog class={(form.is_none() && !matches!(props.dialog, Dialog::Fork(..))).then_some("wide")} ref={element} aria-labelledby="dialog-title" {oncancel}>
            <div class="dialog-head">
                <h2 id="dialog-title">{title}</h2>
                <button class="quiet square" type="button" aria-label="Close" onclick={close}>{icon(icon::CLOSE)}</button>
            </div>
            {body}
        </dialog>
    }
}

fn input(dialog: &HtmlDialogElement, name: &str) -> Option<HtmlInputElement> {
    let found = dialog.query_selector(&["[name=", name, "]"].concat()).ok()??;
    wasm_bindgen::JsCast::dyn_into(found).ok()
}

fn form(desk: &Desk, dialog: &Dialog) -> Option<Form> {
    const TAINTS: &str = "dedicated=gpu:NoSchedule";
    let none = String::new;
    Some(match dialog {
        Dialog::RenameBranch(_, name) => Form {
            fields: vec![("name", "Name", "", name.to_string())],
            hint: "",
            submit: "Rename",
            present: Vec::new(),
        },
        Dialog::AddNode => Form {
            fields: vec![
                ("name", "Name", "", desk.next_node_name()),
                ("count", "How many", "", "1".to_owned()),
                ("labels", "Labels", "disk=ssd, zone=a", none()),
                ("taints", "Taints", TAINTS, none()),
            ],
            hint: "Of several nodes each gets a number after its name. Separate labels and taints by commas.",
            submit: "Add",
            present: Vec::new(),
        },
        Dialog::Taint(node) => {
            let present = desk.taints_of(node).into_iter().map(|taint: Taint| {
                let text = taint.to_string();
                (text, Some(Command::Taint { name: node.to_string(), add: Vec::new(), remove: vec![taint] }))
            });
            Form {
                fields: vec![("taints", "Add", TAINTS, none())],
                hint: "key=value:Effect, the effect being NoSchedule, PreferNoSchedule or NoExecute.",
                submit: "Add the taint",
                present: present.collect(),
            }
        }
        Dialog::Capacity(node) => {
            let [cpu, memory, pods, others] = desk.node(node).map(|node| forms::capacity_of(&node)).unwrap_or_default();
            Form {
                fields: vec![
                    ("cpu", "CPU", "4, 500m", cpu),
                    ("memory", "Memory", "8Gi", memory),
                    ("pods", "Pods", "110", pods),
                    ("others", "Others", "nvidia.com/gpu=2", others),
                ],
                hint: "What the kubelet reports as allocatable. Pods that run stay; the scheduler looks at it for new ones.",
                submit: "Report this",
                present: Vec::new(),
            }
        }
        Dialog::BarePod(_) => Form {
            fields: vec![
                ("name", "Name", "", "bare".to_owned()),
                ("namespace", "Namespace", "", "default".to_owned()),
                ("image", "Image", "", "nginx:1.16".to_owned()),
                ("labels", "Labels", "app=nginx", none()),
            ],
            hint: "A pod without an owner. A DaemonSet whose selector matches its labels adopts it. Tags that begin with \
                   bad, slow, fail, crash or succ do what they say; other images start after a plausible time.",
            submit: "Create",
            present: Vec::new(),
        },
        Dialog::Label(object) => Form {
            fields: vec![("labels", "Change", "disk=ssd, zone-", none())],
            hint: "key=value sets a label, key- takes it away.",
            submit: "Change the labels",
            present: desk.labels_of(object).iter().map(|(key, value)| ([key, "=", value].concat(), None)).collect(),
        },
        // The others are no forms.
        _ => return None,
    })
}

/// What the form asks for, as a command.
fn command(dialog: &Dialog, element: &HtmlDialogElement) -> Result<Command, Vec<String>> {
    let value = |name| input(element, name).map_or_else(String::new, |input| input.value().trim().to_owned());
    match dialog {
        Dialog::AddNode => {
            let (name, count, labels, taints) =
                forms::add_nodes(&value("name"), &value("count"), &value("labels"), &value("taints"))?;
            Ok(Command::AddNodes { template: NodeTemplate { name, labels, taints }, count })
        }
        Dialog::Taint(node) => {
            let add = forms::taints(&value("taints"))?;
            Ok(Command::Taint { name: node.to_string(), add, remove: Vec::new() })
        }
        Dialog::Capacity(node) => {
            let allocatable = forms::capacity(&value("cpu"), &value("memory"), &value("pods"), &value("others"))?;
            Ok(Command::SetCapacity { name: node.to_string(), allocatable })
        }
        Dialog::BarePod(node) => {
            let (name, namespace) = (value("name"), value("namespace"));
            let text = forms::bare_pod(&name, &namespace, &value("image"), &value("labels"), node)?;
            Ok(Command::Apply { text })
        }
        Dialog::Label(object) => {
            let labels = forms::label_changes(&value("labels"))?;
            let name = object.key.name.to_string();
            Ok(match object.kind {
                Kind::Pod => Command::LabelPod { namespace: object.key.namespace.to_string(), name, labels },
                _ => Command::LabelNode { name, labels },
            })
        }
        _ => Err(Vec::new()),
    }
}

/// The command that a form stands for, so that people learn it.
fn stands_for(desk: &Desk, dialog: &Dialog, typed: Option<&Command>) -> Html {
    // kubectl asks for it where something that is there becomes something else.
    let overwrite = match (dialog, typed) {
        (Dialog::Label(object), Some(Command::LabelNode { labels, .. } | Command::LabelPod { labels, .. })) => {
            let present = desk.labels_of(object);
            labels
                .iter()
                .any(|(key, new)| new.is_some() && present.get(key).is_some_and(|old| Some(old) != new.as_ref()))
        }
        (Dialog::Taint(node), Some(Command::Taint { add, .. })) => {
            let present = desk.taints_of(node);
            add.iter().any(|new| present.iter().any(|old| (&old.key, &old.effect) == (&new.key, &new.effect)))
        }
        _ => false,
    };
    let text = match (dialog, typed) {
        (Dialog::RenameBranch(..), _) => return Html::default(),
        (Dialog::AddNode, _) => "No kubectl command does this: a node's kubelet registers it.",
        (_, Some(command)) => {
            let end = if overwrite { " --overwrite" } else { "" };
            &[&script::typed(command).unwrap_or_default(), end].concat()
        }
        (_, None) => "",
    };
    match text.starts_with("kubectl ") {
        true => {
            html! { <pre class="stands-for" data-testid="stands-for" tabindex="0" aria-label="The same as a command">{text}</pre> }
        }
        false => html! { <p class="hint" data-testid="stands-for">{text}</p> },
    }
}

/// Asked once, before the past becomes another future.
fn fork(desk: &Desk, what: &str, branch: &str, note: Option<&str>) -> Html {
    html! {
        <>
            <p>{"You are looking at the past. "}<code>{what}</code>{" would make another future begin here."}</p>
            <p>{"What came after stays as the branch "}<b>{branch}</b>{", which you can go back to, or lay beside this one in the timeline."}</p>
            if let Some(note) = note {
                <p>{note}</p>
            }
            <div class="buttons">
                <button type="button" onclick={desk.on(Action::CloseDialog)}>{"Cancel"}</button>
                <button class="primary" type="button" data-testid="fork" onclick={desk.on(Action::Fork)}>{"Go on from here"}</button>
            </div>
        </>
    }
}

fn share(desk: &Desk, link: &Rc<str>, log: u64) -> Html {
    let size = words::count(link.len(), "letter");
    // What mail and chat programs are known to take.
    let long = link.len() > 8000;
    let embed = [
        "<iframe src=\"",
        &link.replacen("#", "?embed&timeline#", 1),
        "\" title=\"Everynode\" width=\"100%\" height=\"480\"></iframe>",
    ]
    .concat();
    html! {
        <>
            if link.is_empty() {
                <p>{"This run does not fit into a link, which holds 8 MB at most: the cluster that it began with comes to more. A file holds all of it; whoever opens it, or drops it on their page, sees the same run."}</p>
            } else {
                <p>{"Whoever opens this link sees this run: the cluster, the manifest, all that was done, and the moment you are looking at. All of it is in the link itself; nothing is sent to a server."}</p>
                <div class="copy-row">
                    <input readonly=true value={link.to_string()} aria-label="Link to this run" data-testid="link" />
                    <button class="primary" onclick={desk.on(Action::Copy(link.clone()))}>{"Copy the link"}</button>
                </div>
                <p class="hint">{size}{if long { ", more than many programs take in a message: a file is safer. " } else { ". " }}
                    {"Its log has the number "}<code data-testid="log-hash">{format!("{log:016x}")}</code>{", wherever it is opened."}</p>
                <h3>{"In a page of yours"}</h3>
                <div class="copy-row">
                    <input readonly=true value={embed.clone()} aria-label="HTML that shows this run in a page" data-testid="embed-code" />
                    <button onclick={desk.on(Action::Copy(embed.into()))}>{"Copy the HTML"}</button>
                </div>
            }
            <h3>{"As a file"}</h3>
            <div class="buttons">
                <button class={link.is_empty().then_some("primary")} data-testid="save-file" onclick={desk.on(Action::SaveFile)}>{"Save this run"}</button>
                <button data-testid="open-file" onclick={desk.on(Action::OpenFile)}>{"Open a run or a manifest…"}</button>
            </div>
            <p class="hint">{"A file can also be dropped anywhere on the page."}</p>
        </>
    }
}
