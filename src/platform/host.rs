//! The page that this one is embedded in, and messages from and to it.

use gloo::events::EventListener;
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Url};

/// The origin of the page around this one, where the browser tells: not all know the first, and a page may withhold the
/// second.
fn origin_around(window: &web_sys::Window) -> Option<String> {
    let ancestors = Reflect::get(&window.location(), &"ancestorOrigins".into()).ok();
    let first = ancestors.and_then(|list| Reflect::get_u32(list.dyn_ref::<Object>()?, 0).ok()?.as_string());
    first.or_else(|| Some(Url::new(&window.document()?.referrer()).ok()?.origin()))
}

/// An embedding page, known by its origin.
#[derive(Clone)]
pub struct Host {
    window: web_sys::Window,
    origin: String,
}

impl Host {
    /// The page around this one, if there is one; the address says which origin it has to be of.
    pub fn of_origin(origin: &str) -> Option<Host> {
        let window = web_sys::window()?;
        let parent = window.parent().ok()??;
        // Of an address with more than an origin nothing could ever come, and `*` is none.
        let is_origin = Url::new(origin).is_ok_and(|url| url.origin() == origin);
        // What is said to a page of another origin only ends in the console, as a warning.
        let is_meant = origin_around(&window).is_none_or(|around| around == origin);
        (is_origin && is_meant && *parent != *window).then(|| Host { window: parent, origin: origin.to_owned() })
    }

    /// Calls with the JSON of each message that comes from the page around and from its origin.
    pub fn listen(&self, call: impl Fn(&str) + 'static) {
        let Some(window) = web_sys::window() else { return };
        let host = self.clone();
        let listener = EventListener::new(&window, "message", move |event| {
            let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
            let source = event.source().map(JsValue::from);
            if event.origin() != host.origin || source.as_ref() != Some(host.window.as_ref()) {
                return;
            }
            // What JSON cannot hold is no message of ours.
            if let Some(json) = JSON::stringify(&event.data()).ok().and_then(|text| text.as_string()) {
                call(&json);
            }
        });
        // As long as the page.
        listener.forget();
    }

    /// Sends a message, given as JSON; the browser gives it to no page of another origin.
    pub fn send(&self, json: &str) {
        if let Ok(message) = JSON::parse(json) {
            let _ = self.window.post_message(&message, &self.origin);
        }
    }
}
