//! Links, files and drops: the browser's streams and events behind `static/transfer.js`, fetched after the first paint.

use js_sys::{Array, Error, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    // Of static/boot.js, which knows the file's name.
    #[wasm_bindgen(js_name = loadTransfer, catch)]
    fn load_transfer() -> Result<Promise, JsValue>;

    type Module;
    #[wasm_bindgen(method)]
    fn pack(this: &Module, text: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn unpack(this: &Module, packed: &str, most: f64) -> Promise;
    #[wasm_bindgen(method)]
    fn pick(this: &Module, most: f64) -> Promise;
    #[wasm_bindgen(method, js_name = watchDrops)]
    fn watch_drops(this: &Module, most: f64, on_texts: &JsValue, on_error: &JsValue);
}

async fn module() -> Result<Module, String> {
    let promise = load_transfer().map_err(sentence)?;
    let module = JsFuture::from(promise).await.map_err(|_| "A part of the page could not be fetched.".to_owned())?;
    Ok(module.unchecked_into())
}

fn sentence(error: JsValue) -> String {
    error.dyn_ref::<Error>().map_or_else(|| "The browser refuses.".to_owned(), |error| error.message().into())
}

async fn text(promise: Promise) -> Result<String, String> {
    let text = JsFuture::from(promise).await.map_err(sentence)?;
    text.as_string().ok_or_else(|| "It is no text.".to_owned())
}

fn texts(list: &JsValue) -> Vec<String> {
    Array::from(list).iter().filter_map(|text| text.as_string()).collect()
}

/// A text, compressed, in letters that an address may hold.
pub async fn pack(plain: &str) -> Result<String, String> {
    text(module().await?.pack(plain)).await
}

/// What [`pack`] packed; no more than so many bytes of it.
pub async fn unpack(packed: &str, most: usize) -> Result<String, String> {
    text(module().await?.unpack(packed, most as f64)).await
}

/// The texts of the files that the reader chooses.
pub async fn pick(most: usize) -> Result<Vec<String>, String> {
    JsFuture::from(module().await?.pick(most as f64)).await.map(|list| texts(&list)).map_err(sentence)
}

/// From now on calls for all that is dropped on the page.
pub async fn watch_drops(most: usize, on_drop: impl Fn(Result<Vec<String>, String>) + Clone + 'static) {
    let Ok(module) = module().await else { return };
    let failed = on_drop.clone();
    let on_texts = Closure::<dyn Fn(JsValue)>::new(move |list: JsValue| on_drop(Ok(texts(&list))));
    let on_error = Closure::<dyn Fn(String)>::new(move |error| failed(Err(error)));
    // As long as the page.
    module.watch_drops(most as f64, &on_texts.into_js_value(), &on_error.into_js_value());
}
