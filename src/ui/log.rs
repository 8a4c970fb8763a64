//! The activity log. Only the rows on the screen exist as elements.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use super::session::Desk;
use super::state::Action;
use crate::platform::page;
use crate::view::LogRow;
use crate::view::log::LogWindow;

/// The height of a row in pixels, as in the style sheet.
const ROW: i32 = 26;
/// Rows kept above and below the ones in sight.
const SPARE: usize = 12;

#[derive(Properties, PartialEq)]
pub struct LogProps {
    pub desk: Desk,
    pub log: LogWindow,
    pub record: Option<u64>,
    /// Where panels are tabs: whether this one may be in sight. Out of sight nothing scrolls.
    pub shown: bool,
    /// Whether the timeline takes a part of its room.
    pub timeline: bool,
}

#[component]
pub fn Log(props: &LogProps) -> Html {
    let scroller = use_node_ref();
    let spacer = use_node_ref();
    // Whether the newest row was in sight: then it stays so.
    let at_end = use_memo((), |()| Cell::new(true));
    {
        let (scroller, spacer, at_end) = (scroller.clone(), spacer.clone(), Rc::clone(&at_end));
        use_effect_with((props.log.total, props.log.first, props.shown, props.timeline), move |(total, first, ..)| {
            if let (Some(scroller), Some(spacer)) = (scroller.cast::<HtmlElement>(), spacer.cast::<HtmlElement>()) {
                page::set_style_px(&spacer, "height", *total as f64 * f64::from(ROW));
                page::set_style_px(&spacer, "--first", *first as f64 * f64::from(ROW));
                if at_end.get() {
                    scroller.set_scroll_top(scroller.scroll_height());
                }
            }
        });
    }
    let onscroll = {
        let (desk, scroller, at_end) = (props.desk.clone(), scroller.clone(), Rc::clone(&at_end));
        Callback::from(move |_: Event| {
            let Some(scroller) = scroller.cast::<HtmlElement>() else { return };
            let below = scroller.scroll_height() - scroller.scroll_top() - scroller.client_height();
            at_end.set(below < ROW);
            let first = (scroller.scroll_top() / ROW).max(0) as usize;
            desk.send(Action::ShowLog(if at_end.get() { usize::MAX } else { first.saturating_sub(SPARE) }));
        })
    };
    let onkeydown = {
        let (desk, log, record) = (props.desk.clone(), props.log.clone(), props.record);
        Callback::from(move |event: KeyboardEvent| {
            let now = record.and_then(|record| log.rows.iter().position(|row| row.seq == record));
            let last = log.rows.len().saturating_sub(1);
            let next = match event.key().as_str() {
                "ArrowDown" => now.map_or(last, |now| (now + 1).min(last)),
                "ArrowUp" => now.map_or(last, |now| now.saturating_sub(1)),
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            if let Some(row) = log.rows.get(next) {
                desk.send(Action::SelectRecord(row.seq));
                if let Some(element) = page::by_id(&["row-", &row.seq.to_string()].concat()) {
                    element.scroll_into_view_with_bool(false);
                }
            }
        })
    };
    // One listener for all rows.
    let onclick = {
        let desk = props.desk.clone();
        Callback::from(move |event: MouseEvent| {
            let row =
                event.target_dyn_into::<web_sys::Element>().and_then(|target| target.closest("[data-seq]").ok()?);
            if let Some(seq) = row.and_then(|row| row.get_attribute("data-seq")?.parse().ok()) {
                desk.send(Action::SelectRecord(seq));
                desk.send(Action::ToWhy);
            }
        })
    };
    let active = props.record.filter(|record| props.log.rows.iter().any(|row| row.seq == *record));
    let rows =
        props.log.rows.iter().enumerate().map(|(index, row)| {
            view_row(row, props.log.first + index + 1, props.log.total, props.record == Some(row.seq))
        });
    html! {
            <div class="log" data-testid="log" role="listbox" aria-label="Acts, the newest last" tabindex="0" ref={scroller}
                aria-activedescendant={active.map(|seq| ["row-", &seq.to_string()].concat())} {onscroll} {onkeydown} {onclick}>
                <div class="log-space" role="presentation" ref={spacer}><div class="log-rows" role="presentation">{for rows}</div></div>
                if props.log.total == 0 {
                    <p class="empty" role="option" aria-selected="false">{"Nothing has happened yet."}</p>
                }
            </div>
    }
}

fn view_row(row: &LogRow, position: usize, total: usize, selected: bool) -> Html {
    html! {
        <div key={row.seq} id={["row-", &row.seq.to_string()].concat()} class={classes!("row", row.tone.class(), selected.then_some("on"))}
            role="option" aria-selected={selected.to_string()} aria-posinset={position.to_string()} aria-setsize={total.to_string()}
            data-seq={row.seq.to_string()} data-verb={row.verb}>
            <time>{&row.clock}</time>
            <span class="who">{&row.actor}</span>
            <span class="verb">{row.verb}</span>
            <span class="what">{&row.object}{if row.reason.is_empty() { Html::default() } else { html! { <span class="because">{" — "}{&row.reason}</span> } }}</span>
        </div>
    }
}
