//! The kubectl console: a line to type, and what the commands answered.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, ConsoleEntry, ConsoleState};
use crate::platform::page;
use crate::view::words;

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    pub desk: Desk,
    pub console: ConsoleState,
    /// The moment that is shown is in the past.
    pub past: bool,
    /// Time goes on.
    pub moving: bool,
}

/// What the keys need to know of the line.
#[derive(Default)]
struct Typing {
    /// How far back in the history the line is; 0 for a line of its own.
    back: usize,
    /// The line that was left for the history.
    draft: String,
}

/// Candidates that are shown.
const CANDIDATES_MAX: usize = 60;
/// Lines of a very long answer that are shown at its beginning and at its end.
const LINES_AT_EACH_END: usize = 300;
/// Lines that are shown on demand.
const LINES_MORE: usize = 1000;
const ID: &str = "kubectl-line";

#[component]
pub fn Console(props: &ConsoleProps) -> Html {
    let (desk, console) = (&props.desk, &props.console);
    let scroller = use_node_ref();
    let input = use_node_ref();
    let typing = use_memo((), |()| RefCell::new(Typing::default()));
    let candidates = use_state(Vec::<String>::new);
    {
        let scroller = scroller.clone();
        use_effect_with(console.entries.clone(), move |_| {
            if let Some(scroller) = scroller.cast::<HtmlElement>() {
                scroller.set_scroll_top(scroller.scroll_height());
            }
        });
    }
    let run = {
        let (desk, input, typing, candidates) = (desk.clone(), input.clone(), Rc::clone(&typing), candidates.setter());
        let running = console.running;
        move || {
            let Some(field) = input.cast::<HtmlInputElement>() else { return };
            let line = field.value();
            if running || line.trim().is_empty() {
                return;
            }
            field.set_value("");
            *typing.borrow_mut() = Typing::default();
            candidates.set(Vec::new());
            desk.send(Action::RunLine(line));
        }
    };
    let onsubmit = {
        let run = run.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            run();
        })
    };
    let onkeydown = {
        let (desk, input, typing) = (desk.clone(), input.clone(), Rc::clone(&typing));
        let (shown, candidates, running) = (!candidates.is_empty(), candidates.setter(), console.running);
        Callback::from(move |event: KeyboardEvent| {
            let Some(field) = input.cast::<HtmlInputElement>() else { return };
            match event.key().as_str() {
                "Tab" if !event.shift_key() && !event.ctrl_key() && !event.alt_key() => {
                    // An empty line, or one that nothing completes, lets the focus go on.
                    let Some(found) = completed(&desk, &field) else { return candidates.set(Vec::new()) };
                    candidates.set(found);
                }
                "ArrowUp" => recall(&desk, &field, &mut typing.borrow_mut(), 1),
                "ArrowDown" => recall(&desk, &field, &mut typing.borrow_mut(), -1),
                "Escape" if shown => candidates.set(Vec::new()),
                "c" | "C" if event.ctrl_key() && !event.meta_key() && nothing_selected(&field) => {
                    match running {
                        true => desk.send(Action::EndLine),
                        false => field.set_value(""),
                    }
                    candidates.set(Vec::new());
                }
                "l" if event.ctrl_key() => desk.send(Action::RunLine("clear".to_owned())),
                _ => return,
            }
            event.prevent_default();
            event.stop_propagation();
        })
    };
    let oninput = {
        let candidates = candidates.setter();
        Callback::from(move |_: InputEvent| candidates.set(Vec::new()))
    };
    let take = {
        let (input, candidates) = (input.clone(), candidates.setter());
        move |line: &'static str| {
            let (input, candidates) = (input.clone(), candidates.clone());
            Callback::from(move |_: MouseEvent| {
                if let Some(field) = input.cast::<HtmlInputElement>() {
                    field.set_value(line);
                    let _ = field.focus();
                }
                candidates.set(Vec::new());
            })
        }
    };
    // A list of its own: among nodes without keys, each answer would be made anew with every line.
    let entries: Html = console
        .entries
        .iter()
        .map(|entry| html! { <Entry key={entry.id} desk={desk.clone()} entry={Shared(Rc::clone(entry))} /> })
        .collect();
    let hint = match (console.running, props.moving, props.past) {
        (true, false, _) => "It waits for simulated time, which stands still: press ▶, or end it with Ctrl-C.",
        (true, true, _) => "It follows the simulated time. Ctrl-C ends it.",
        (false, _, true) => "Answers are those of the moment in the past that is shown.",
        (false, _, false) => "",
    };
    let examples = ["kubectl get pods -o wide", "kubectl describe ds", "kubectl get pods -w", "kubectl help"];
    html! {
        <div class="console" data-testid="console">
            <div class="answers" role="log" aria-label="Answers of kubectl" tabindex="0" ref={scroller}>
                if console.entries.is_empty() {
                    <p class="empty">{"Type kubectl commands as you would in a terminal: each does what the button does. Tab completes, "}
                        <kbd>{"↑"}</kbd>{" brings back what you typed, and "}<code>{"-f -"}</code>{" reads the text of the editor. Try "}
                        {for examples.iter().map(|line| html! { <button class="sample" onclick={take(line)}>{*line}</button> })}</p>
                }
                {entries}
            </div>
            if !candidates.is_empty() {
                <p class="candidates" role="status">{candidates.get(..CANDIDATES_MAX).unwrap_or(&candidates).join("   ")}
                    if candidates.len() > CANDIDATES_MAX { {"   … "}{candidates.len() - CANDIDATES_MAX}{" more"} }</p>
            }
            <form {onsubmit}>
                <label for={ID} class="prompt"><span aria-hidden="true">{"$"}</span><span class="unseen">{"kubectl command"}</span></label>
                <input id={ID} data-testid="kubectl-line" ref={input} type="text" autocomplete="off" autocapitalize="none" autocorrect="off"
                    spellcheck="false" enterkeyhint="send" placeholder="kubectl get pods" aria-describedby="kubectl-hint" {onkeydown} {oninput} />
                <span class="hint" id="kubectl-hint" role="status">{hint}</span>
                if console.running {
                    <button type="button" class="end" onclick={desk.on(Action::EndLine)} title="Ctrl+C">{"End"}</button>
                } else {
                    <button type="submit">{"Run"}</button>
                }
            </form>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct EntryProps {
    desk: Desk,
    entry: Shared<ConsoleEntry>,
}

/// A command and its answer. Of a very long one the beginning and the end are shown, the rest on demand; a copy has all.
#[component]
fn Entry(props: &EntryProps) -> Html {
    let entry = &*props.entry;
    let head = use_state(|| LINES_AT_EACH_END);
    let copy = {
        let (desk, entry) = (props.desk.clone(), props.entry.clone());
        Callback::from(move |_: MouseEvent| {
            let text: String = entry.chunks.iter().map(|chunk| chunk.text.as_str()).collect();
            desk.send(Action::Copy(text.into()));
        })
    };
    let lines = || entry.chunks.iter().flat_map(|it| it.text.split_inclusive('\n').map(move |line| (it.error, line)));
    let count = lines().count();
    let hidden = count.saturating_sub(*head + LINES_AT_EACH_END);
    let answer = match hidden {
        // A gap that is hardly longer than what says so is none.
        0..100 => html! { <pre>{for spans(lines())}</pre> },
        _ => {
            let onclick = {
                let head = head.clone();
                Callback::from(move |_: MouseEvent| head.set(*head + LINES_MORE))
            };
            let text = [&words::count(hidden, "more line"), ": show ", &hidden.min(LINES_MORE).to_string()].concat();
            html! {
                <>
                    <pre>{for spans(lines().take(*head))}</pre>
                    <button class="more-lines" {onclick}>{text}</button>
                    <pre>{for spans(lines().skip(count - LINES_AT_EACH_END))}</pre>
                </>
            }
        }
    };
    html! {
        <div class="answer" data-exit={entry.exit.map(|exit| exit.to_string())}>
            <div class="asked"><span aria-hidden="true">{"$ "}</span><code>{&entry.line}</code><time>{&entry.at}</time>
                if count > 0 {
                    <button class="copy" onclick={copy} aria-label={["Copy the answer to ", &entry.line].concat()}>{"Copy"}</button>
                }
            </div>
            if !entry.note.is_empty() { <p class="note">{entry.note}</p> }
            if count > 0 {{answer}}
        </div>
    }
}

/// Lines, those of one stream together.
fn spans<'a>(lines: impl Iterator<Item = (bool, &'a str)>) -> Vec<Html> {
    let mut runs: Vec<(bool, String)> = Vec::new();
    for (error, line) in lines {
        match runs.last_mut().filter(|last| last.0 == error) {
            Some((_, text)) => text.push_str(line),
            None => runs.push((error, line.to_owned())),
        }
    }
    let span = |(error, text): (bool, String)| match error {
        true => html! { <span class="err">{text}</span> },
        false => html! { {text} },
    };
    runs.into_iter().map(span).collect()
}

fn nothing_selected(field: &HtmlInputElement) -> bool {
    let in_field = field.selection_start().ok().flatten() != field.selection_end().ok().flatten();
    !in_field && page::selected_text().is_empty()
}

/// Completes the line as far as all candidates go. Nothing if there is nothing to complete; else what it may go on with,
/// if that is more than one thing.
fn completed(desk: &Desk, field: &HtmlInputElement) -> Option<Vec<String>> {
    let line = field.value();
    if line.trim().is_empty() {
        return None;
    }
    let found = desk.complete(&line);
    let first = found.candidates.first()?;
    let common = found.candidates.iter().fold(first.as_str(), |common, it| {
        let same = common.bytes().zip(it.bytes()).take_while(|(a, b)| a == b).count();
        common.get(..same).unwrap_or_default()
    });
    let one = found.candidates.len() == 1;
    // A name is done with; a type or a flag's name goes on.
    let end = if one && !common.ends_with(['=', '/', ' ']) { " " } else { "" };
    let written = line.get(..found.from)?;
    field.set_value(&[written, common, end].concat());
    Some(if one { Vec::new() } else { found.candidates })
}

fn recall(desk: &Desk, field: &HtmlInputElement, typing: &mut Typing, by: isize) {
    let history = desk.console_history();
    if typing.back == 0 {
        typing.draft = field.value();
    }
    let back = typing.back.saturating_add_signed(by).min(history.len());
    typing.back = back;
    match back {
        0 => field.set_value(&typing.draft),
        _ => field.set_value(&history[history.len() - back]),
    }
}
