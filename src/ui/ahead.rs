//! What Apply would lead to: figures, nodes, and the differences.

use yew::prelude::*;

use super::session::Desk;
use super::state::Action;
use crate::manifest::diff::Change;
use crate::view::ahead::{Ahead, ObjectDiff, SetAhead};
use crate::view::words;

pub fn look_ahead(desk: &Desk, ahead: &Ahead) -> Html {
    let several = ahead.sets.len() > 1;
    let nothing = ahead.running.is_empty() && ahead.errors.is_empty() && ahead.diffs.is_empty();
    html! {
        <div class="ahead" data-testid="ahead" data-done={ahead.running.is_empty().to_string()}>
            <div class="form-errors" role="alert">{for ahead.errors.iter().map(|error| html! { <p>{error}</p> })}</div>
            {for ahead.sets.iter().map(|set| view_set(set, several))}
            if nothing { <p class="hint">{"No object would change."}</p> }
            {for ahead.diffs.iter().map(view_diff)}
            <div class="buttons">
                <p class="running" role="status">{&ahead.running}</p>
                <button type="button" onclick={desk.on(Action::CloseDialog)}>{"Close"}</button>
                <button class="primary" type="button" data-testid="apply-ahead" disabled={!ahead.errors.is_empty()} onclick={desk.on(Action::Apply)}>{"Apply"}</button>
            </div>
        </div>
    }
}

fn view_set(set: &SetAhead, several: bool) -> Html {
    let rows = set.nodes.iter().map(|node| {
        html! {
            <tr class={node.future.word()} data-node={node.node.clone()} data-future={node.future.word()}>
                <th scope="row">{&node.node}</th><td>{node.future.word()}</td><td>{&node.why}</td>
            </tr>
        }
    });
    html! {
        <>
            if several { <h3>{&set.name}</h3> }
            <ul class="figures">{for set.figures.iter().map(|(figure, words)| html! { <li><b>{figure}</b><span>{words}</span></li> })}</ul>
            if !set.remark.is_empty() { <p class="remark">{&set.remark}</p> }
            <div class="nodes-ahead" tabindex="0" role="region" aria-label={["Nodes of ", &set.name].concat()}>
                <table>
                    <thead><tr><th scope="col">{"node"}</th><th scope="col">{"its pod"}</th><th scope="col">{"why"}</th></tr></thead>
                    <tbody>{for rows}</tbody>
                </table>
                if set.more > 0 { <p class="hint">{"and "}{words::count(set.more, "more node")}</p> }
            </div>
        </>
    }
}

fn view_diff(diff: &ObjectDiff) -> Html {
    let lines = diff.lines.iter().map(|(change, line)| {
        let class = match change {
            Change::Same if line.is_empty() => "gap",
            Change::Same => "same",
            Change::Removed => "removed",
            Change::Added => "added",
        };
        html! { <span {class}>{change.sign()}{line}{"\n"}</span> }
    });
    html! {
        <>
            <h3>{&diff.title}</h3>
            <pre class="diff" tabindex="0" role="region" aria-label={["Changes of ", &diff.title].concat()}>{for lines}</pre>
            if diff.folded > 0 { <p class="hint">{words::count(diff.folded, "field")}{" with the server's defaults, the same before and after, not shown"}</p> }
        </>
    }
}
