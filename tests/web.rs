//! Tests in a real browser: `cargo xtask test web`. Natively this program is empty.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_browser_runs_rust() {
    assert!(gloo::utils::document().body().is_some());
}
