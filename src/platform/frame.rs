//! One animation frame at a time, on request.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Lets the browser draw, and hear the reader, in the middle of something long.
pub async fn pause() {
    let timer = Promise::new(&mut |done, _| {
        Timeout::new(0, move || drop(done.call0(&JsValue::UNDEFINED))).forget();
    });
    let _ = JsFuture::from(timer).await;
}

/// Calls one function on animation frames, only while asked to. Its closure is built once.
#[derive(Clone, Default)]
pub struct Frames(Rc<Inner>);

type FrameClosure = Closure<dyn FnMut(f64)>;

#[derive(Default)]
struct Inner {
    pending: Cell<bool>,
    closure: RefCell<Option<FrameClosure>>,
}

impl Frames {
    /// Sets what is called, with the frame's time in milliseconds.
    pub fn on_frame(&self, mut call: impl FnMut(f64) + 'static) {
        let inner = Rc::downgrade(&self.0);
        let closure = FrameClosure::new(move |time| {
            if let Some(inner) = inner.upgrade() {
                inner.pending.set(false);
            }
            call(time);
        });
        self.0.closure.replace(Some(closure));
    }

    /// Asks for one frame; asking again before it came changes nothing.
    pub fn request(&self) {
        if self.0.pending.get() {
            return;
        }
        let closure = self.0.closure.borrow();
        let (Some(closure), Some(window)) = (closure.as_ref(), web_sys::window()) else { return };
        let asked = window.request_animation_frame(closure.as_ref().unchecked_ref());
        self.0.pending.set(asked.is_ok());
    }
}
