//! Tests in a real browser: `cargo xtask test web`. Natively this program is empty.
#![cfg(target_arch = "wasm32")]

mod same_log;

use std::time::Duration;

use everynode::ui::App;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_same_scenario_gives_the_same_log_natively_and_in_the_browser() {
    assert_eq!(same_log::run().history().log_hash(), same_log::expected());
}

fn mount() -> Element {
    let document = gloo::utils::document();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    yew::Renderer::<App>::with_root(root.clone()).render();
    root
}

fn count(root: &Element, selector: &str) -> u32 {
    root.query_selector_all(selector).unwrap().length()
}

/// Lets the page go on until a condition holds. Fails if it never does: the test runner's limit ends it.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        gloo_timers::future::sleep(Duration::from_millis(10)).await;
    }
}

#[wasm_bindgen_test]
async fn the_page_shows_the_cluster_and_does_what_its_buttons_say() {
    let root = mount();
    until(|| count(&root, "[data-node-card]") == 6).await;
    assert_eq!(count(&root, "[data-pod]"), 0);
    let card = root.query_selector("[data-node-card=master-1]").unwrap().unwrap();
    assert!(card.text_content().unwrap().contains("control-plane"));

    let apply: HtmlElement = root.query_selector("[data-testid=apply]").unwrap().unwrap().unchecked_into();
    apply.click();
    until(|| count(&root, "[data-pod]") == 3).await;
    until(|| count(&root, "[data-pod][data-ready=true]") == 3).await;
    for (name, number) in [("desired", "3"), ("current", "3"), ("ready", "3"), ("updated", "3"), ("available", "3")] {
        let selector = format!("[data-daemonset=nginx-daemon-set] [data-count={name}]");
        until(|| {
            let shown = root.query_selector(&selector).unwrap().and_then(|element| element.text_content());
            shown.as_deref() == Some(number)
        })
        .await;
    }
    let log = root.query_selector("[data-testid=log]").unwrap().unwrap().text_content().unwrap();
    assert!(log.contains("kubectl apply -f -") && log.contains("its node affinity names worker-"), "{log}");
}
