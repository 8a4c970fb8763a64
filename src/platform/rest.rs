//! The part of the program that the first paint does not need.
//!
//! `cargo xtask build` puts it into a module of its own, which boot.js fetches after the first paint. Should a function
//! of it be called before it is here, the way to it calls this first.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// In boot.js: gets the rest and gives it what the first part exports, before it returns.
    #[wasm_bindgen(js_name = joinRest)]
    fn join_rest(exports: &JsValue);

    /// In boot.js: fulfilled once the rest is here.
    #[wasm_bindgen(js_name = wholeProgram, catch)]
    fn whole_program() -> Result<Promise, JsValue>;
}

/// For what can wait until the whole program is here.
pub async fn arrival() {
    if let Ok(promise) = whole_program() {
        let _ = JsFuture::from(promise).await;
    }
}

/// Called by what `cargo xtask build` writes, not by the program.
#[wasm_bindgen]
pub fn fetch_rest() {
    join_rest(&wasm_bindgen::exports());
}
