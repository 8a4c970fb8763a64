//! Files of the page's own origin, fetched when they are wanted.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestInit, Response, Url};

use super::page;

/// More than this is no text to read.
const CHARACTERS_MAX: u32 = 2 * 1024 * 1024;

/// The text of a file, named relative to the page; or why there is none, as a sentence.
pub async fn text(name: &str) -> Result<String, String> {
    let failed = |why: &str| [name, " could not be fetched: ", why, "."].concat();
    let url = own_url(name).ok_or_else(|| failed("only files of this page's own host are read"))?;
    let window = web_sys::window().ok_or_else(|| failed("there is no window"))?;
    let options = RequestInit::new();
    // These names carry no hash of their content: the host is asked whether it has changed.
    options.set_cache(RequestCache::NoCache);
    let answer = JsFuture::from(window.fetch_with_str_and_init(&url, &options)).await;
    let answer: Response = answer.map_err(|_| failed("the host does not answer"))?.unchecked_into();
    if !answer.ok() {
        return Err(failed(&["the host answers ", &answer.status().to_string()].concat()));
    }
    // A host may send the reader elsewhere.
    if own_url(&answer.url()).is_none() {
        return Err(failed("only files of this page's own host are read"));
    }
    let text = match answer.text() {
        Ok(promise) => JsFuture::from(promise).await.ok(),
        Err(_) => None,
    };
    let text = text.and_then(|text| text.dyn_into::<js_sys::JsString>().ok()).ok_or_else(|| failed("it broke off"))?;
    match text.length() > CHARACTERS_MAX {
        true => Err(failed("it is too long")),
        false => Ok(JsValue::from(text).as_string().unwrap_or_default()),
    }
}

/// The whole address, if it is of the page's own origin.
fn own_url(name: &str) -> Option<String> {
    let base = page::document()?.base_uri().ok()??;
    let url = Url::new_with_base(name, &base).ok()?;
    let own = web_sys::window()?.location().origin().ok()?;
    (url.origin() == own).then(|| url.href())
}
