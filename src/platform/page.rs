//! The document around the application: its address, its root element, the clipboard, the clock.

use gloo::events::EventListener;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, Element, HtmlElement, MediaQueryList, UrlSearchParams};

#[wasm_bindgen]
extern "C" {
    // Of static/boot.js, if that started the page.
    #[wasm_bindgen(js_name = serveEarlyKeys, catch)]
    fn serve_keys() -> Result<(), JsValue>;
}

/// The page hears keys now: those that were pressed before come again.
pub fn serve_early_keys() {
    let _ = serve_keys();
}

pub fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Milliseconds since the page was opened.
pub fn now_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// Milliseconds since 1970.
pub fn unix_ms() -> f64 {
    js_sys::Date::now()
}

/// A parameter of the page's address: `None` without it, an empty text for `?name`.
pub fn parameter(name: &str) -> Option<String> {
    let search = web_sys::window()?.location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// What follows in the page's address from `#` on, with it.
pub fn fragment() -> String {
    web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// The page's address without parameters and fragment.
pub fn address() -> String {
    let location = web_sys::window().map(|window| window.location());
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    location.map_or_else(String::new, |it| [part(it.origin()), part(it.pathname())].concat())
}

/// Takes the fragment out of the address.
pub fn forget_fragment() {
    let Some(window) = web_sys::window() else { return };
    let rest = [window.location().pathname(), window.location().search()].map(Result::unwrap_or_default).concat();
    if let Ok(history) = window.history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&rest));
    }
}

/// Calls when the address gets another fragment.
pub fn on_fragment(call: impl Fn() + 'static) {
    if let Some(window) = web_sys::window() {
        EventListener::new(&window, "hashchange", move |_| call()).forget();
    }
}

/// Calls when the page is about to go: it is left, loaded anew, closed, or put aside by a phone that may end it.
pub fn on_leave(call: impl Fn() + 'static) {
    let Some(window) = web_sys::window() else { return };
    let call = std::rc::Rc::new(call);
    let too = call.clone();
    EventListener::new(&window, "pagehide", move |_| too()).forget();
    if let Some(document) = document() {
        EventListener::new(&document, "visibilitychange", move |_| call()).forget();
    }
}

pub fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        let _ = root.set_attribute(name, value);
    }
}

pub fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

pub fn query(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

pub fn media(query: &str) -> Option<MediaQueryList> {
    web_sys::window()?.match_media(query).ok()?
}

pub fn media_matches(query: &str) -> bool {
    media(query).is_some_and(|list| list.matches())
}

pub fn focused() -> Option<HtmlElement> {
    document()?.active_element()?.dyn_into().ok()
}

/// Gives an element the focus.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// The same for an element by its id, if it is there.
pub fn focus_id(id: &str) {
    if let Some(element) = by_id(id) {
        focus(&element);
    }
}

/// The text that is selected on the page.
pub fn selected_text() -> String {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok()?);
    selection.map(|selection| String::from(selection.to_string())).unwrap_or_default()
}

/// Sets a style property without a style attribute, which a strict content security policy forbids.
pub fn set_style(element: &Element, property: &str, value: &str) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.style().set_property(property, value);
    }
}

pub fn set_style_px(element: &Element, property: &str, pixels: f64) {
    let mut value = (pixels.round() as i64).to_string();
    value.push_str("px");
    set_style(element, property, &value);
}

/// Lets an element stand out for a moment; the style sheet says how.
pub fn point_at(element: &Element) {
    let _ = element.set_attribute("data-pointed", "");
    let element = element.clone();
    gloo::timers::callback::Timeout::new(1800, move || drop(element.remove_attribute("data-pointed"))).forget();
}

pub fn copy(text: &str, then: impl FnOnce(bool) + 'static) {
    let Some(window) = web_sys::window() else { return then(false) };
    let clipboard = window.navigator().clipboard();
    // Outside of a secure context there is none, whatever the type says.
    if clipboard.is_undefined() {
        return then(false);
    }
    let promise = clipboard.write_text(text);
    spawn_local(async move { then(JsFuture::from(promise).await.is_ok()) });
}

pub fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}
