//! A ribbon for each DaemonSet, and the control loop.

use yew::prelude::*;

use super::icon::{self, icon};
use super::map::{marker, open_menu};
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Stages};
use crate::api::Kind;
use crate::engine::Command;
use crate::store::Propagation;
use crate::view::scene::Parts;
use crate::view::{ObjectRef, Ribbon, Scene};

#[derive(Properties, PartialEq)]
pub struct RibbonsProps {
    pub desk: Desk,
    pub scene: Shared<Scene>,
    pub selected: Option<ObjectRef>,
}

#[component]
pub fn Ribbons(props: &RibbonsProps) -> Html {
    let rows = props.scene.ribbons.iter().map(|ribbon| {
        let selected = props
            .selected
            .as_ref()
            .is_some_and(|selected| selected.kind == Kind::DaemonSet && selected.key == ribbon.key);
        ribbon_row(&props.desk, ribbon, selected)
    });
    html! {
        <section class="ribbons" data-testid="ribbon" aria-label="DaemonSets">
            if props.scene.ribbons.is_empty() {
                <p class="empty">{"No DaemonSet yet. Apply the manifest and watch a pod appear on each eligible node."}</p>
            } else {
                <div class="ribbon-list">{for rows}</div>
            }
        </section>
    }
}

fn ribbon_row(desk: &Desk, ribbon: &Ribbon, selected: bool) -> Html {
    let object = ObjectRef { kind: Kind::DaemonSet, key: ribbon.key.clone() };
    let address = object.to_text();
    let counts = ribbon.counts;
    let delete = Command::DeleteDaemonSet {
        namespace: ribbon.key.namespace.to_string(),
        name: ribbon.key.name.to_string(),
        propagation: Propagation::Background,
    };
    let explain = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| {
            desk.send(Action::Select(object.clone()));
            desk.send(Action::ToWhy);
        })
    };
    let number = |key: &'static str, label: &'static str, number: i64| {
        html! { <span class={key}>{label}{" "}<b data-count={key}>{number}</b></span> }
    };
    html! {
        <div key={address.clone()} class={classes!("ds", ["slot-", &ribbon.slot.to_string()].concat(), selected.then_some("selected"), ribbon.deleting.then_some("deleting"), (counts.desired > 999).then_some("many"))}
            data-daemonset={ribbon.key.name.to_string()}>
            {marker(ribbon.slot)}
            <button class="ds-name" aria-pressed={selected.to_string()} onclick={explain}>
                <strong>{&*ribbon.key.name}</strong>
                <small>
                    {&*ribbon.key.namespace}
                    if ribbon.revision > 0 {
                        {" · rev "}{ribbon.revision}{" · "}{&*ribbon.hash}
                    }
                </small>
            </button>
            <div class="prog-box">
                {progress(&ribbon.parts, &ribbon.summary)}
                <small>{&ribbon.summary}</small>
            </div>
            <div class="nums">
                {number("desired", "desired", counts.desired)}
                {number("current", "current", counts.current)}
                {number("ready", "ready", counts.ready)}
                {number("updated", "up-to-date", counts.updated)}
                {number("available", "available", counts.available)}
            </div>
            <div class="ds-acts">
            <button class="quiet square delete" title={["Delete the DaemonSet and its pods: ", &delete.to_text()].concat()} aria-label={["Delete DaemonSet ", &ribbon.key.name].concat()}
                onclick={desk.on(Action::Run(delete))}>{icon(icon::BIN)}</button>
            <button class="quiet square" aria-haspopup="menu" aria-label={["Actions for DaemonSet ", &ribbon.key.name].concat()}
                onclick={open_menu(desk, &address)}>{icon(icon::MORE)}</button>
            </div>
        </div>
    }
}

/// The bar, as SVG, because its widths are numbers and styles are not allowed to be.
fn progress(parts: &Parts, summary: &str) -> Html {
    let all = [
        ("updated", parts.updated),
        ("starting", parts.starting),
        ("stopping", parts.stopping),
        ("old", parts.old),
        ("missing", parts.missing),
    ];
    let total = all.iter().map(|(_, number)| *number).sum::<u32>().max(1);
    let mut x = 0;
    let bars = all.into_iter().filter(|(_, number)| *number > 0).map(|(class, width)| {
        let bar = html! { <rect {class} x={x.to_string()} width={width.to_string()} height="1" /> };
        x += width;
        bar
    });
    html! {
        <svg class="prog" viewBox={["0 0 ", &total.to_string(), " 1"].concat()} preserveAspectRatio="none" role="img" aria-label={summary.to_owned()}>
            {for bars}
        </svg>
    }
}

/// The control loop with the stage it is in.
pub fn control_loop(stages: &Stages) -> Html {
    let queue =
        if stages.queued == 0 { "queue".to_owned() } else { ["queue · ", &stages.queued.to_string()].concat() };
    let act =
        if stages.live == 3 && !stages.act.is_empty() { ["act: ", &stages.act].concat() } else { "act".to_owned() };
    let labels = ["watch".to_owned(), queue, "compare desired with actual".to_owned(), act, "update status".to_owned()];
    let items = labels.into_iter().enumerate().map(|(index, label)| {
        let live = index == stages.live;
        let short = match index {
            2 => html! { <>{"compare"}<span class="wide-only">{" desired with actual"}</span></> },
            4 => html! { <><span class="wide-only">{"update "}</span>{"status"}</> },
            _ => html! { label },
        };
        html! { <li class={if live { "on" } else { "" }} data-stage={index.to_string()} id={(index == 3).then_some("stage-act")} aria-current={live.then_some("step")}><span>{short}</span></li> }
    });
    html! {
        <ol class="loop" id="loop" aria-label="Control loop of the DaemonSet controller">{for items}</ol>
    }
}
