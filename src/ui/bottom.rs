//! The tabs below the map: activity, kubectl, events.

use yew::prelude::*;

use super::console::Console;
use super::log::Log;
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, AppState, Bottom, EventRow, Part, Tab};

const TABS: [(Bottom, &str, &str); 3] = [
    (Bottom::Activity, "activity", "Activity"),
    (Bottom::Kubectl, "kubectl", "kubectl"),
    (Bottom::Events, "events", "Events"),
];

pub fn bottom(desk: &Desk, state: &AppState) -> Html {
    let shown = state.bottom;
    // A figure may have only some of them.
    let there = |tab: Bottom| state.parts.has(if tab == Bottom::Kubectl { Part::Console } else { Part::Log });
    let tabs: Vec<_> = TABS.iter().filter(|(tab, _, _)| there(*tab)).collect();
    let onkeydown = {
        let (desk, tabs) = (desk.clone(), tabs.clone());
        Callback::from(move |event: KeyboardEvent| {
            let at = tabs.iter().position(|(tab, _, _)| *tab == shown).unwrap_or(0);
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % tabs.len(),
                "ArrowLeft" => (at + tabs.len() - 1) % tabs.len(),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            desk.send(Action::ShowBottom(tabs[to].0));
            if let Some(tab) = crate::platform::page::by_id(&["tab-", tabs[to].1].concat()) {
                crate::platform::page::focus(&tab);
            }
        })
    };
    let tabs = tabs.iter().map(|(tab, id, name)| {
        let on = *tab == shown;
        html! {
            <button id={["tab-", id].concat()} role="tab" aria-selected={on.to_string()} tabindex={if on { "0" } else { "-1" }}
                aria-controls="bottom-panel" onclick={desk.on(Action::ShowBottom(*tab))}>{*name}</button>
        }
    });
    let label = TABS.iter().find(|(tab, _, _)| *tab == shown).map_or("", |(_, id, _)| id);
    html! {
        <section class="log-panel" aria-label="Below the map">
            <div class="tabs"><div class="tablist" role="tablist" aria-label="Below the map" {onkeydown}>{for tabs}</div>
                if shown == Bottom::Activity {
                    <span class="count">{state.log.total}</span><span class="space"></span>
                    <label class="all"><input type="checkbox" checked={state.log_all} onchange={desk.on(Action::ToggleLogAll)} />{"comparisons and status too"}</label>
                }
            </div>
            <div class="bottom-panel" id="bottom-panel" role="tabpanel" aria-labelledby={["tab-", label].concat()}>
                if shown == Bottom::Activity {
                    <Log desk={desk.clone()} log={state.log.clone()} record={state.record} shown={state.tab == Tab::Activity} timeline={state.timeline_open} />
                } else if shown == Bottom::Kubectl {
                    <Console desk={desk.clone()} console={state.console.clone()} past={state.time.past} moving={state.time.playing} />
                } else {
                    <Events desk={desk.clone()} events={state.events.clone()} />
                }
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EventsProps {
    desk: Desk,
    events: Shared<(Vec<EventRow>, usize)>,
}

/// The events as `kubectl events` prints them, the newest first.
#[component]
fn Events(props: &EventsProps) -> Html {
    let (rows, left_out) = &*props.events;
    if rows.is_empty() {
        return html! { <div class="events"><p class="empty">{"No events found. Controllers, the scheduler and kubelets tell here what they did."}</p></div> };
    }
    let row = |row: &EventRow| {
        let (desk, object) = (props.desk.clone(), row.object.clone());
        let onclick = Callback::from(move |_: MouseEvent| desk.send(Action::Select(object.clone())));
        let cell = |index: usize| row.cells.get(index).cloned().unwrap_or_default();
        html! {
            <tr class={row.warning.then_some("warning")}>
                <td>{cell(1)}</td><td>{cell(2)}</td><td>{cell(3)}</td>
                <td><button class="plain" {onclick}>{cell(4)}</button></td><td>{cell(5)}</td>
            </tr>
        }
    };
    html! {
        <div class="events" data-testid="events" tabindex="0" role="region" aria-label="Events, the newest first">
            <table>
                <thead><tr><th scope="col">{"Last seen"}</th><th scope="col">{"Type"}</th><th scope="col">{"Reason"}</th><th scope="col">{"Object"}</th><th scope="col">{"Message"}</th></tr></thead>
                <tbody>{for rows.iter().map(row)}</tbody>
            </table>
            if *left_out > 0 { <p class="empty">{*left_out}{" older events are left out here; kubectl events -A shows all."}</p> }
        </div>
    }
}
