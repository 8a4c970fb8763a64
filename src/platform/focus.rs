//! The keyboard's focus stays near where it was when the element that had it goes from the page.

use std::cell::RefCell;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::page;

thread_local! {
    /// What has the focus, and what is around it: beside it first, then what it is in, and so on outwards.
    static AROUND: RefCell<Vec<Element>> = const { RefCell::new(Vec::new()) };
}

const FOCUSABLE: &str = "button:not([tabindex='-1']):not(:disabled), [tabindex='0']";

/// Remembers from now on what has the focus, for as long as it is there for the keyboard.
pub fn follow() {
    let Some(document) = page::document() else { return };
    EventListener::new(&document, "focusin", |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let target = target.filter(|target| target.matches(":focus-visible").unwrap_or(false));
        AROUND.set(target.map(around).unwrap_or_default());
    })
    .forget();
    EventListener::new(&document, "pointerdown", |_| AROUND.set(Vec::new())).forget();
}

fn around(element: Element) -> Vec<Element> {
    let mut path = Vec::new();
    let mut next = Some(element);
    while let Some(element) = next {
        next = element.parent_element();
        let beside = [element.next_element_sibling(), element.previous_element_sibling()];
        path.push(element);
        path.extend(beside.into_iter().flatten());
    }
    path
}

/// To be called when the page has changed: a focus that was lost with its element goes to the nearest that is left.
pub fn keep() {
    let left = AROUND.with_borrow(|around| match around.first() {
        Some(element) if !element.is_connected() => around.iter().filter(|it| it.is_connected()).cloned().collect(),
        _ => Vec::new(),
    });
    let lost = || page::focused().is_none_or(|element| element.tag_name() == "BODY");
    for place in left {
        if !lost() {
            return;
        }
        // Nothing happens where an element is not to be seen, or cannot have the focus.
        page::focus(&place);
        if let (true, Ok(Some(element))) = (lost(), place.query_selector(FOCUSABLE)) {
            page::focus(&element);
        }
    }
}
