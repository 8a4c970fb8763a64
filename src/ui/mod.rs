//! The page: Yew components over the view models, and the shell that owns the simulation.
//!
//! Knows no rule of Kubernetes. Components get narrow properties that compare by pointer and speak only in [`state::Action`]s.

mod ahead;
mod app;
mod bottom;
mod console;
mod dialogs;
mod editor;
mod gallery;
mod header;
mod help;
mod icon;
mod import;
mod inspector;
mod lesson;
mod live;
mod log;
mod map;
mod menu;
mod menus;
mod paint;
mod plot;
mod ribbon;
mod saved;
mod session;
mod shared;
mod state;
mod timebar;

pub use app::App;

/// Puts the page into the document: in pieces, so that with many nodes, too, the browser can answer in between.
pub fn mount() {
    session::install_panic_dialog();
    wasm_bindgen_futures::spawn_local(async {
        let props = app::AppProps::default();
        crate::platform::frame::pause().await;
        match crate::platform::page::by_id("app") {
            Some(root) => {
                root.set_inner_html("");
                yew::Renderer::<App>::with_root_and_props(root, props).render();
            }
            None => {
                yew::Renderer::<App>::with_props(props).render();
            }
        }
    });
}
