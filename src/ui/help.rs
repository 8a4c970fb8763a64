//! Help: a file of the page's own, fetched when it is opened.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::platform::{fetch, page};

#[component]
pub fn Help() -> Html {
    let place = use_node_ref();
    let trouble = use_state(|| Some(String::new()));
    {
        let (place, trouble) = (place.clone(), trouble.setter());
        use_effect_with((), move |()| {
            spawn_local(async move {
                match fetch::text("help.html").await {
                    Ok(text) => {
                        if let Some(place) = place.cast::<Element>() {
                            place.set_inner_html(&text);
                        }
                        trouble.set(None);
                    }
                    Err(why) => trouble.set(Some(why)),
                }
            });
        });
    }
    html! {
        <>
            if let Some(trouble) = &*trouble {
                <p class="empty" role="status">{if trouble.is_empty() { "Fetching the help…" } else { trouble }}</p>
            }
            <div class="help" ref={place} onclick={Callback::from(go_to_part)}></div>
        </>
    }
}

/// Follows a link within the help; the page's address is left alone, for it may hold what the reader shares.
fn go_to_part(event: MouseEvent) {
    let link = event.target_dyn_into::<Element>().and_then(|target| target.closest("a[href^='#']").ok().flatten());
    let Some(name) = link.and_then(|link| link.get_attribute("href")) else { return };
    event.prevent_default();
    let part = name.strip_prefix('#').and_then(page::by_id).and_then(|part| part.dyn_into::<HtmlElement>().ok());
    if let Some(part) = part {
        part.scroll_into_view();
        let _ = part.focus();
    }
}
