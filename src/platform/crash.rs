//! The last resort: when the program fails, a dialog made of plain HTML that saves the reader's text.

use std::cell::Cell;
use std::panic::PanicHookInfo;

use gloo::events::EventListener;
use js_sys::Reflect;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlDialogElement, HtmlElement};

use super::{page, save};

/// What is to be called on a panic.
pub type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// How the dialog gets at what is the reader's. Neither may touch the state of the program that failed.
#[derive(Clone, Copy)]
pub struct Reader {
    /// The text in the editor; it is kept for the next start, too.
    pub text: fn() -> String,
    /// Forgets what may have led to the failure: the cluster, and the text as well if it is not to be started with.
    pub forget: fn(with_text: bool),
}

thread_local! {
    static SHOWN: Cell<bool> = const { Cell::new(false) };
}

/// Shows the dialog on a panic, and when the program ends without one: out of memory, or of stack.
pub fn hook(reader: Reader) -> Hook {
    if let Some(window) = web_sys::window() {
        for (event, field) in [("error", "error"), ("unhandledrejection", "reason")] {
            EventListener::new(&window, event, move |event| {
                let read = |from, field: &str| Reflect::get(from, &field.into()).unwrap_or_default();
                let error = read(event, field);
                let text = |field| read(&error, field).as_string().unwrap_or_default();
                let (name, message) = (text("name"), text("message"));
                // Of the other kinds only a stack that is full ends the program: Chromium's words, and Firefox's.
                if name == "RuntimeError" || message.contains("call stack") || message.contains("too much recursion") {
                    once(&[&name, ": ", &message].concat(), reader);
                }
            })
            .forget();
        }
    }
    Box::new(move |info| {
        console_error_panic_hook::hook(info);
        once(&info.to_string(), reader);
    })
}

fn once(what: &str, reader: Reader) {
    if !SHOWN.replace(true) {
        let _ = show(what, reader);
    }
}

fn show(what: &str, reader: Reader) -> Option<()> {
    let document = page::document()?;
    let screen: HtmlDialogElement = document.create_element("dialog").ok()?.dyn_into().ok()?;
    screen.set_class_name("crash");
    for (name, value) in [("role", "alertdialog"), ("closedby", "none"), ("aria-label", "Something went wrong")] {
        screen.set_attribute(name, value).ok()?;
    }
    add(&screen, "h2", "Something went wrong")?;
    add(
        &screen,
        "p",
        "A mistake in this page stopped the simulation. Your manifest is not lost: save it here, or start afresh with \
         it. Should it be what fails, start without it.",
    )?;
    let text = add(&screen, "textarea", &(reader.text)())?;
    text.set_attribute("readonly", "").ok()?;
    text.set_attribute("aria-label", "Your manifest").ok()?;
    add(&screen, "small", what)?;
    let buttons = add(&screen, "div", "")?;
    buttons.set_class_name("buttons");
    button(&buttons, "Copy the text", "", move |button| {
        let button = button.clone();
        page::copy(&(reader.text)(), move |copied| {
            button.set_text_content(Some(if copied { "Copied" } else { "Could not copy: select it above" }));
        });
    })?;
    button(&buttons, "Download it", "", move |_| {
        save::text("daemonset.yaml", save::TEXT, &(reader.text)());
    })?;
    let start = move |with_text| {
        move |_: &HtmlElement| {
            (reader.forget)(with_text);
            page::forget_fragment();
            page::reload();
        }
    };
    button(&buttons, "Start without it", "", start(false))?;
    let restart = button(&buttons, "Start afresh", "primary", start(true))?;
    document.body()?.append_child(&screen).ok()?;
    // Above any other dialog, and nothing beneath can be reached.
    screen.show_modal().ok()?;
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
