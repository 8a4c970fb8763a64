//! The manifest: the editor, what is wrong with it, and Apply.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::lesson::{LessonPanel, strip};
use super::session::Desk;
use super::state::{Action, EditorState, FindingRow, LeftTab, LessonState};
use crate::platform::editor::{CodeEditor, EditorMark};
use crate::platform::page;

#[derive(Properties, PartialEq)]
struct EditorProps {
    desk: Desk,
    editor: EditorState,
}

pub fn editor_panel(desk: &Desk, editor: &EditorState, left: LeftTab, lesson: &LessonState) -> Html {
    let tab = |tab: LeftTab, id: &'static str, name: &'static str| {
        let on = left == tab;
        let (other, other_id) = match tab {
            LeftTab::Manifest => (LeftTab::Lesson, "tab-lesson"),
            LeftTab::Lesson => (LeftTab::Manifest, "tab-manifest"),
        };
        let arrows = {
            let desk = desk.clone();
            Callback::from(move |event: KeyboardEvent| {
                if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
                    desk.send(Action::ShowLeft(other));
                    if let Some(Ok(next)) = page::by_id(other_id).map(JsCast::dyn_into::<HtmlElement>) {
                        let _ = next.focus();
                    }
                }
            })
        };
        html! {
            <button {id} role="tab" aria-selected={on.to_string()} aria-controls="left-panel" tabindex={if on { "0" } else { "-1" }}
                onclick={desk.on(Action::ShowLeft(tab))} onkeydown={arrows}>{name}</button>
        }
    };
    let shown = if left == LeftTab::Manifest { "manifest" } else { "lesson" };
    let errors = editor.findings.iter().filter(|finding| finding.error).count();
    let findings = editor.findings.iter().enumerate().map(|(index, finding)| view_finding(desk, index, finding));
    html! {
        <section class="panel left" aria-label="Manifest and lesson" data-shown={shown}>
            <div class="tabs" role="tablist" aria-label="Manifest or lesson">
                {tab(LeftTab::Manifest, "tab-manifest", "Manifest")}
                {tab(LeftTab::Lesson, "tab-lesson", if lesson.taken.is_some() { "Lesson" } else { "Lessons" })}
            </div>
            <div class="left-body" id="left-panel" role="tabpanel" aria-labelledby={if left == LeftTab::Manifest { "tab-manifest" } else { "tab-lesson" }}>
            if left == LeftTab::Lesson { <LessonPanel desk={desk.clone()} lesson={lesson.clone()} /> }
            <div class="manifest" hidden={left != LeftTab::Manifest}>
            {strip(desk, lesson, "")}
            <TextBox desk={desk.clone()} editor={editor.clone()} />
            <ul class="findings" data-testid="findings" aria-label="What is wrong with the manifest" data-errors={errors.to_string()}>{for findings}</ul>
            <div class="bar">
                <span class="preview" id="preview" aria-live="polite" title={editor.preview.to_string()}>{&*editor.preview}</span>
                <button data-testid="look-ahead" title="What Apply would lead to, node by node, and what would change" onclick={desk.on(Action::LookAhead)}>{"Diff"}</button>
                <button class="primary" data-testid="apply" aria-describedby="preview" title="kubectl apply -f -   (Ctrl+Enter)"
                    onclick={desk.on(Action::Apply)}>{"Apply"}</button>
            </div>
            </div>
            </div>
        </section>
    }
}

fn view_finding(desk: &Desk, index: usize, finding: &FindingRow) -> Html {
    html! {
        <li class={if finding.error { "finding" } else { "finding warning" }}>
            <button class="plain" onclick={desk.on(Action::GoTo(index))}>
                <b>{if finding.error { "Error" } else { "Warning" }}</b>
                <span class="line">{"line "}{finding.line}</span>
                if !finding.path.is_empty() { <code>{&finding.path}</code> }
                <span class="message">{&finding.message}</span>
                if !finding.mend.is_empty() { <span class="mend">{&finding.mend}</span> }
            </button>
            if finding.fixable { <button class="fix" onclick={desk.on(Action::Fix(index))}>{"Fix it"}</button> }
        </li>
    }
}

/// A textarea, and the code editor in its place as soon as that has arrived.
#[component]
fn TextBox(props: &EditorProps) -> Html {
    let area = use_node_ref();
    let host = use_node_ref();
    let code = use_memo((), |()| RefCell::new(None::<CodeEditor>));
    let replaced = use_state_eq(|| false);
    let (desk, editor) = (&props.desk, &props.editor);

    // After the first paint: an effect runs when the page stands.
    {
        let (desk, area, host, code, replaced) =
            (desk.clone(), area.clone(), host.clone(), Rc::clone(&code), replaced.clone());
        use_effect_with((), move |()| {
            let open = async move {
                let Some(parent) = host.cast::<Element>() else { return };
                let typed = desk.clone();
                let text = move || area.cast::<HtmlTextAreaElement>().map_or_else(String::new, |area| area.value());
                let opened = CodeEditor::open(&parent, "Manifest", text, move |text| {
                    typed.send(Action::Edit(text));
                });
                if let Some(editor) = opened.await {
                    code.replace(Some(editor));
                    replaced.set(true);
                    desk.send(Action::EditorReady);
                }
            };
            spawn_local(open);
        });
    }
    // A text from elsewhere: a fix, an example, a reload.
    {
        let (code, area, editor) = (Rc::clone(&code), area.clone(), editor.clone());
        use_effect_with(editor.loads, move |_| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                area.set_value(&editor.text);
            }
            if let Ok(code) = code.try_borrow()
                && let Some(code) = &*code
            {
                code.set_text(&editor.text);
            }
        });
    }
    {
        let code = Rc::clone(&code);
        use_effect_with((editor.findings.clone(), *replaced), move |(findings, _)| {
            if let Ok(code) = code.try_borrow()
                && let Some(code) = &*code
            {
                code.set_marks(&findings.iter().map(mark).collect::<Vec<_>>());
            }
        });
    }
    {
        let (code, area) = (Rc::clone(&code), area.clone());
        use_effect_with(editor.jump, move |(count, line, column)| {
            if *count == 0 {
                return;
            }
            if let Ok(code) = code.try_borrow()
                && let Some(code) = &*code
            {
                code.go_to(*line, *column);
            } else if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                select_line(&area, *line);
            }
        });
    }
    let oninput = {
        let desk = desk.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(area) = event.target_dyn_into::<HtmlTextAreaElement>() {
                desk.send(Action::Edit(area.value()));
            }
        })
    };
    html! {
        <div class={if *replaced { "editor code" } else { "editor" }} data-testid="editor">
            <div class="code-host" ref={host}></div>
            if !*replaced {
                <textarea ref={area} aria-label="Manifest" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" {oninput} />
            }
        </div>
    }
}

fn mark(finding: &FindingRow) -> EditorMark {
    EditorMark {
        from: (finding.line, finding.column),
        to: (finding.end_line, finding.end_column),
        severity: if finding.error { "error" } else { "warning" },
        message: finding.message.clone(),
    }
}

fn select_line(area: &HtmlTextAreaElement, line: u32) {
    let text = area.value();
    let start: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(|line| line.encode_utf16().count()).sum();
    let length = text.split('\n').nth(line.saturating_sub(1) as usize).map_or(0, |line| line.encode_utf16().count());
    let _ = area.focus();
    let _ = area.set_selection_range(start as u32, (start + length) as u32);
}
