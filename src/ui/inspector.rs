//! What is selected: why it is as it is, and its YAML.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{self, icon};
use super::paint::colors::Colors;
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, InspectorTab, Notice};
use crate::platform::{page, save};
use crate::view::inspect::{Line, Revision, describe_command};
use crate::view::picture;
use crate::view::{Block, Inspection, Link, Mark, ObjectRef, Offer, Row};

#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    pub desk: Desk,
    pub inspection: Shared<Inspection>,
    pub tab: InspectorTab,
    /// What stands below.
    pub children: Html,
}

/// The tabs: their ids in the document, and their names.
const TABS: [(InspectorTab, &str, &str); 3] = [
    (InspectorTab::Why, "tab-why", "Why"),
    (InspectorTab::Describe, "tab-describe", "Describe"),
    (InspectorTab::Yaml, "tab-yaml", "YAML"),
];
pub const PANEL: &str = "inspector-panel";

#[component]
pub fn Inspector(props: &InspectorProps) -> Html {
    let desk = &props.desk;
    let at = TABS.iter().position(|(tab, _, _)| *tab == props.tab).unwrap_or(0);
    let onkeydown = {
        let desk = desk.clone();
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowRight" => (at + 1) % TABS.len(),
                "ArrowLeft" => (at + TABS.len() - 1) % TABS.len(),
                "Home" => 0,
                "End" => TABS.len() - 1,
                _ => return,
            };
            event.prevent_default();
            desk.send(Action::ShowInspector(TABS[next].0));
            page::focus_id(TABS[next].1);
        })
    };
    let tabs = TABS.iter().enumerate().map(|(index, (tab, id, name))| {
        let on = index == at;
        html! {
            <button id={*id} role="tab" aria-selected={on.to_string()} aria-controls={PANEL} tabindex={if on { "0" } else { "-1" }}
                onclick={desk.on(Action::ShowInspector(*tab))}>{*name}</button>
        }
    });
    let inspection = &props.inspection;
    let body = match (&inspection.object, props.tab) {
        (None, _) if inspection.blocks.is_empty() => html! {
            <p class="empty">{"Select a node, a pod, a DaemonSet or a line of the activity log, and this panel tells why it is as it is."}</p>
        },
        (None, _) | (_, InspectorTab::Why) => {
            html! { <>{for inspection.blocks.iter().map(|block| view_block(desk, &inspection.title, block))}</> }
        }
        (Some(object), tab) => view_text(desk, object, tab, &inspection.text),
    };
    html! {
        <section class="panel right" data-testid="inspector" aria-label="Inspector">
            <div class="tabs" role="tablist" aria-label="About the selection" {onkeydown}>{for tabs}</div>
            <div class="insp" id={PANEL} role="tabpanel" tabindex="0" aria-labelledby={TABS[at].1}>
                if !inspection.title.is_empty() {
                    <h2><small>{&inspection.kind}</small>{" "}<span>{marked(&inspection.title)}</span></h2>
                }
                {body}
            </div>
            {props.children.clone()}
        </section>
    }
}

/// Goes on to something else. What was clicked is gone then, so the focus goes to the panel, and so does its beginning.
fn follow(desk: &Desk, action: Action) -> Callback<MouseEvent> {
    let desk = desk.clone();
    Callback::from(move |_| {
        desk.send(action.clone());
        page::focus_id(PANEL);
        if let Some(panel) = page::by_id(PANEL) {
            panel.set_scroll_top(0);
        }
    })
}

fn view_block(desk: &Desk, about: &str, block: &Block) -> Html {
    match block {
        Block::Note(text) => html! { <p class="note">{text}</p> },
        Block::Lead { title, text, function } => html! {
            <div data-block={title.clone()}><h3>{title}</h3><p class="lead">{marked(text)}</p>{view_function(function)}</div>
        },
        Block::Rows { title, rows, verdict, offer } => html! {
            <div data-block={title.clone()}>
                <h3>{title}</h3>
                <ul class="check">{for rows.iter().map(|row| view_row(desk, row))}</ul>
                if let Some(verdict) = verdict {
                    <p class="verdict"><b>{&verdict.text}</b>{" "}{marked(&verdict.rest)}{view_function(verdict.function)}
                        if let Some(offer) = offer { {" "}{view_offer(desk, offer)} }
                    </p>
                }
            </div>
        },
        Block::Counts { title, rows } => html! {
            <div data-block={title.clone()}><h3>{title}</h3><div class="counts">{for rows.iter().map(|row| view_count(desk, row))}</div></div>
        },
        Block::Facts { title, rows } => html! {
            <div>
                <h3>{title}</h3>
                <dl class="kv">{for rows.iter().map(|(key, value)| html! { <><dt>{key}</dt><dd>{value}</dd></> })}</dl>
            </div>
        },
        Block::Chain { title, links } => view_chain(desk, about, title, links),
        Block::Revisions { title, rows } => html! {
            <div data-block={title.clone()}><h3>{title}</h3><ul class="revisions">{for rows.iter().map(|row| view_revision(desk, row))}</ul></div>
        },
        Block::Changes { title, lines } => {
            html! { <div data-block={title.clone()}><h3>{title}</h3>{view_diff(lines)}</div> }
        }
    }
}

fn view_row(desk: &Desk, row: &Row) -> Html {
    let (class, sign, said) = match row.mark {
        Mark::Yes => ("y", "✓", "yes: "),
        Mark::No => ("n", "✗", "no: "),
        Mark::Next => ("next", "●", "next: "),
        Mark::Note => ("note", "○", ""),
    };
    let title = match row.links.first() {
        Some(object) => view_object(desk, object, &row.title),
        None => html! { <b>{marked(&row.title)}</b> },
    };
    html! {
        <li>
            <span class={class} aria-hidden="true">{sign}</span>
            <span><span class="unseen">{said}</span>{title}{for row.lines.iter().map(view_line)}{view_function(row.function)}</span>
        </li>
    }
}

fn view_line(line: &Line) -> Html {
    if line.text.is_empty() {
        return Html::default();
    }
    html! {
        <small>{marked(&line.text)}if !line.remark.is_empty() { {" "}<i>{"("}{line.remark}{")"}</i> }</small>
    }
}

/// A text with what is taken literally set off.
fn marked(text: &str) -> Html {
    let parts = text.split('`').enumerate();
    html! { {for parts.map(|(index, part)| if index % 2 == 1 { html! { <code>{part}</code> } } else { html! { part } })} }
}

fn view_function(function: &'static str) -> Html {
    if function.is_empty() {
        Html::default()
    } else {
        html! { <code class="fn" title="The function of Kubernetes that this models">{function}</code> }
    }
}

fn view_object(desk: &Desk, object: &ObjectRef, name: &str) -> Html {
    html! { <button class="plain link" onclick={follow(desk, Action::Select(object.clone()))}>{name}</button> }
}

fn view_count(desk: &Desk, row: &Row) -> Html {
    let more = row.linked - row.links.len();
    html! {
        <details>
            <summary><span>{&row.title}</span><b>{row.linked}</b></summary>
            {for row.lines.iter().map(view_line)}
            <p class="links">
                {for row.links.iter().map(|object| html! { <>{view_object(desk, object, &object.key.name)}{" "}</> })}
                if more > 0 { {"and "}{more}{" more"} }
            </p>
            {view_function(row.function)}
        </details>
    }
}

fn view_offer(desk: &Desk, offer: &Offer) -> Html {
    let (text, title) = match offer {
        Offer::Tolerate(_, taint) => {
            ("Tolerate it…", ["Write a toleration for ", &taint.to_string(), " into the manifest"].concat())
        }
        Offer::Run(command, text) => (*text, command.to_text().to_string()),
    };
    html! { <button class="offer" {title} onclick={desk.on(Action::Take(offer.clone()))}>{text}</button> }
}

fn view_revision(desk: &Desk, revision: &Revision) -> Html {
    html! {
        <li>
            <b>{&revision.title}</b>
            <small>{&revision.detail}</small>
            if let Some(undo) = &revision.undo {
                {view_offer(desk, undo)}
                <details>
                    <summary>{"What undoing to it changes"}</summary>
                    {view_diff(&revision.diff)}
                </details>
            }
        </li>
    }
}

fn view_diff(lines: &[(char, String)]) -> Html {
    html! {
        <pre class="diff" tabindex="0" aria-label="Changed lines: - is taken away, + is added">{for lines.iter().map(|(sign, line)| {
            let class = match sign { '+' => "add", '-' => "del", _ => "" };
            let mut text = String::from(*sign);
            text.extend([" ", line, "\n"]);
            html! { <span {class}>{text}</span> }
        })}</pre>
    }
}

fn view_chain(desk: &Desk, about: &str, title: &str, links: &[Link]) -> Html {
    let save = |png: bool, name: &'static str, label: &'static str| {
        let title = [&about.replace('`', ""), ": ", title].concat();
        let (desk, links) = (desk.clone(), links.to_vec());
        let onclick = Callback::from(move |_: MouseEvent| save_chain(&desk, &title, &links, png));
        html! { <button class="quiet save" {onclick} title={label} aria-label={label}>{name}</button> }
    };
    html! {
        <div data-block={title.to_owned()}>
            <div class="chain-head"><h3>{title}</h3>
                {save(false, "SVG", "Save this chain as an SVG picture")}
                {save(true, "PNG", "Save this chain as a PNG picture")}
            </div>
            <ol class="chain">{for links.iter().map(|link| view_link(desk, link))}</ol>
        </div>
    }
}

fn view_link(desk: &Desk, link: &Link) -> Html {
    let Some(seq) = link.seq else {
        return html! { <li class="fold"><button class="quiet" onclick={desk.on(Action::Unfold)}>{&link.title}</button></li> };
    };
    html! {
        <li class={classes!(link.tone.class(), link.here.then_some("here"))} aria-current={link.here.then_some("true")}>
            <button class="plain" onclick={follow(desk, Action::SelectRecord(seq))}>
                <time>{&link.clock}</time>
                <span>{marked(&link.title)}</span>
                <small>{marked(&link.detail)}</small>
                {view_function(link.function)}
            </button>
        </li>
    }
}

fn save_chain(desk: &Desk, title: &str, links: &[Link], png: bool) {
    let mut colors = Colors::default();
    colors.refresh();
    let (svg, size) = picture::svg(title, links, &colors.palette());
    let desk = desk.clone();
    let say = move |saved: bool| {
        let text = if saved { "Saved." } else { "The browser does not allow saving here." };
        desk.send(Action::Say(Notice { error: !saved, text: text.to_owned() }));
    };
    match png {
        true => save::png(&picture::file_name(title, "png"), &svg, size, say),
        false => say(save::text(&picture::file_name(title, "svg"), save::SVG, &svg)),
    }
}

/// The object in another's words: its YAML, or what kubectl describes.
fn view_text(desk: &Desk, object: &ObjectRef, tab: InspectorTab, text: &Rc<str>) -> Html {
    let command = describe_command(object);
    let label = if tab == InspectorTab::Yaml { "YAML of the object" } else { "What kubectl describes" };
    html! {
        <div class="yaml">
            if tab == InspectorTab::Describe { <code>{command}</code> }
            if text.is_empty() {
                <p class="empty">{"This object does not exist at this moment."}</p>
            } else {
                <button class="copy" onclick={desk.on(Action::Copy(Rc::clone(text)))}>{icon(icon::COPY)}{"Copy"}</button>
                <pre tabindex="0" aria-label={label}>{&**text}</pre>
            }
        </div>
    }
}
