//! Links, files, drops and kept clusters: the browser's own means behind `static/transfer.js`, fetched after the first paint.

use js_sys::{Array, Error, Promise, Uint8Array};
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
    #[wasm_bindgen(method)]
    fn squeeze(this: &Module, text: &Uint8Array) -> Promise;
    #[wasm_bindgen(method)]
    fn expand(this: &Module, bytes: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    fn keep(this: &Module, name: &str, pieces: &Array) -> Promise;
    #[wasm_bindgen(method)]
    fn kept(this: &Module, name: &str) -> Promise;
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

/// The texts of files: pairs of a name and bytes, which come here as they are because they may be many.
fn texts(files: &JsValue) -> Result<Vec<String>, String> {
    let text = |file: JsValue| {
        let file = Array::from(&file);
        let bytes = file.get(1).unchecked_into::<Uint8Array>().to_vec();
        let name = || file.get(0).as_string().unwrap_or_default();
        String::from_utf8(bytes).map_err(|_| [&name(), " is no text."].concat())
    };
    Array::from(files).iter().map(text).collect()
}

/// A text, compressed, in letters that an address may hold.
pub async fn pack(plain: &str) -> Result<String, String> {
    text(module().await?.pack(plain)).await
}

/// What [`pack`] packed; no more than so many bytes of it.
pub async fn unpack(packed: &str, most: usize) -> Result<String, String> {
    text(module().await?.unpack(packed, most as f64)).await
}

/// Keeps texts under a name over a reload; `next` gives one after the other, and the browser rests in between.
pub async fn keep(name: &str, mut next: impl FnMut() -> Option<String>) -> Result<(), String> {
    let module = module().await?;
    let pieces = Array::new();
    while let Some(text) = next() {
        // Its bytes, which the browser need not make a string of.
        let bytes = Uint8Array::from(text.as_bytes());
        pieces.push(&JsFuture::from(module.squeeze(&bytes)).await.map_err(sentence)?);
    }
    JsFuture::from(module.keep(name, &pieces)).await.map(drop).map_err(sentence)
}

/// What [`keep`] kept: each text is taken as it is unpacked, with the part of them that is done then.
pub async fn kept(name: &str, mut take: impl FnMut(String, f64)) -> Result<(), String> {
    let module = module().await?;
    let pieces = Array::from(&JsFuture::from(module.kept(name)).await.map_err(sentence)?);
    for (index, piece) in pieces.iter().enumerate() {
        let done = (index + 1) as f64 / f64::from(pieces.length());
        take(text(module.expand(&piece)).await?, done);
    }
    Ok(())
}

/// The texts of the files that the reader chooses.
pub async fn pick(most: usize) -> Result<Vec<String>, String> {
    texts(&JsFuture::from(module().await?.pick(most as f64)).await.map_err(sentence)?)
}

/// From now on calls for all that is dropped on the page.
pub async fn watch_drops(most: usize, on_drop: impl Fn(Result<Vec<String>, String>) + Clone + 'static) {
    let Ok(module) = module().await else { return };
    let failed = on_drop.clone();
    let on_texts = Closure::<dyn Fn(JsValue)>::new(move |files: JsValue| on_drop(texts(&files)));
    let on_error = Closure::<dyn Fn(String)>::new(move |error| failed(Err(error)));
    // As long as the page.
    module.watch_drops(most as f64, &on_texts.into_js_value(), &on_error.into_js_value());
}
