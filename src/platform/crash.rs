//! The last resort: when the program panics, a dialog made of plain HTML that saves the reader's text.

use std::cell::Cell;
use std::panic::PanicHookInfo;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement};

use super::{page, save};

/// What is to be called on a panic.
pub type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

thread_local! {
    static SHOWN: Cell<bool> = const { Cell::new(false) };
}

/// Shows the dialog on a panic. `saved_text` finds the reader's text, `start_afresh` forgets what may have caused the
/// panic; neither may touch the state of the program that failed.
pub fn hook(saved_text: fn() -> String, start_afresh: fn()) -> Hook {
    Box::new(move |info| {
        console_error_panic_hook::hook(info);
        if !SHOWN.with(|shown| shown.replace(true)) {
            let _ = show(&info.to_string(), saved_text, start_afresh);
        }
    })
}

fn show(what: &str, saved_text: fn() -> String, start_afresh: fn()) -> Option<()> {
    let document = page::document()?;
    let screen = document.create_element("div").ok()?;
    screen.set_class_name("crash");
    screen.set_attribute("role", "alertdialog").ok()?;
    screen.set_attribute("aria-modal", "true").ok()?;
    screen.set_attribute("aria-label", "Something went wrong").ok()?;
    let window = add(&screen, "div", "")?;
    add(&window, "h2", "Something went wrong")?;
    add(
        &window,
        "p",
        "A mistake in this page stopped the simulation. Your manifest is not lost: save it here, or start afresh with it.",
    )?;
    let text = add(&window, "textarea", &saved_text())?;
    text.set_attribute("readonly", "").ok()?;
    text.set_attribute("aria-label", "Your manifest").ok()?;
    add(&window, "small", what)?;
    let buttons = add(&window, "div", "")?;
    buttons.set_class_name("buttons");
    button(&buttons, "Copy the text", "", move |button| {
        let button = button.clone();
        page::copy(&saved_text(), move |copied| {
            button.set_text_content(Some(if copied { "Copied" } else { "Could not copy: select it above" }));
        });
    })?;
    button(&buttons, "Download it", "", move |_| {
        save::text("daemonset.yaml", save::TEXT, &saved_text());
    })?;
    let restart = button(&buttons, "Start afresh", "primary", move |_| {
        start_afresh();
        page::reload();
    })?;
    document.body()?.append_child(&screen).ok()?;
    restart.focus().ok()
}

fn add(parent: &Element, tag: &str, text: &str) -> Option<Element> {
    let element = page::document()?.create_element(tag).ok()?;
    element.set_text_content(Some(text));
    parent.append_child(&element).ok()?;
    Some(element)
}

fn button(parent: &Element, text: &str, class: &str, act: impl Fn(&HtmlElement) + 'static) -> Option<HtmlElement> {
    let element: HtmlElement = add(parent, "button", text)?.dyn_into().ok()?;
    element.set_class_name(class);
    let target = element.clone();
    let closure = Closure::<dyn Fn()>::new(move || act(&target));
    element.set_onclick(Some(closure.as_ref().unchecked_ref()));
    closure.forget();
    Some(element)
}
