//! The lesson beside the manifest: the list of lessons, the step that is being taken, and the strip that reminds of it.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::icon::{self, icon};
use super::saved;
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Dialog, LeftTab, LessonAct, LessonState, Tab};
use crate::lesson::text::{Block, Span, blocks, spans};
use crate::lesson::{Entry, Look, Step, read_list};
use crate::platform::{fetch, page, storage};

const FOLDER: &str = "lessons/";

#[derive(Properties, PartialEq)]
pub struct LessonProps {
    pub desk: Desk,
    pub lesson: LessonState,
}

#[component]
pub fn LessonPanel(props: &LessonProps) -> Html {
    let LessonProps { desk, lesson } = props;
    let act = |act: LessonAct| desk.on::<MouseEvent>(Action::Lesson(act));
    if let Some(trouble) = &lesson.trouble {
        return html! {
            <div class="lesson scroll">
                <h2>{"This lesson cannot be read"}</h2>
                <p><code>{&*lesson.file}</code></p>
                <div class="form-errors" role="alert">{for trouble.iter().map(|line| html! { <p>{line}</p> })}</div>
                <div class="buttons"><button onclick={act(LessonAct::Leave)}>{"To the lessons"}</button></div>
            </div>
        };
    }
    if let Some(offered) = &lesson.offered {
        return html! {
            <div class="lesson scroll">
                <h2>{&offered.title}</h2>
                <p>{rich(&spans(&offered.about))}</p>
                <p class="ask">{"It begins with a cluster and a manifest of its own. What you have now is kept: you find it in the menu at the top, under the cluster's name."}</p>
                <div class="buttons">
                    <button onclick={act(LessonAct::Leave)}>{"Not now"}</button>
                    <button class="primary" onclick={act(LessonAct::Begin)}>{"Begin"}</button>
                </div>
            </div>
        };
    }
    match &lesson.taken {
        Some(taken) => match taken.steps.get(lesson.step) {
            Some(step) => {
                html! { <StepView desk={desk.clone()} lesson={lesson.clone()} step={Shared(Rc::new(step.clone()))} /> }
            }
            None => html! {},
        },
        None => html! { <LessonList desk={desk.clone()} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ListProps {
    desk: Desk,
}

#[component]
fn LessonList(props: &ListProps) -> Html {
    let list = use_state(|| None::<Result<Rc<Vec<Entry>>, String>>);
    {
        let list = list.setter();
        use_effect_with((), move |()| {
            spawn_local(async move {
                let index = fetch::text(&[FOLDER, "index.yaml"].concat()).await;
                list.set(Some(index.map(|index| Rc::new(read_list(&index).0))));
            });
        });
    }
    let finished = storage::get(saved::LESSONS_DONE).unwrap_or_default();
    let entries = match &*list {
        None => return html! { <p class="lesson empty" role="status">{"Fetching the lessons…"}</p> },
        Some(Err(trouble)) => return html! { <p class="lesson form-errors" role="alert">{trouble}</p> },
        Some(Ok(entries)) => Rc::clone(entries),
    };
    let rows = entries.iter().map(|entry| {
        let file = [FOLDER, &entry.file].concat();
        let done = finished.split(' ').any(|it| it == file);
        let begin = {
            let (desk, file) = (props.desk.clone(), file.clone());
            Callback::from(move |_: MouseEvent| desk.fetch_lesson(file.clone(), false))
        };
        html! {
            <li key={file.clone()}>
                <button class="plain" data-lesson={entry.file.clone()} onclick={begin}>
                    <b>{&entry.title}</b>
                    <span class="chip">{if done { "done".to_owned() } else { [&entry.minutes.to_string(), " min"].concat() }}</span>
                    <small>{&entry.about}</small>
                </button>
            </li>
        }
    });
    html! {
        <div class="lesson scroll">
            <p>{"A lesson shows one thing after the other. Do each step yourself, or let it be done for you."}</p>
            <ol class="lessons">{for rows}</ol>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct StepProps {
    desk: Desk,
    lesson: LessonState,
    step: Shared<Step>,
}

#[component]
fn StepView(props: &StepProps) -> Html {
    let StepProps { desk, lesson, step } = props;
    let act = |act: LessonAct| desk.on::<MouseEvent>(Action::Lesson(act));
    let (text, did) = (use_node_ref(), use_mut_ref(|| false));
    let shown = use_mut_ref(|| lesson.step);
    {
        let (text, did, shown) = (text.clone(), did.clone(), shown.clone());
        let done = lesson.done.get(lesson.step) == Some(&true);
        // The button that was pressed may be gone or disabled: the focus goes where the reader goes on.
        use_effect_with((lesson.step, done), move |(step, done)| {
            let Some(text) = text.cast::<HtmlElement>() else { return };
            if shown.replace(*step) != *step {
                did.replace(false);
                text.set_scroll_top(0);
                let _ = text.focus();
            } else if *done
                && did.replace(false)
                && let Some(next) = page::query("[data-testid=lesson] .bar .primary")
            {
                page::focus(&next);
            }
        });
    }
    let do_it = {
        let (desk, did) = (desk.clone(), did.clone());
        Callback::from(move |_: MouseEvent| {
            did.replace(true);
            desk.send(Action::Lesson(LessonAct::DoIt));
        })
    };
    let Some(taken) = &lesson.taken else { return html! {} };
    let (at, last) = (lesson.step, taken.steps.len().saturating_sub(1));
    let is_done = |index: usize| lesson.done.get(index) == Some(&true);
    let reached = (0..=last).find(|index| !is_done(*index)).unwrap_or(last);
    let dots = taken.steps.iter().enumerate().map(|(index, step)| {
        let after = if is_done(index) { " (done)" } else { "" };
        let label = [&*(index + 1).to_string(), ". ", &step.title, after].concat();
        let class = classes!("dot", is_done(index).then_some("done"));
        html! {
            <li key={index}><button {class} aria-current={(index == at).then_some("step")} title={label.clone()} aria-label={label}
                disabled={index > reached.max(at)} onclick={act(LessonAct::GoTo(index))}>{index + 1}</button></li>
        }
    });
    let words: Vec<String> =
        step.acts.iter().filter_map(|act| act.words()).filter(|words| words.starts_with("kubectl")).collect();
    let checks = lesson.verdicts.iter().map(|verdict| {
        let done = verdict.done || is_done(at);
        html! {
            <li>
                <span class={if done { "y" } else { "note" }} aria-hidden="true">{if done { "✓" } else { "○" }}</span>
                <span><span class="unseen">{if done { "done: " } else { "to do: " }}</span>{&verdict.wanted}
                    if !done && !verdict.now.is_empty() { <small>{"now: "}{&verdict.now}</small> }
                </span>
            </li>
        }
    });
    let finished = at == last && is_done(at);
    let ready = is_done(at) || step.done.is_empty();
    html! {
        <div class="lesson-step" data-testid="lesson" data-step={(at + 1).to_string()} data-done={is_done(at).to_string()}>
            <div class="lesson scroll" tabindex="0" role="group" aria-label={["Lesson: ", &taken.title].concat()} ref={text}>
                <div class="lesson-head">
                    <span>{&taken.title}</span>
                    <button class="quiet square" aria-label="Leave the lesson" title="Leave the lesson" onclick={act(LessonAct::Leave)}>{icon(icon::CLOSE)}</button>
                </div>
                <ol class="dots" aria-label="Steps">{for dots}</ol>
                <h2>{&step.title}</h2>
                {prose(&step.text)}
                if !words.is_empty() {
                    <p class="or">{if words.len() == 1 { "As a command:" } else { "As commands:" }}</p>
                    <pre tabindex="0" aria-label="The commands of this step">{words.join("\n")}</pre>
                }
                if let Some(look) = &step.look { {view_look(look)} }
                if !step.done.is_empty() {
                    <h3>{"Done when"}</h3>
                    <ul class="check">{for checks}</ul>
                }
                if finished {
                    <p class="verdict" role="status">{"That was the last step. The cluster is yours to go on with."}</p>
                }
            </div>
            <div class="bar">
                <button disabled={at == 0} onclick={act(LessonAct::GoTo(at.wrapping_sub(1)))}>{"Back"}</button>
                <span class="space"></span>
                if !step.acts.is_empty() && !is_done(at) {
                    <button data-testid="do-it" disabled={lesson.busy} onclick={do_it}>{"Do it for me"}</button>
                }
                if finished {
                    <button onclick={act(LessonAct::Again)}>{"Again"}</button>
                    <button class="primary" onclick={act(LessonAct::Leave)}>{"More lessons"}</button>
                } else {
                    <button class={ready.then_some("primary")} data-testid="next" disabled={!ready} onclick={act(LessonAct::GoTo(at + 1))}>{"Next"}</button>
                }
            </div>
        </div>
    }
}

fn view_look(look: &Look) -> Html {
    let place = look.at.clone();
    let show = Callback::from(move |_: MouseEvent| point_at(&place));
    html! {
        <div class="look">
            <p><b>{"Look: "}</b>{rich(&spans(&look.text))}</p>
            if !look.at.is_empty() { <button class="quiet" onclick={show}>{"Where?"}</button> }
        </div>
    }
}

/// Brings a part of the page into view and lets it stand out for a moment.
fn point_at(place: &str) {
    let selector = match place {
        "editor" => "[data-testid=editor]".to_owned(),
        "apply" => "[data-testid=apply]".to_owned(),
        "ribbon" => "[data-testid=ribbon]".to_owned(),
        "loop" => ".loop".to_owned(),
        "map" => ".map".to_owned(),
        "time" => ".time".to_owned(),
        "log" => ".log-panel".to_owned(),
        "inspector" => "[data-testid=inspector]".to_owned(),
        other => ["[data-node-card=\"", &other.trim_start_matches("node ").replace(['"', '\\'], ""), "\"]"].concat(),
    };
    if let Some(element) = page::query(&selector).and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        element.scroll_into_view();
        page::point_at(&element);
    }
}

/// The text of a step.
fn prose(text: &str) -> Html {
    let each = blocks(text).into_iter().map(|block| match block {
        Block::Paragraph(spans) => html! { <p>{rich(&spans)}</p> },
        Block::List(items) => {
            html! { <ul class="points">{for items.iter().map(|item| html! { <li>{rich(item)}</li> })}</ul> }
        }
        Block::Code(code) => html! { <pre tabindex="0" aria-label="What to write">{code}</pre> },
    });
    html! { <>{for each}</> }
}

fn rich(spans: &[Span]) -> Html {
    let each = spans.iter().map(|span| match span {
        Span::Plain(text) => html! { {*text} },
        Span::Code(text) => html! { <code>{*text}</code> },
        Span::Strong(text) => html! { <strong>{*text}</strong> },
        Span::Emphasis(text) => html! { <em>{*text}</em> },
        Span::Link { text, address } => {
            html! { <a href={address.to_string()} target="_blank" rel="noopener noreferrer">{*text}</a> }
        }
    });
    html! { <>{for each}</> }
}

/// One line that reminds of the lesson where its panel is not seen.
pub fn strip(desk: &Desk, lesson: &LessonState, class: &'static str) -> Html {
    let Some(taken) = &lesson.taken else { return html! {} };
    let Some(step) = taken.steps.get(lesson.step) else { return html! {} };
    let done = lesson.done.get(lesson.step) == Some(&true);
    let count = [&(lesson.step + 1).to_string(), "/", &taken.steps.len().to_string()].concat();
    html! {
        <button class={classes!("strip", class, done.then_some("done"))} onclick={to_lessons(desk)}>
            <span class="chip">{count}</span>
            <span class="strip-text">{&step.title}</span>
            <span>{if done { "✓ done" } else { "lesson" }}</span>
        </button>
    }
}

type Tries = Shared<Vec<(String, String, bool)>>;

/// What a new visitor can try, each line ticked when it is done.
pub fn first_visit(desk: &Desk, first: &Option<Tries>, lesson: &LessonState) -> Html {
    let Some(rows) = first.as_ref().filter(|_| lesson.taken.is_none()) else { return html! {} };
    let next = rows.iter().position(|(.., done)| !done);
    let lines = rows.iter().enumerate().map(|(index, (what, then, done))| {
        let class = classes!(done.then_some("done"), (next == Some(index)).then_some("next"));
        html! {
            <li {class}>
                <span class="tick" aria-hidden="true">{if *done { "✓" } else { "" }}</span>
                <span>if *done { <span class="unseen">{"Done: "}</span> }{rich(&spans(what))}{". "}<small>{rich(&spans(then))}</small></span>
            </li>
        }
    });
    html! {
        <section class="first" data-testid="first-visit" aria-labelledby="first-title">
            <div class="first-head">
                <h2 id="first-title">{if next.is_some() { "Try it, in half a minute" } else { "That is the idea" }}</h2>
                <button class="quiet square" aria-label="Hide what to try" title="Hide this" onclick={desk.on(Action::Lesson(LessonAct::EndVisit))}>{icon(icon::CLOSE)}</button>
            </div>
            <ol>{for lines}</ol>
            <p class="on">{"Then go on with the "}
                <button class="linked" onclick={to_lessons(desk)}>{"lessons"}</button>{" or the "}
                <button class="linked" onclick={desk.on(Action::Open(Dialog::Examples))}>{"examples"}</button>{"."}
            </p>
        </section>
    }
}

/// The same on a phone: what comes next, in one line.
pub fn first_line(desk: &Desk, first: &Option<Tries>, lesson: &LessonState) -> Html {
    let Some(rows) = first.as_ref().filter(|_| lesson.taken.is_none()) else { return html! {} };
    let count = [&rows.iter().filter(|(.., done)| *done).count().to_string(), "/", &rows.len().to_string()].concat();
    let next = rows.iter().find(|(.., done)| !done);
    html! {
        <div class="strip narrow-only first-line">
            <span class="chip">{count}</span>
            <span class="first-text">{match next {
                Some((what, then, _)) => html! {
                    <button class="plain" onclick={desk.on(Action::ShowTab(Tab::Yaml))}>{"Try: "}{rich(&spans(what))}{". "}{rich(&spans(then))}</button>
                },
                None => html! { <>{"That is the idea. Go on with the "}<button class="linked" onclick={to_lessons(desk)}>{"lessons"}</button>{"."}</> },
            }}</span>
            <button class="quiet square" aria-label="Hide what to try" onclick={desk.on(Action::Lesson(LessonAct::EndVisit))}>{icon(icon::CLOSE)}</button>
        </div>
    }
}

fn to_lessons(desk: &Desk) -> Callback<MouseEvent> {
    let desk = desk.clone();
    Callback::from(move |_| {
        desk.send(Action::ShowLeft(LeftTab::Lesson));
        desk.send(Action::ShowTab(Tab::Yaml));
    })
}
