//! The browser, without anything of ours: frames, storage, media queries, the clipboard, files, the editor's JavaScript.

pub mod crash;
pub mod editor;
pub mod fetch;
pub mod focus;
pub mod frame;
pub mod host;
pub mod page;
pub mod rest;
pub mod save;
pub mod storage;
pub mod transfer;

/// A page asks for memory millions of times, all from one thread.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
